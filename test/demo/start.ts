/** `npm start`: a server and one merchant's till, kept running under ./data/start, with what to open and try. */
import { join } from "node:path";
import { projectRoot } from "../support/processes.ts";
import {
  enrolTill,
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
} from "../support/installation.ts";
import { note, step } from "./narrator.ts";

const session = new Date()
  .toISOString()
  .replaceAll(/[^0-9]/g, "")
  .slice(0, 14);
const installation = await prepareInstallation(join(projectRoot, "data", "start", session), {
  PORT: process.env["PORT"] ?? "3000",
});

step("Starting the server and its database");
const { running, url } = await startServer(installation);

step("Registering a ministry, a voucher group and a shop with its till");
const ministry = await registerInstitution(installation, url, "welfare");
await operate(installation, "group", "add", "FOO", "Food aid");
await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", `start-${session}`);
const { till, nodeId } = await enrolTill(installation, url, {
  id: "shop-1",
  name: "Corner shop",
  accepts: "FOO",
});

step("Two vouchers, leased to the till");
const vouchers = await ministry.createVouchers("FOO", [10, 20]);
await ministry.activate(
  vouchers.map(({ serialNumber }) => serialNumber),
  { leaseTo: nodeId },
);
await till.run("sync");

const shown = `npm run node -- %s --data ${till.folder}`;
console.log(`
Running. Ctrl-C ends it; everything it made is under ${installation.folder}.

  The API                ${url}/docs
  The till's passphrase  export PAYPOST_PASSPHRASE='a passphrase for trials only'
  What is on hand        ${shown.replace("%s", "status")}

Redeem a voucher with no network (end this server first, if you like), then send it:
`);
for (const { serialNumber, number } of vouchers) {
  console.log(`  ${shown.replace("%s", `redeem --serial ${serialNumber} --number ${number} --offline`)}`);
}
console.log(`  ${shown.replace("%s", "sync")}`);
console.log(`
The operators' side, in another terminal:

  PAYPOST_DATA=${installation.environment["PAYPOST_DATA"]} npm run paypost -- books
`);
note("The ministry's token, for an hour:");
note(await installation.issuer.token("welfare"));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => running.child.kill("SIGTERM"));
}
const { code } = await running.finished;
await installation.receiver.close();
process.exit(code ?? 1);
