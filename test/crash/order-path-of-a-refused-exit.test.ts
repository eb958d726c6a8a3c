import { killAtEachStep } from "./crash-rounds.ts";
import { REFUSED_EXIT_STEPS } from "./order-path-steps.ts";

killAtEachStep("exit", REFUSED_EXIT_STEPS, { waits: true });
