/** The program of a guarded bot's own operating-system process: commands in, replies out. */
import type { BotCommand, BotReply } from "./bot-messages.ts";
import { GuardedBot } from "./guarded-bot.ts";

const bot = new GuardedBot();

process.on("message", (command: BotCommand) => {
  void bot.handle(command).then(reply);
});
process.on("uncaughtException", ({ message }) => {
  process.send?.({ ok: false, message } satisfies BotReply, () => process.exit(1));
});
process.on("disconnect", () => process.exit());

function reply(content: BotReply): void {
  process.send?.(content);
}
