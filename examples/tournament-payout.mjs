// Who won is known by signals, of which one is unsure and one comes late; the prize is paid once.
import { majority, openGuard } from "tradelatch";

const store = process.env.STORE ?? "actions.db";
const guard = await openGuard({ store, agent: "tournament" });
const final = guard.settlement({
  id: "final-2026",
  threshold: "0.9",
  policy: majority(["referee", "score-feed", "video-model"]),
});
const transfers = [];
const pay = () => final.payout({ run: (winner) => ({ transfer: transfers.push(winner), winner }) });

await final.signal({ source: "video-model", outcome: "bob", confidence: 0.41 });
const unsure = await final.state();
console.log(unsure.status, "-", unsure.heldBecause);
console.log("paid?", (await pay()).status);

await final.signal({ source: "referee", outcome: "alice", confidence: 1 });
await final.signal({ source: "referee", outcome: "alice", confidence: 1 }); // The same, once more.
const { state } = await final.signal({ source: "score-feed", outcome: "alice", confidence: 0.98 });
console.log(state.status, state.outcome);

const both = await Promise.all([pay(), pay()]); // Two workers see that it is final.
console.log("paid to", (await pay()).result.winner, "in", transfers.length, "transfer");
console.log(
  both.every(({ status }) => status !== "not_final"),
  (await final.state()).status,
);
await guard.close();
