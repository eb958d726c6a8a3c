/** The program of a guarded bot's own operating-system process: commands in, replies out. */
import type { BotCommand } from "./bot-messages.ts";
import { GuardedBot } from "./guarded-bot.ts";

const bot = new GuardedBot();

process.on("message", (command: BotCommand) => {
  void bot.handle(command).then((reply) => process.send?.(reply));
});
process.on("disconnect", () => process.exit());
