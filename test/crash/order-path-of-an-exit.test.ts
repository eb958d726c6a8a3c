import { killAtEachStep } from "./crash-rounds.ts";
import { ORDER_PATH_STEPS } from "./order-path-steps.ts";

killAtEachStep("exit", ORDER_PATH_STEPS);
