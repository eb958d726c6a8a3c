/**
 * One seed for all properties, so that a change is judged by the same cases before and after it.
 * `FC_SEED=random` draws others; a failure prints the seed that repeats it.
 */
import fc from "fast-check";

const USUAL_SEED = 20_260_521;
const asked = process.env.FC_SEED;

if (asked !== "random") {
  fc.configureGlobal({ seed: asked === undefined ? USUAL_SEED : Number(asked) });
}
