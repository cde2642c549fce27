/**
 * Any sequence of commands from any number of callers at once: every step that a voucher takes is one of the machine's
 * table, the books balance, and no more is reserved, owed and paid than was funded.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decideVoucher } from "#core/decide.ts";
import type { VoucherSnapshot } from "#core/decide.ts";
import type { VoucherEvent } from "#core/voucher.machine.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { createVoucherActs, firstClaimOf, firstRequestOf } from "../../test/support/voucher-acts.ts";
import type { ActName, Subject, VoucherActs } from "../../test/support/voucher-acts.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";

const fundedMinor = 1_000_000n;
let server: TestServer;
let voucherActs: VoucherActs;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: fundedMinor, currency: "USD" }));
  voucherActs = await createVoucherActs(server);
  // The database itself writes down every step, whoever makes it.
  await pool.query(`
    create table steps (serial bigint, before text, pending_before text, after text, pending_after text);
    create function note_step() returns trigger language plpgsql as $$
    begin
      if (old.state, old.pending) is distinct from (new.state, new.pending) then
        insert into steps values (new.serial, old.state, old.pending, new.state, new.pending);
      end if;
      return null;
    end $$;
    create trigger note_steps after update on vouchers for each row execute function note_step();`);
});

afterAll(() => server.close());

const actNames = [
  "redemption",
  "lease grant",
  "lease end",
  "expiry",
  "cancel",
  "suspend",
  "unsuspend",
  "block",
  "purge",
  "payout paid",
  "payout failed",
] as const satisfies ActName[];

const vouchersInRun = 3;
const step = fc.record({ act: fc.constantFrom(...actNames), voucher: fc.nat({ max: vouchersInRun - 1 }) });
const caller = fc.array(step, { minLength: 1, maxLength: 12 });

describe("any commands from any number of callers at once", () => {
  test("take only steps of the machine's table, and the books and the funding hold", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(caller, { minLength: 2, maxLength: 6 }), async (callers) => {
        const subjects = await freshSubjects();
        await Promise.all(
          callers.map(async (steps) => {
            for (const { act, voucher } of steps) await run(act, subjects[voucher]);
          }),
        );
        await expectSteps();
        await expectBooks();
      }),
      { numRuns: 25 },
    );
    const { rows } = await server.client.pool.query<{ state: string }>(
      `select distinct after as state from steps`,
    );
    // What was generated has reached the states that matter.
    expect(rows.map(({ state }) => state)).toEqual(
      expect.arrayContaining([
        "activated",
        "leased",
        "redeeming",
        "consumed",
        "cancelled",
        "expired",
        "blocked",
      ]),
    );
  });
});

/** A payout needs its claim, so it claims first where the voucher still lets it. */
async function run(name: ActName, subject: Subject | undefined): Promise<void> {
  if (!subject) throw new Error("no such voucher");
  const store = testStore(server.client.pool);
  if (name.startsWith("payout") && !(await isClaimed(subject))) {
    await voucherActs.redeem(store, subject, firstRequestOf(subject)).catch(refuseAllBut("claims_pkey"));
    if (!(await isClaimed(subject))) return;
  }
  await voucherActs.acts[name].run(store, subject);
}

/** Two callers may come to the same request at once; over the API its key would make the second one wait. */
function refuseAllBut(constraint: string) {
  return (error: unknown): void => {
    if (!(error instanceof Error && "constraint" in error && error.constraint === constraint)) throw error;
  };
}

async function isClaimed(subject: Subject): Promise<boolean> {
  const found = `select from claims where id = $1`;
  const { rowCount } = await server.client.pool.query(found, [firstClaimOf(subject)]);
  return rowCount === 1;
}

async function freshSubjects(): Promise<Subject[]> {
  const vouchers = await server.institution.createVouchers(
    "FOO",
    Array.from({ length: vouchersInRun }, () => 7),
  );
  await server.institution.activate(vouchers.map(({ serialNumber }) => serialNumber));
  return vouchers.map((voucher) => ({ voucher, serial: BigInt(voucher.serialNumber) }));
}

const events: readonly VoucherEvent[] = [
  { type: "ACTIVATE" },
  { type: "CLAIM", entitled: true },
  ...(["SUSPEND", "UNSUSPEND", "BLOCK", "CANCEL", "EXPIRE", "PURGE"] as const).map((type) => ({ type })),
  ...(["GRANT_LEASE", "CLOSE_LEASE", "RELEASE_CLAIM", "CONSUME"] as const).map((type) => ({ type })),
];

async function expectSteps(): Promise<void> {
  const { rows } = await server.client.pool.query<{
    before: VoucherSnapshot["state"];
    pending_before: VoucherSnapshot["pending"];
    after: VoucherSnapshot["state"];
    pending_after: VoucherSnapshot["pending"];
  }>(`select distinct before, pending_before, after, pending_after from steps`);
  for (const row of rows) {
    const start = { state: row.before, pending: row.pending_before };
    const isStep = events.some((event) => {
      const decision = decideVoucher(start, event);
      return decision.ok && decision.next.state === row.after && decision.next.pending === row.pending_after;
    });
    expect(isStep, JSON.stringify(row)).toBe(true);
  }
}

async function expectBooks(): Promise<void> {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  const inside = accounts.filter(({ kind }) => kind !== "external");
  expect(inside.every(({ amountMinor }) => amountMinor >= 0n)).toBe(true);
  expect(inside.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(fundedMinor);
  const { rows } = await server.client.pool.query<{ reserved: bigint }>(
    `select coalesce(sum(amount_minor), 0)::bigint as reserved from vouchers
     where state in ('preActivated', 'activated', 'leased', 'suspended', 'blocked')`,
  );
  expect(accounts.find(({ kind }) => kind === "reserved")?.amountMinor).toBe(rows[0]?.reserved);
}
