/**
 * Text without a secret in it. A simulated broker takes any key, and a bot may be given any, down
 * to one letter: such a word is in our own sentences too, and to take it out of those would leave
 * an answer that no client can read.
 */
import { literalPattern } from "./literal-pattern.ts";

const MASKED = "[redacted]";
/** A shorter one may be in any word, and is taken out only where it stands alone. */
const UNMISTAKABLE_LENGTH = 8;

/** Cut afterwards: half a secret would not be recognized. */
export function withoutSecret(text: string, secret: string): string {
  if (secret === "") return text;
  if (secret.length >= UNMISTAKABLE_LENGTH) return text.replaceAll(secret, MASKED);
  return text.replace(alone(secret), MASKED);
}

/** No part of a word, and in JSON neither a member's name nor a number. */
function alone(secret: string): RegExp {
  const literal = literalPattern(secret);
  return new RegExp(`(?<![\\p{L}\\p{N}_]|":)${literal}(?![\\p{L}\\p{N}_]|\\\\*":)`, "gu");
}
