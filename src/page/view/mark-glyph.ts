/** The shapes of the chart, on its canvas and in its legend: no two differ by colour alone. */
import type { MarkView } from "../sidecar-answers.ts";

export type MarkKind = MarkView["kind"];

/** Paths in a box from -6 to 6; `isLine` ones are stroked. */
export interface Glyph {
  readonly path: string;
  readonly isLine: boolean;
  /** The custom property that has its colour. */
  readonly colour: string;
  readonly name: string;
}

export const GLYPHS: Readonly<Record<MarkKind, Glyph>> = {
  entry: { path: "M0 -5 5 4H-5Z", isLine: false, colour: "--entry", name: "entry" },
  exit: { path: "M0 5 5 -4H-5Z", isLine: false, colour: "--exit", name: "exit" },
  fill: {
    path: "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z",
    ...{ isLine: false, colour: "--fill", name: "fill" },
  },
  blocked: {
    path: "M-4 -4 4 4M4 -4 -4 4",
    ...{ isLine: true, colour: "--blocked", name: "not sent again" },
  },
  refused: {
    path: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0M-3 3 3 -3",
    ...{ isLine: true, colour: "--incident", name: "refused" },
  },
  incident: {
    path: "M0 -6 6 0 0 6 -6 0Z",
    ...{ isLine: false, colour: "--incident", name: "incident" },
  },
  resolved: {
    path: "M0 -5 5 0 0 5 -5 0Z",
    ...{ isLine: true, colour: "--resolved", name: "resolved" },
  },
  adjusted: { path: "M-4 -4H4V4H-4Z", isLine: true, colour: "--fill", name: "book adjusted" },
};
