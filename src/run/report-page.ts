/**
 * A backtest as one HTML file: price with its fills, the equity, trades and what faults moved. All
 * that it needs is in it, and its policy lets nothing be loaded from elsewhere.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Backtest } from "./backtest.ts";
import { reportData } from "./report-data.ts";
import {
  MOVED_HEAD,
  movedRows,
  type Rows,
  sessionsText,
  TRADE_HEAD,
  timeText,
  tradeRows,
} from "./run-rows.ts";
import { summaryLines } from "./summary-lines.ts";

/** What the build has made for the report; the same folder from the source and from the build. */
const BUILT = new URL("../../dist/report/", import.meta.url);
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** Says of a page that it is a report. */
export const REPORT_MARK = '<meta name="generator" content="tradelatch run">';

export function reportPage(done: Backtest): string {
  const { summary, strategy } = done;
  const title = `${strategy} on ${sessionsText(summary.sessions)}`;
  // A "<" could end the element; within JSON it may be written so.
  const data = JSON.stringify(reportData(done)).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${REPORT_MARK}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}</title>
<style>${built(".css")}</style>
</head>
<body>
<header><h1>${escaped(title)}</h1><p>${escaped(subtitle(done))}</p></header>
<dl class="figures">${summaryLines(summary).map(figure).join("")}</dl>
${brokenList(summary.invariantsBroken)}
<section><h2>Equity, USD</h2><div id="equity" class="chart"></div></section>
<section id="lanes"><h2>Price and fills</h2>
<p class="key"><span class="buy">▲ buy</span> <span class="sell">▼ sell</span></p></section>
${table("Trades", TRADE_HEAD, tradeRows(done))}
${movedTable(done)}
${logSection(done)}
<footer>The strategy is an example and no advice. Fills of the simulated broker are no promise of
what a market would have done.</footer>
<script type="application/json" id="data">${data}</script>
<script>${built(".js")}</script>
</body>
</html>
`;
}

function subtitle({ summary, elapsedMs }: Backtest): string {
  const { isGuarded, instances, bars, seed } = summary;
  const guard = isGuarded ? "through the latch" : "without a latch";
  const who = instances === 1 ? "one instance" : `${instances} instances`;
  return `${bars} bars, ${guard}, ${who}, seed ${seed}; ran in ${(elapsedMs / 1_000).toFixed(1)} s`;
}

function built(ending: string): string {
  const name = readdirSync(BUILT).find((file) => file.endsWith(ending));
  if (name === undefined) throw new Error(`the build has made no report${ending}`);
  return readFileSync(new URL(name, BUILT), "utf8").replaceAll("</script", "<\\/script");
}

function figure([name, value]: readonly [string, string]): string {
  return `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`;
}

function brokenList(broken: readonly string[] | null): string {
  if (broken === null || broken.length === 0) return "";
  return `<ul class="broken">${broken.map((one) => `<li>${escaped(one)}</li>`).join("")}</ul>`;
}

function movedTable(done: Backtest): string {
  if (done.moved === null) return "";
  return table("What faults moved", ["Order", ...MOVED_HEAD.slice(1)], movedRows(done));
}

function logSection({ records: { lines }, summary: { sessions } }: Backtest): string {
  if (lines.length === 0) return "";
  const rows = lines.map(({ at, instance, message, fields }) => [
    timeText(at, sessions),
    String(instance + 1),
    message,
    Object.entries(fields)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  ]);
  const head = ["New York", "Instance", "The strategy's log", ""];
  return `<details><summary>Log of the strategy, ${lines.length} lines</summary>
${table("Log", head, rows)}</details>`;
}

function table(title: string, head: readonly string[], rows: Rows) {
  const cells = (row: readonly string[], tag: "th" | "td") =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((row) => cells(row, "td")).join("\n");
  const content =
    rows.length === 0 ? "<p>None.</p>" : `<table>${cells(head, "th")}\n${body}</table>`;
  return `<section><h2>${escaped(title)}</h2>${content}</section>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<"]/g, (char) => ENTITIES[char] ?? char);
}
