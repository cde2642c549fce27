/** What somebody finds who has a till's disk and not its key. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dueBill, tellBills } from "../../test/support/agent-desk.ts";
import { testVoucher } from "../../test/support/authority.ts";
import { openDesk, openDeskWithAnn, orderOf, passphrase, startServer } from "../../test/support/desk.ts";
import { createTill } from "../../test/support/till.ts";
import { unwrapKey } from "./keys.ts";
import { forgetOld } from "./store/retention.ts";
import { createVault, VaultLockedError } from "./vault.ts";

const [first, second] = [testVoucher(31n), testVoucher(32n)];
const dayMs = 86_400_000;
const words = { because: "came with the afternoon bus", appeal: "it was the rain season" };
const account = { account: "••••4711", provider: "Umoja Savings" };
const told = { serial: 31n, currency: "USD", amountMinor: 1250n };
const dispute = {
  ...told,
  ...words,
  sequence: 1,
  guaranteedMinor: 0n,
  reason: "lease-closed",
  state: "refused",
  openedAtMs: 1,
  decidedAtMs: 2,
} as const;
const payout = { ...told, ...account, reference: "t-1", sequence: 1, feeMinor: 0n, paidAtMs: Date.now() };

/** Every file of the folder, as it lies on the disk. */
function onDisk(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
}

function expectNothingIn(disk: Buffer, secrets: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [what, secret] of Object.entries(secrets))
    expect(disk.includes(Buffer.from(secret as Uint8Array)), what).toBe(false);
}

test("the disk of a till at work holds no token, lease, number, PIN, passphrase or key in clear, open or closed", async () => {
  const server = await startServer();
  const desk = await openDeskWithAnn(server, [first, second]);
  const { stores } = desk;
  stores.statements.keepDisputes([dispute], 1);
  stores.statements.keepPayouts([payout], 1);
  server.shapes.leases.put(`"leases"/"99"`, {
    node_id: server.nodeId,
    serial: "99",
    token: "PV1:SECRET-ASIDE",
    lease: "x",
  });
  server.signal("leases");
  await desk.ask("add-cashier", { name: "Ben", pin: "908172635411" });
  await desk.ask("redeem", orderOf(first));
  await desk.ask("sync", {});
  expect(stores.leases.countAside()).toBe(1);
  const held = [first, second].map(({ serial }) => stores.leases.find(serial));
  const secrets = {
    ...Object.fromEntries(
      held.flatMap((lease, n) => [
        [`token ${n}`, lease?.token ?? ""],
        [`lease ${n}`, lease?.lease ?? ""],
      ]),
    ),
    ...Object.fromEntries([first, second].map((voucher) => [`number of ${voucher.serial}`, voucher.number])),
    "any token": "PV1:",
    "a row aside": "SECRET-ASIDE",
    ...words,
    ...account,
    passphrase,
    PIN: "908172635411",
    "private key": unwrapKey(stores.node.identity()?.wrappedKey ?? "", passphrase)?.seed ?? "",
  };
  expect(Object.values(secrets).every((secret) => secret.length > 0)).toBe(true);
  expectNothingIn(onDisk(desk.directory), secrets);
  await desk.close();
  expectNothingIn(onDisk(desk.directory), secrets);
  const again = await openDesk({ directory: desk.directory });
  await again.ask("unlock", { passphrase });
  expect(again.stores.leases.find(32n)?.token).toBe(held[1]?.token);
  expect(again.stores.statements.disputes(1)[0]).toMatchObject(words);
});

test("the disk of an agent's till holds no payer's name in clear: of a bill, of a payment, of one who was first", async () => {
  const desk = await openDeskWithAnn(await startServer());
  const names = { payer: "Wanjiru Kamau", other: "Otieno Ouma", first: "Kiosk by the river" };
  const bills = [
    dueBill("EL12345674", { payerName: names.payer }),
    dueBill("EL00000018", { payerName: names.other }),
  ];
  tellBills(desk, { bills });
  const request = "00000000-0000-4000-8000-000000000001";
  const order = { request, billId: "EL12345674", voucher: null, amount: "12.50", currency: "USD" };
  expect(await desk.ask("pay-bill", order)).toMatchObject({ ok: true });
  const first = { takenBy: names.first, atMs: 1, means: "cash", reference: "r", ...told } as const;
  const refund = {
    sequence: 1,
    billId: "EL12345674",
    reason: "bill-paid",
    listedAtMs: 1,
    refundedAtMs: null,
  };
  desk.stores.refunds.keepTold([{ ...told, ...refund, refundedBy: null, first }], []);
  expectNothingIn(onDisk(desk.directory), names);
  await desk.close();
  expectNothingIn(onDisk(desk.directory), names);
  const again = await openDesk({ directory: desk.directory });
  expect(() => again.stores.bills.bill("EL12345674")).toThrow(VaultLockedError);
  await again.ask("unlock", { passphrase });
  expect(again.stores.bills.search("kamau", 5)).toMatchObject([{ payerName: names.payer }]);
  expect(again.stores.bills.payerOf(1)).toBe(names.payer);
  expect(again.stores.refunds.told(1)?.first?.takenBy).toBe(names.first);
  // What was opened to be searched is forgotten with the key.
  await again.ask("lock", {});
  expect(() => again.stores.bills.search("kamau", 5)).toThrow(VaultLockedError);
});

test("payers' names that an earlier version left in clear are sealed with the first unlocking, and gone from the disk", async () => {
  const desk = await openDeskWithAnn(await startServer());
  tellBills(desk, { bills: [dueBill("EL12345674")] });
  const name = "Njeri Wambui";
  const { database } = desk.stores;
  database.prepare("update bills set sealed_payer = null, payer_name = ?").run(name);
  database.pragma("wal_checkpoint(truncate)");
  expect(onDisk(desk.directory).includes(Buffer.from(name))).toBe(true);
  await desk.close();
  const again = await openDesk({ directory: desk.directory });
  await again.ask("unlock", { passphrase });
  expectNothingIn(onDisk(desk.directory), { name });
  expect(again.stores.bills.bill("EL12345674")?.payerName).toBe(name);
});

test("after 90 days a payment's payer is forgotten, and the payment is not", async () => {
  const desk = await openDeskWithAnn(await startServer());
  tellBills(desk, { bills: [dueBill("EL12345674", { payerName: "Asha" })] });
  const request = "00000000-0000-4000-8000-000000000001";
  await desk.ask("pay-bill", {
    request,
    billId: "EL12345674",
    voucher: null,
    amount: "12.50",
    currency: "USD",
  });
  await desk.ask("sync", {});
  expect(desk.stores.bills.payerOf(1)).toBe("Asha");
  forgetOld(desk.stores.database, Date.now() + 91 * dayMs);
  expect(desk.stores.bills.payerOf(1)).toBeNull();
  expect(desk.stores.bills.find(1)).toMatchObject({ amountMinor: 1250n, state: "applied" });
});

test("a till that is locked cannot read what is sealed, and accepts nothing", async () => {
  const desk = await openDeskWithAnn(await startServer(), [first]);
  await desk.ask("lock", {});
  expect(() => desk.stores.leases.find(31n)).toThrow(VaultLockedError);
  expect(await desk.problem("redeem", orderOf(first))).toBe("not-possible-now");
  await desk.ask("unlock", { passphrase });
  expect(desk.stores.leases.find(31n)).toBeDefined();
});

test("what an earlier version left in clear is sealed with the first unlocking, and is gone from the disk", () => {
  const till = createTill();
  till.grant(first);
  const { lease, token } = till.stores.leases.find(31n) ?? {};
  if (!lease || token === undefined) throw new Error("no lease");
  const { database } = till.stores;
  database.prepare("update leases set sealed = null, lease = ?, token = ?").run(lease, token);
  database
    .prepare(
      "insert into rows_aside (shape, key, problem, value, seen_ms) values ('leases', 'leases:9', 'p', ?, ?)",
    )
    .run(JSON.stringify({ token: "PV1:OLD-ASIDE" }), Date.now());
  database.pragma("wal_checkpoint(truncate)");
  const secrets = { token, lease, aside: "OLD-ASIDE" };
  for (const secret of Object.values(secrets))
    expect(onDisk(till.directory).includes(Buffer.from(secret as Uint8Array))).toBe(true);
  expect(till.stores.leases.find(31n)).toMatchObject({ lease, token, amountMinor: 1250n });
  till.node();
  till.close();
  expectNothingIn(onDisk(till.directory), secrets);
  expect(till.reopen().stores.leases.find(31n)).toMatchObject({
    lease,
    token,
    amountMinor: 1250n,
    currency: "USD",
  });
});

test("after 90 days a lease's material and what was sealed for the server are erased, and the chain stays whole", async () => {
  const server = await startServer();
  server.judge = () => ({ decidedAtMs: Date.now() });
  const desk = await openDeskWithAnn(server, [first, second]);
  await desk.ask("redeem", orderOf(first));
  await desk.ask("sync", {});
  const { stores } = desk;
  const sealedOf = () => stores.queue.find(1)?.sealed;
  forgetOld(stores.database, Date.now());
  expect(sealedOf()).not.toBeNull();
  expect(stores.leases.find(32n)).toBeDefined();
  const before = stores.queue.head();
  forgetOld(stores.database, Date.now() + 91 * dayMs);
  expect(sealedOf()).toBeNull();
  expect(stores.leases.find(32n)).toBeUndefined();
  expect(stores.queue.head()).toEqual(before);
});

test("a value opens under the key that sealed it, unchanged, and under no other", () => {
  const vault = createVault();
  const value = Uint8Array.of(1, 2, 3);
  expect(() => vault.seal(value)).toThrow(VaultLockedError);
  vault.unlock(new Uint8Array(32).fill(1));
  const sealed = vault.seal(value);
  expect(vault.seal(value)).not.toEqual(sealed);
  expect(vault.open(sealed)).toEqual(value);
  for (let at = 0; at < sealed.length; at++) {
    expect(vault.open(sealed.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toBeUndefined();
  }
  vault.unlock(new Uint8Array(32).fill(2));
  expect(vault.open(sealed)).toBeUndefined();
  vault.lock();
  expect(() => vault.open(sealed)).toThrow(VaultLockedError);
});
