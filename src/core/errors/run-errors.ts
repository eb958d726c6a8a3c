/** Strategies, their runs and replays. */
import type { ErrorEntry } from "./error-entry.ts";

export const RUN_ERRORS = {
  replay_failed: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Run it again; if it fails the same way, report it with this line.",
  },
  strategy_failed: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "Mend what the message names and start it again: orders are looked up then.",
  },
  run_unsound: {
    httpStatus: 500,
    retryable: false,
    exitCode: 1,
    hint: "The latch is at fault: report it with the strategy, the bars and the seed.",
  },
  invalid_strategy: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the strategy's file or the --set; docs/STRATEGIES.md shows one of 20 lines.",
  },
  invalid_bars: {
    httpStatus: 400,
    retryable: false,
    exitCode: 2,
    hint: "Correct the named line; docs/STRATEGIES.md has the form of a file of bars.",
  },
  live_not_confirmed: {
    httpStatus: 403,
    retryable: false,
    exitCode: 2,
    hint: "Run it at a terminal and type the account number, or use --paper; nothing was sent.",
  },
  feed_failed: {
    httpStatus: 503,
    retryable: true,
    exitCode: 1,
    hint: "Check the feed's address, keys and network; positions are as they were.",
  },
} as const satisfies Record<string, ErrorEntry>;
