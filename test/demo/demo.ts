/**
 * The main job on real parts, from nothing to settled books: `npm run demo`. Every claim that it prints is checked; it
 * exits 0 only when all of them held.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatMajor } from "#core/money.ts";
import { table } from "../../node-server/cli/table.ts";
import {
  enrolTill,
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
} from "../support/installation.ts";
import type { Installation, Till } from "../support/installation.ts";
import type { IssuedVoucher } from "../support/institution.ts";
import { createLink } from "../support/link.ts";
import { check, failures, note, step } from "./narrator.ts";

const shops = {
  first: { id: "shop-1", name: "Corner shop", accepts: "FOO" },
  second: { id: "shop-2", name: "Market stall", accepts: "FOO" },
};

const expectedStates = ["consumed", "consumed", "consumed", "consumed", "consumed", "cancelled", "cancelled"];

const folder = await mkdtemp(join(tmpdir(), "paypost-demo-"));
const installation = await prepareInstallation(folder);
let stop: (() => Promise<void>) | undefined;
try {
  await demo();
} finally {
  await stop?.();
  await installation.receiver.close();
  await rm(folder, { recursive: true, force: true });
}
const failed = failures();
console.log(failed === 0 ? "\nAll of it held." : `\n${failed} of the claims above did NOT hold.`);
process.exit(failed === 0 ? 0 : 1);

async function demo(): Promise<void> {
  step("A server on an empty database of its own");
  const { running, url } = await startServer(installation);
  stop = async () => {
    running.child.kill("SIGTERM");
    await running.finished;
  };
  const link = await createLink(url);
  note(`${url}; the tills reach it through ${link.url}, which can be cut`);

  step("A ministry with a funded voucher group, and two shops, each with a till");
  const ministry = await registerInstitution(installation, url, "welfare");
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "treasury-1");
  const { till: first, nodeId: firstId } = await enrolTill(installation, link.url, shops.first);
  const { till: second, nodeId: secondId } = await enrolTill(installation, link.url, shops.second);
  note(`${first.name} and ${second.name} made their keys and are enrolled`);

  step("Seven vouchers, created and activated through the public API");
  const vouchers = await ministry.createVouchers("FOO", [10, 20, 30, 40, 50, 60, 70]);
  const [v1, v2, v3, v4, v5, v6, v7] = vouchers as Seven;
  const serials = (some: readonly IssuedVoucher[]) => some.map(({ serialNumber }) => serialNumber);
  await ministry.activate(serials([v1, v2, v3, v7]), { leaseTo: firstId });
  await ministry.activate(serials([v4]), { leaseTo: secondId });
  await ministry.activate(serials([v5, v6]));
  const before = await books(installation);
  note("1, 2, 3 and 7 are leased to the first till, 4 to the second; 5 and 6 to nobody");

  step("Both tills fetch what is leased to them");
  for (const till of [first, second])
    check(`${till.name} is up to date`, (await till.run("sync")).code === 0);

  step("The network is cut");
  await link.cut();
  check("a sync finds nobody", (await first.run("sync")).code !== 0);

  step("Redeeming with no network");
  const startedMs = performance.now();
  check("the first till accepts voucher 1", (await redeem(first, v1)).code === 0);
  const usualMs = performance.now() - startedMs;
  check("and refuses it a second time", (await redeem(first, v1)).code !== 0);
  const refused = await redeem(second, v1);
  check("the second till refuses voucher 1, which is leased to the first", refused.code !== 0);
  note(`it says: ${String(refused.json["message"])}`);
  const wrong = { ...v2, number: "1234567890123452" };
  check("a wrong number is refused", (await redeem(first, wrong)).code !== 0);
  check("the second till accepts voucher 4, its own", (await redeem(second, v4)).code === 0);

  step(
    "The first till is killed with SIGKILL: just after it said accepted, and in the middle of a redemption",
  );
  const accepted = first.start(...redeemWords(v2));
  await accepted.line(/"outcome":"accepted"/);
  accepted.child.kill("SIGKILL");
  await accepted.finished;
  check("voucher 2, accepted, is in the queue", await isQueued(first, v2));
  const halfway = first.start(...redeemWords(v3));
  const timer = setTimeout(() => halfway.child.kill("SIGKILL"), usualMs * 0.6);
  const { stdout, signal } = await halfway.finished;
  clearTimeout(timer);
  const said = stdout.includes('"outcome":"accepted"');
  const queued = await isQueued(first, v3);
  note(
    `voucher 3: ${signal ?? "it was quicker than the kill"}; accepted on screen: ${said}, in the queue: ${queued}`,
  );
  check("nothing that was accepted is missing", !said || queued);
  if (!queued) check("and voucher 3 can simply be redeemed again", (await redeem(first, v3)).code === 0);

  step("Meanwhile, at the server");
  const leased = await ministry.redeem(v1.serialNumber, v1.number, shops.second.id);
  check("voucher 1 cannot be redeemed online: it is leased", leased.body["message"] === "LEASED_TO_A_NODE");
  const online = await ministry.redeem(v5.serialNumber, v5.number, shops.second.id);
  check("voucher 5, leased to nobody, is redeemed online", online.body["status"] === 1);
  const { failedCases } = await ministry.cancel(serials([v6, v7]));
  check("vouchers 6 and 7 are to be cancelled", failedCases.length === 0);
  check("6 at once", (await ministry.status(v6.serialNumber)) === "Cancelled");
  check("7 when its lease closes", (await ministry.status(v7.serialNumber)) === "Activated");

  step("The network is back: the tills send what they did");
  await link.join();
  for (const till of [first, second]) {
    const { code, json } = await till.run("sync");
    check(`${till.name} is settled: ${String(json["applied"])} applied`, code === 0);
  }
  check(
    "7, asked back, was given back: it is cancelled",
    (await ministry.status(v7.serialNumber)) === "Cancelled",
  );
  check("a second sync has nothing to send", (await first.run("sync")).json["sent"] === 0);
  await report(before);
}

type Seven = [
  IssuedVoucher,
  IssuedVoucher,
  IssuedVoucher,
  IssuedVoucher,
  IssuedVoucher,
  IssuedVoucher,
  IssuedVoucher,
];

function redeemWords(voucher: IssuedVoucher): string[] {
  return [
    "redeem",
    "--serial",
    voucher.serialNumber,
    "--number",
    voucher.number,
    "--offline",
    "--actor",
    "Amina",
  ];
}

function redeem(till: Till, voucher: IssuedVoucher) {
  return till.run(...redeemWords(voucher));
}

async function isQueued(till: Till, voucher: IssuedVoucher): Promise<boolean> {
  const { json } = await till.run("queue");
  const operations = json["operations"] as readonly { readonly serial: string }[];
  return operations.filter((operation) => operation.serial === voucher.serialNumber).length === 1;
}

interface Books {
  readonly accounts: readonly {
    readonly id: string;
    readonly amountMinor: string;
    readonly currency: string;
  }[];
  readonly balanced: boolean;
}

async function books(installation: Installation): Promise<Books> {
  return (await operate(installation, "books")) as Books;
}

async function report(before: Books): Promise<void> {
  step("Every voucher, every operation, every balance");
  const vouchers = (await operate(installation, "vouchers", "welfare")) as readonly VoucherLine[];
  const money = (amountMinor: string, currency: string) =>
    formatMajor({ amountMinor: BigInt(amountMinor), currency });
  console.log(
    table(
      ["voucher", "value", "state"],
      vouchers.map((voucher) => [
        voucher.serial,
        money(voucher.amountMinor, voucher.currency),
        voucher.state,
      ]),
    ),
  );
  const operations = (await operate(installation, "operations")) as readonly OperationLine[];
  console.log();
  console.log(
    table(
      ["till", "number", "operation", "voucher", "verdict", "transaction"],
      operations.map((row) => [
        row.nodeName,
        row.sequence,
        row.type,
        row.serial,
        row.state,
        row.transactionId,
      ]),
    ),
  );
  const after = await books(installation);
  const balanceOf = (from: Books, id: string) =>
    from.accounts.find((account) => account.id === id)?.amountMinor ?? "0";
  console.log();
  console.log(
    table(
      ["account", "before", "after"],
      after.accounts.map(({ id, currency }) => [
        id,
        money(balanceOf(before, id), currency),
        money(balanceOf(after, id), currency),
      ]),
    ),
  );
  console.log();
  check("states are as they should be", vouchers.map(({ state }) => state).join() === expectedStates.join());
  check(
    "four redemptions and a lease given back, five verdicts, all applied",
    operations.map(({ type, state }) => `${type} ${state}`).join() ===
      [...Array(3).fill("redeem-voucher applied"), "release-lease applied", "redeem-voucher applied"].join(),
  );
  check("the corner shop was paid for 1, 2 and 3", balanceOf(after, "merchant:shop-1:USD") === "6000");
  check("the market stall was paid for 4 and 5", balanceOf(after, "merchant:shop-2:USD") === "9000");
  check("the group has what was not given out", balanceOf(after, "funding:FOO:USD") === "85000");
  check("nothing is left reserved", balanceOf(after, "reserved:FOO:USD") === "0");
  check(
    "nothing is left owed",
    ["shop-1", "shop-2"].every((id) => balanceOf(after, `owed:${id}:USD`) === "0"),
  );
  check("and the books balance", after.balanced && before.balanced);
}

interface VoucherLine {
  readonly serial: string;
  readonly state: string;
  readonly amountMinor: string;
  readonly currency: string;
}

interface OperationLine {
  readonly nodeName: string;
  readonly sequence: string;
  readonly type: string;
  readonly serial: string | null;
  readonly state: string;
  readonly transactionId: string | null;
}
