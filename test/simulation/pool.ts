/** Spreads tasks over the machine's cores; results come in the order in which they are done. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Task, TaskResult } from "./tasks.ts";

export async function runTasks(
  tasks: readonly Task[],
  onResult: (result: TaskResult) => void,
  workers = availableParallelism(),
): Promise<void> {
  const queue = [...tasks];
  const lives = Array.from({ length: Math.min(workers, tasks.length) }, () =>
    live(queue, onResult),
  );
  await Promise.all(lives);
}

function live(queue: Task[], onResult: (result: TaskResult) => void): Promise<void> {
  const worker = new Worker(new URL("./worker.js", import.meta.url));
  return new Promise((resolve, reject) => {
    const next = () => {
      const task = queue.shift();
      if (task !== undefined) worker.postMessage(task);
      else void worker.terminate().then(() => resolve());
    };
    worker.on("message", (result: TaskResult) => {
      onResult(result);
      next();
    });
    worker.on("error", reject);
    next();
  });
}
