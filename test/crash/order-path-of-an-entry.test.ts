import { killAtEachStep } from "./crash-rounds.ts";
import { ORDER_PATH_STEPS } from "./order-path-steps.ts";

killAtEachStep("entry", ORDER_PATH_STEPS);
