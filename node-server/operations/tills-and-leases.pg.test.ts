/** Leases between real tills and a real server: given back when another one needs them, renewed in time, asked for by quantity. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fundForTest } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  const contact = { area: "Kisumu", phone: "+254 700 000 001" };
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"], ...contact });
  await putMerchant(pool, { id: "shop-2", name: "Shop 2", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
});

afterAll(() => server.close());

describe("two tills and one voucher", () => {
  test("4.1: the till that has it gives it back while the beneficiary waits at the other, which then is paid", async () => {
    const holder = await enrolRealTill(server, "shop-1", { name: "till 1" });
    const other = await enrolRealTill(server, "shop-2");
    const voucher = await leasedTo(holder.nodeId);
    await holder.node.sync();
    await other.node.sync();

    const refused = await other.redeem(voucher, { offline: false, token: voucher.token });
    expect(refused).toMatchObject({
      kind: "refused",
      refusal: {
        code: "leased-elsewhere",
        holder: { area: "Kisumu", phone: "+254 700 000 001", till: null },
      },
    });
    expect(other.stores.queue.head().sequence).toBe(0);

    expect(await holder.node.sync()).toMatchObject({ tended: { released: 1 }, upload: { applied: 1 } });
    expect(await holder.redeem(voucher)).toMatchObject({ refusal: { code: "lease-given-back" } });
    expect(await other.redeem(voucher, { offline: false, token: voucher.token })).toMatchObject({
      kind: "accepted",
      redeemed: { mode: "online" },
    });
  });

  test("4.1: a recall is a request: what the holder has redeemed it does not give back, and it is paid", async () => {
    const holder = await enrolRealTill(server, "shop-1");
    const other = await enrolRealTill(server, "shop-2");
    const voucher = await leasedTo(holder.nodeId);
    await holder.node.sync();
    await other.node.sync();
    expect(await holder.redeem(voucher)).toMatchObject({ kind: "accepted" });
    await other.redeem(voucher, { offline: false, token: voucher.token });
    expect(await holder.node.sync()).toMatchObject({ tended: { released: 0 }, upload: { applied: 1 } });
    expect(await other.redeem(voucher, { offline: false, token: voucher.token })).toMatchObject({
      kind: "rejected",
      reason: "already-consumed",
    });
  });

  test("4.1: the other till of the same shop knows without a connection at which one it is", async () => {
    const first = await enrolRealTill(server, "shop-1", { name: "till 1" });
    const second = await enrolRealTill(server, "shop-1", { name: "till 2" });
    const voucher = await leasedTo(first.nodeId);
    await second.node.sync();
    expect(await second.redeem(voucher)).toMatchObject({
      refusal: { code: "at-other-till", till: "till 1" },
    });
    await first.node.sync();
    first.node.release(BigInt(voucher.serialNumber), "Ann");
    await first.node.sync();
    await second.node.sync();
    expect(await second.redeem(voucher)).toMatchObject({ refusal: { code: "not-leased-here" } });
  });

  test("a wrong number learns nothing of who holds it", async () => {
    const holder = await enrolRealTill(server, "shop-1");
    const other = await enrolRealTill(server, "shop-2");
    const voucher = await leasedTo(holder.nodeId);
    await other.node.sync();
    const guess = { ...voucher, number: "0000000000000000" };
    expect(await other.redeem(guess, { offline: false, token: voucher.token })).toMatchObject({
      refusal: { code: "wrong-number" },
    });
    expect(await holder.node.sync()).toMatchObject({ tended: { released: 0 } });
  });
});

describe("a till that is online", () => {
  test("renews its leases in the second half of their time, and redeems under the new ones", async () => {
    const till = await enrolRealTill(server, "shop-1");
    const voucher = await leasedTo(till.nodeId);
    expect(await till.node.sync()).toMatchObject({ tended: { renewed: 0 } });
    await ageLeases(server.client.pool, [BigInt(voucher.serialNumber)], 10);
    till.stores.database.prepare("update leases set not_after_ms = not_after_ms - ?").run(10 * 86_400_000);
    expect(await till.node.sync()).toMatchObject({ tended: { renewed: 1 } });
    expect(till.stores.leases.find(BigInt(voucher.serialNumber))?.epoch.n).toBe(2);
    expect(await till.redeem(voucher)).toMatchObject({ kind: "accepted" });
    expect(await till.node.sync()).toMatchObject({ upload: { applied: 1 } });
  });

  test("gets what it asks for by quantity with the next reading, and is told why it got no more", async () => {
    const till = await enrolRealTill(server, "shop-1");
    const vouchers = await server.institution.createVouchers("FOO", [7, 7, 7]);
    await server.institution.command(
      "activate",
      vouchers.map(({ serialNumber }) => ({ serialNumber, dispensedBy: "shop-1" })),
    );
    const answer = await till.node.requestLeases({ group: "FOO", quantity: 5 });
    expect(answer).toMatchObject({ ok: true, granted: 3, because: "none-left" });
    await till.node.sync();
    expect(till.stores.leases.countOpen(till.clock.wallMs())).toBe(3);
  });

  test("gets what it asked for once, however often it asks under the same id, and at once", async () => {
    const till = await enrolRealTill(server, "shop-1");
    const vouchers = await server.institution.createVouchers("FOO", [7, 7, 7, 7]);
    await server.institution.command(
      "activate",
      vouchers.map(({ serialNumber }) => ({ serialNumber, dispensedBy: "shop-1" })),
    );
    const wish = { group: "FOO", quantity: 2, request: randomUUID() };
    const granted = { ok: true, granted: 2, held: 2, because: null };
    const answers = await Promise.all([till.node.requestLeases(wish), till.node.requestLeases(wish)]);
    expect(answers).toMatchObject([granted, granted]);
    expect(await till.node.requestLeases(wish)).toMatchObject(granted);
    expect(await till.node.requestLeases({ ...wish, quantity: 1 })).toMatchObject({
      failure: { reason: "request-used" },
    });
    expect(await till.node.requestLeases({ ...wish, request: randomUUID() })).toMatchObject({ held: 4 });
  });
});

async function leasedTo(nodeId: string): Promise<IssuedVoucher & { readonly token: string }> {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const { vouchers } = await server.institution.activate([voucher.serialNumber], { leaseTo: nodeId });
  const [activated] = vouchers;
  if (!activated) throw new Error("the voucher was not activated");
  return { ...voucher, token: activated.token };
}
