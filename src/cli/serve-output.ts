/** What `tradelatch serve` prints as it starts: lines for people, or one JSON object a line. */

import { brokerKind } from "../core/broker-kind.ts";
import { type AccountId, GUARD_ACCOUNT } from "../core/ids.ts";
import type { Recovery } from "../latch.ts";
import type { CommandOutput } from "./command-output.ts";
import { recoveryLines } from "./recovery-lines.ts";

export interface Listening {
  readonly url: string;
  readonly brokerUrl: string;
  readonly isSimulated: boolean;
  /** Key and secret of bots, where the simulated broker made them up; no secret. */
  readonly key: string | null;
  /** Without a password. */
  readonly store: string;
  /** Whether a person may act on the operator page; without it one may only look. */
  readonly hasOperator: boolean;
}

export interface ServeOutput {
  readonly listening: (place: Listening) => void;
  /** The broker, or the server of the store, does not answer yet. */
  readonly away: (reason: string, hasBroker: boolean) => void;
  readonly started: (account: AccountId, recovery: Recovery) => void;
}

/** What keeps a person from acting, and what mends it. */
const READ_ONLY = "to act there set TRADELATCH_OPERATOR_KEY";
const NO_BROKER = "Broker: none; actions are guarded, orders are refused";

export function tellingPeople({ line }: CommandOutput): ServeOutput {
  return {
    listening: ({ url, brokerUrl, isSimulated, key, store, hasOperator }) => {
      const hasBroker = brokerUrl !== "none";
      line(
        `Listening on ${url}: ${hasBroker ? `set APCA_API_BASE_URL=${url}` : `POST ${url}/claim`}`,
      );
      line(`Operator page: ${url}/ (${hasOperator ? "asks for the operator key" : READ_ONLY})`);
      line(hasBroker ? `Broker: ${brokerUrl}${moneyOf(brokerUrl, isSimulated)}` : NO_BROKER);
      if (key !== null) line(`Keys: APCA_API_KEY_ID=${key} APCA_API_SECRET_KEY=${key}`);
      line(`Store: ${store}`);
    },
    away: (reason, hasBroker) => {
      const what = hasBroker ? "No orders yet" : "No claims yet";
      line(`${what}: ${reason}; asking again until it answers`);
    },
    started: (account, recovery) => {
      if (account === GUARD_ACCOUNT) return;
      line(`Account: ${account}`);
      for (const text of recoveryLines(recovery)) line(text);
    },
  };
}

/** Whose money it is, where that is known; another broker's address may be one of real money. */
function moneyOf(brokerUrl: string, isSimulated: boolean): string {
  if (isSimulated) return " (simulated)";
  const kind = brokerKind(brokerUrl);
  return kind === "live" ? " (REAL MONEY)" : kind === "paper" ? " (paper)" : "";
}

export function tellingPrograms({ line }: CommandOutput): ServeOutput {
  const tell = (event: string, fields: object) => line(JSON.stringify({ event, ...fields }));
  return {
    listening: ({ url, ...others }) => tell("listening", { url, page: `${url}/`, ...others }),
    away: (reason) => tell("away", { reason }),
    started: (account, { claims }) => {
      const found = claims.map(({ claim, became }) => ({ ...claim.key, became }));
      tell("started", { account, claims: found });
    },
  };
}
