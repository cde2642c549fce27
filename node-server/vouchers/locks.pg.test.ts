/** Vouchers are locked in the order of their serials, and the time is read after that (design section 4.5). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { untilSomebodyWaits } from "../../test/support/barrier.ts";
import { testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import type { TestServer } from "../../test/support/server.ts";
import { startServerWithShop } from "../../test/support/shop.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServerWithShop();
});

afterAll(() => server.close());

test("4.5: a redemption that waits at the voucher's lock until the voucher has expired is refused as expired", async () => {
  const [voucher] = await activated(1);
  if (!voucher) throw new Error("no voucher was made");
  const holder = await server.client.pool.connect();
  try {
    const serial = BigInt(voucher.serialNumber);
    await holder.query("begin");
    await holder.query("select 1 from vouchers where serial = $1 for update", [serial]);
    const redeeming = server.institution.redeem(voucher.serialNumber, voucher.number, "shop-1");
    await untilSomebodyWaits(server.client.pool);
    // It came before this end, and is let through after it.
    await holder.query(
      "update vouchers set expires_at = clock_timestamp() + interval '20 ms' where serial = $1",
      [serial],
    );
    await holder.query("select pg_sleep(0.04)");
    await holder.query("commit");
    expect((await redeeming).body).toMatchObject({ status: 0, message: "EXPIRED" });
  } finally {
    holder.release(true);
  }
});

test("4.5: whoever names vouchers in whatever order locks them by serial, so that none waits crosswise", async () => {
  const vouchers = await activated(6);
  const serials = vouchers.map(({ serialNumber }) => BigInt(serialNumber));
  const store = testStore(server.client.pool);
  const deadlocks = async () => {
    const { rows } = await server.client.pool.query<{ deadlocks: bigint }>(
      "select deadlocks from pg_stat_database where datname = current_database()",
    );
    return rows[0]?.deadlocks;
  };
  const before = await deadlocks();
  const orders = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? serials : serials.toReversed()));
  const locked = await Promise.all(
    orders.map((order) => store.transaction(async (tx) => [...(await tx.vouchers.lock(order)).keys()])),
  );
  for (const keys of locked) expect(keys).toEqual(serials);
  expect(await deadlocks()).toBe(before);
});

async function activated(count: number): Promise<IssuedVoucher[]> {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  await server.institution.activate(vouchers.map(({ serialNumber }) => serialNumber));
  return vouchers;
}
