// A payment provider that pays and answers too late. Paying again is what a retry would do.
import { openGuard } from "tradelatch";

const provider = {
  transfers: [], // What the provider really did, whatever it answered.
  async pay(reference, amount) {
    this.transfers.push({ reference, amount });
    throw new Error("the answer came too late");
  },
  find: async (sought) => provider.transfers.find(({ reference }) => reference === sought),
};

const guard = await openGuard({ store: process.env.STORE ?? "actions.db", agent: "billing" });
const pay = (verify) =>
  guard.execute({
    requestId: "invoice-1042",
    action: "payment.send",
    payload: { amount: "50.00" },
    run: () => provider.pay("invoice-1042", "50.00"),
    verify,
  });
console.log("first:", (await pay()).status); // Nobody knows: the claim is kept, an incident opened.
console.log("again:", (await pay()).status); // Still nobody knows, and nothing is paid.
const lookUp = async ({ key }) => {
  const result = await provider.find(key.requestId);
  return result ? { kind: "done", result } : { kind: "unknown" }; // It may be on its way.
};
const paid = await pay(lookUp);
console.log("read back:", paid.status, paid.result.amount, "transfers:", provider.transfers.length);
await guard.close();
