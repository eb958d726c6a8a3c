// A mail server that cannot be reached has sent nothing: trying again is safe, and is proved to be.
// One that hangs up after it took the mail has sent it, perhaps: trying again is not.
import { openGuard } from "tradelatch";

const delivered = [];
const failures = ["ECONNREFUSED", null, "ECONNRESET"];
async function send(mail) {
  const code = failures.shift();
  if (code === "ECONNREFUSED") throw Object.assign(new Error("no connection"), { code });
  delivered.push(mail);
  if (code === "ECONNRESET") throw Object.assign(new Error("hung up"), { code });
  return { accepted: mail.to };
}

const guard = await openGuard({ store: process.env.STORE ?? "actions.db", agent: "mailer" });
const welcome = (to) =>
  guard.execute({
    requestId: `welcome/${to}`,
    action: "email.send",
    run: () => send({ to }),
    confirm: ({ code }) => ({ kind: code === "ECONNREFUSED" ? "absent" : "unknown" }),
  });

const [ada, bob] = ["ada@example.com", "bob@example.com"];
for (const to of [ada, ada, ada, bob, bob]) console.log(to, (await welcome(to)).status);
console.log("mails:", delivered.length);
await guard.close();
