/** One core's part of the simulation: tasks come in as messages, results go out. */
import { parentPort } from "node:worker_threads";
import { perform, type Task } from "./tasks.ts";

parentPort?.on("message", (task: Task) => {
  void perform(task).then((result) => parentPort?.postMessage(result));
});
