/** `GET /latch/v1/books` and `/latch/v1/books/{symbol}`: what we know of each position. */
import { z } from "zod";
import { type Book, closable } from "../book/book.ts";
import { SYMBOL } from "../identity/symbol.ts";
import type { NativePorts } from "./native-ports.ts";
import { decimalOut, errorSchema, named, noQuery } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

const claimRef = { agent: z.string(), requestId: z.string() };

export const bookSchema = named(
  "Book",
  z.object({
    account: z.string(),
    symbol: z.string(),
    net: decimalOut.describe("Signed: a short position is negative."),
    averagePrice: decimalOut.describe("Zero while flat."),
    realizedProfitUsd: decimalOut,
    episode: z.number().int().describe("While flat, the number of the one that ended last."),
    arrivals: z.number().int().describe("The number of the last intent that nothing named."),
    closable: decimalOut.describe("Shares that a further close may claim."),
    reservations: z
      .array(z.object({ ...claimRef, quantity: decimalOut }))
      .describe("Shares that live closes hold."),
    closedBy: z.object(claimRef).nullable().describe("The claim that ended the last episode."),
  }),
);

const bookParams = z.strictObject({
  symbol: z.string().regex(SYMBOL, "expected a symbol such as TQQQ, or BTC%2FUSD for a pair"),
});

export function addBookRoutes({ app }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/books",
    {
      schema: {
        operationId: "listBooks",
        summary: "The books of every symbol that was traded, by symbol.",
        querystring: noQuery,
        response: { 200: z.object({ books: z.array(bookSchema) }), 400: errorSchema },
      },
    },
    async () => ({ books: (await ports.latch().books()).map(bookView) }),
  );
  app.get(
    "/latch/v1/books/:symbol",
    {
      schema: {
        operationId: "getBook",
        summary: "The book of one symbol; an empty one where it was never traded.",
        params: bookParams,
        querystring: noQuery,
        response: { 200: bookSchema, 400: errorSchema },
      },
    },
    async ({ params }) => bookView(await ports.latch().book(params.symbol)),
  );
}

export function bookView(book: Book): z.output<typeof bookSchema> {
  return { ...book, closable: closable(book), reservations: [...book.reservations] };
}
