/** The last line of a terminal, written over again and again; what a progress bar is shown in. */

/** Goes to the line's begin, and clears it to its end. */
const OVER = "\r\u001b[K";

/** Undefined where no person sees it. */
export function statusLine(
  stream: Pick<NodeJS.WriteStream, "isTTY" | "write">,
): ((text: string) => void) | undefined {
  return stream.isTTY === true ? (text) => void stream.write(`${OVER}${text}`) : undefined;
}
