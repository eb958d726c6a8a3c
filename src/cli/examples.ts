/** How a command's help shows examples: each is a line that can be typed as it stands. */
export function examples(...lines: readonly string[]): string {
  return ["", "Examples:", ...lines.map((line) => `  ${line}`)].join("\n");
}
