/**
 * The order path as a numbered list: how far an order has come when its program dies, and what a
 * crash there must leave behind. Numbers and names are what the tests and the documents refer to.
 *
 * A step is reached in two moves. First the world brings the order to a certain point (`reach`);
 * then the program dies in front of a system call that follows (`place`), or at once.
 */

/** What the world does before the calls are counted. */
export type Reach =
  /** Nothing: they are counted from the client's request. */
  | "request"
  /** The POST is on its way to the broker, and arrives only after the crash. */
  | "post under way"
  /** The broker has the order and has not answered. */
  | "order taken"
  /** The broker has the order, and its answer is held until the calls are counted. */
  | "answer held"
  /** The client has its answer. */
  | "client answered"
  /** The order works, and is filled as soon as the calls are counted. */
  | "fill"
  /** As `fill`, and the fill is in the book. */
  | "fill booked"
  /** The broker has refused an exit with 422; its answer is held until the calls are counted. */
  | "refusal held"
  /** The client of a refused exit has its answer. */
  | "refusal told"
  /** The read of the position that completes the evidence on a refused exit is held. */
  | "verdict held";

export interface Place {
  /** System calls in strace's words, with commas. */
  readonly calls: string;
  /** The first and the last of them that still lie in the step; a seed chooses. */
  readonly nth: readonly [number, number];
  /** What strace says of the call in front of which the program dies. */
  readonly seen: RegExp;
}

/** `questioned`: a refused exit that waits for its verdict. */
export type ClaimLeft =
  | "none"
  | "OPEN"
  | "accepted"
  | "OPEN or accepted or SETTLED"
  | "questioned"
  | "SETTLED";

export interface Step {
  readonly number: number;
  /** Reads on from "kill -9". */
  readonly name: string;
  readonly reach: Reach;
  /** Undefined: it dies at once. */
  readonly place?: Place;
  /** The client has its answer by then. */
  readonly isAnswered?: true;
  /** What is left of the order: its claim on the disk, and orders at the broker. */
  readonly left: { readonly claim: ClaimLeft; readonly orders: 0 | 1 };
}

const FIRST_WRITE: Place = { calls: "pwrite64", nth: [1, 1], seen: /^pwrite64\(.*latch\.db-wal/ };
/** A frame of the WAL takes two calls, and what is written at a step may be one frame. */
const LATER_WRITE: Place = { ...FIRST_WRITE, nth: [2, 2] };
const SYNC: Place = { calls: "fsync,fdatasync", nth: [1, 1], seen: /^f(data)?sync\(/ };
/** What has a head and a body. */
const POST: Place = { calls: "writev", nth: [1, 1], seen: /POST \/v2\/orders/ };
/** Node puts the head and the body of an answer into one piece since its version 24. */
const [NODE_MAJOR] = process.versions.node.split(".");
const ANSWERS = { ...POST, calls: Number(NODE_MAJOR) < 24 ? "writev" : "write" };
const ANSWER: Place = { ...ANSWERS, seen: /HTTP\/1\.1 200/ };
const REFUSAL: Place = { ...ANSWERS, seen: /HTTP\/1\.1 422/ };

const NOTHING = { claim: "none", orders: 0 } as const;
const CLAIM = { claim: "OPEN", orders: 0 } as const;
const CLAIM_AND_ORDER = { claim: "OPEN", orders: 1 } as const;
const ACCEPTED = { claim: "accepted", orders: 1 } as const;
const BOOKED = { claim: "SETTLED", orders: 1 } as const;
const QUESTION = { claim: "questioned", orders: 0 } as const;
const VERDICT = { claim: "SETTLED", orders: 0 } as const;

const PATH: readonly Omit<Step, "number">[] = [
  { name: "before the claim is written", reach: "request", place: FIRST_WRITE, left: NOTHING },
  {
    name: "in the midst of writing the claim",
    reach: "request",
    place: LATER_WRITE,
    left: NOTHING,
  },
  {
    name: "after the claim was written, before its fsync",
    reach: "request",
    place: SYNC,
    left: CLAIM,
  },
  {
    name: "after the claim's fsync, before the POST is sent",
    reach: "request",
    place: POST,
    left: CLAIM,
  },
  { name: "after the POST was sent, before it arrives", reach: "post under way", left: CLAIM },
  {
    name: "after the broker took the order, before it answers",
    reach: "order taken",
    left: CLAIM_AND_ORDER,
  },
  {
    name: "after the broker's answer came, before the client gets it",
    reach: "answer held",
    place: ANSWER,
    left: CLAIM_AND_ORDER,
  },
  {
    name: "after the client got the broker's answer, before it is written",
    reach: "answer held",
    place: FIRST_WRITE,
    isAnswered: true,
    left: CLAIM_AND_ORDER,
  },
  {
    name: "in the midst of writing the broker's answer",
    reach: "answer held",
    place: LATER_WRITE,
    isAnswered: true,
    left: CLAIM_AND_ORDER,
  },
  {
    name: "after the client was answered",
    reach: "client answered",
    left: { claim: "OPEN or accepted or SETTLED", orders: 1 },
  },
  {
    name: "after the fill was read, before it is written",
    reach: "fill",
    place: FIRST_WRITE,
    left: ACCEPTED,
  },
  { name: "in the midst of writing the fill", reach: "fill", place: LATER_WRITE, left: ACCEPTED },
  { name: "after the fill was written", reach: "fill booked", left: BOOKED },
];

const REFUSED_PATH: readonly Omit<Step, "number">[] = [
  {
    name: "after the broker's 422 came, before it is written",
    reach: "refusal held",
    place: FIRST_WRITE,
    left: CLAIM,
  },
  {
    name: "in the midst of writing the broker's 422",
    reach: "refusal held",
    place: LATER_WRITE,
    left: CLAIM,
  },
  {
    name: "after the broker's 422 was written, before its fsync",
    reach: "refusal held",
    place: SYNC,
    left: QUESTION,
  },
  {
    name: "after the 422's fsync, before the client gets it",
    reach: "refusal held",
    place: REFUSAL,
    left: QUESTION,
  },
  { name: "after the client was told of the 422", reach: "refusal told", left: QUESTION },
  {
    name: "after the evidence on the 422 is complete, before the verdict is written",
    reach: "verdict held",
    place: FIRST_WRITE,
    left: QUESTION,
  },
  {
    name: "after the verdict was written, before its fsync",
    reach: "verdict held",
    place: SYNC,
    left: VERDICT,
  },
];

const numbered = (steps: readonly Omit<Step, "number">[], first: number): readonly Step[] =>
  steps.map((step, index) => ({ number: first + index, ...step }));

/** Of an entry and of an exit alike. */
export const ORDER_PATH_STEPS: readonly Step[] = numbered(PATH, 1);

/** Of an exit that the broker refuses with 422 although the shares are held. */
export const REFUSED_EXIT_STEPS: readonly Step[] = numbered(REFUSED_PATH, PATH.length + 1);
