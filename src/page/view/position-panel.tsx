/** Positions: the book beside the broker, with what differs marked. */

import {
  dollarsText,
  isLoss,
  isZero,
  priceText,
  quantityText,
  signedText,
} from "../model/amount-text.ts";
import { ageText, unreadText } from "../model/time-text.ts";
import type { PositionsView } from "../sidecar-answers.ts";
import { Amount } from "./amount.tsx";
import { ScrollArea } from "./scroll-area.tsx";

interface PositionPanelProps {
  readonly positions: PositionsView | null;
  readonly now: string;
}

export function PositionPanel({ positions, now }: PositionPanelProps) {
  return (
    <section class="panel positions" aria-labelledby="positions-title">
      <h2 id="positions-title">
        Positions <span class="count">{readText(positions, now)}</span>
      </h2>
      {positions?.unreadBecause != null && (
        <p class="problem">The broker's positions cannot be read: {positions.unreadBecause}</p>
      )}
      {positions !== null && positions.rows.length === 0 ? (
        <p class="empty">Nothing was ever traded, and nothing is held.</p>
      ) : (
        <ScrollArea label="Positions table">
          <table>
            <thead>
              <tr>
                <th scope="col">Symbol</th>
                <th scope="col" class="number">
                  Book
                </th>
                <th scope="col" class="number">
                  Broker
                </th>
                <th scope="col" class="number difference">
                  Differs
                </th>
                <th scope="col" class="number wide-only">
                  Avg price
                </th>
                <th scope="col" class="number wide-only">
                  Reserved
                </th>
                <th scope="col" class="number wide-only">
                  Episode
                </th>
                <th scope="col" class="number wide-only">
                  Realized USD
                </th>
              </tr>
            </thead>
            <tbody>
              {positions?.rows.map((row) => (
                <PositionLine key={row.symbol} {...{ row, now, readAt: positions.readAt }} />
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
    </section>
  );
}

type Row = PositionsView["rows"][number];

interface PositionLineProps {
  readonly row: Row;
  readonly readAt: string | null;
  readonly now: string;
}

function PositionLine({ row, readAt, now }: PositionLineProps) {
  const { symbol, book, broker, difference, reserved } = row;
  const held =
    difference === null ? unreadText(readAt, now) : quantityText(broker?.quantity ?? "0");
  const differs = difference !== null && !isZero(difference);
  const isBelow = isLoss(book.realizedProfitUsd);
  return (
    <tr class={differs ? "differs" : ""}>
      <th scope="row">
        {symbol}
        <span class="narrow-only">{detailsOf(row)}</span>
      </th>
      <td class="number">
        <Amount text={quantityText(book.net)} />
      </td>
      <td class="number">
        <Amount text={held} />
      </td>
      <td class="number difference">
        <Amount text={differs ? signedText(difference) : "–"} />
      </td>
      <td class="number wide-only">{isZero(book.net) ? "–" : priceText(book.averagePrice)}</td>
      <td class="number wide-only">
        <Amount text={isZero(reserved) ? "–" : quantityText(reserved)} />
      </td>
      <td class="number wide-only">{book.episode}</td>
      <td class={isBelow ? "number loss wide-only" : "number wide-only"}>
        {dollarsText(book.realizedProfitUsd)}
      </td>
    </tr>
  );
}

/** What has no column on a narrow screen. */
function detailsOf({ book, reserved }: Row): string {
  const price = isZero(book.net) ? [] : [`avg ${priceText(book.averagePrice)}`];
  const held = isZero(reserved) ? [] : [`${quantityText(reserved)} reserved`];
  const { realizedProfitUsd: profit, episode } = book;
  const realized = isZero(profit) ? [] : [`realized ${dollarsText(profit)} USD`];
  return [...price, ...held, `episode ${episode}`, ...realized].join(" · ");
}

function readText(positions: PositionsView | null, now: string): string {
  if (positions === null) return "being read";
  const { readAt } = positions;
  return readAt === null ? "broker not read yet" : `broker read ${ageText(readAt, now)} ago`;
}
