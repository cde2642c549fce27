/** The execution of batches by a whole server, against a provider with books of its own. The provider is simulated. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Agency, payment } from "../../test/support/agency.ts";
import type { Payment } from "../../test/support/agency.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { SimulatedProvider } from "../../test/support/gateways.ts";
import type { Behaviour } from "../../test/support/gateways.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundAgency } from "../ledger/entries.ts";
import type { Message } from "../notifications/port.ts";
import { oneByOne } from "../payments/carrier.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import {
  putDisbursementFee,
  putDisbursementTerms,
  putReceivingInstitution,
} from "../postgres/disbursement-admin.ts";
import { putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import type { ResolvedPayee } from "../mapper/resolve.ts";

let server: TestServer;
let agency: Agency;
let provider: SimulatedProvider;
/** What the provider waits for before it takes a credit. */
let free: Promise<void>;
const messages: Message[] = [];
const payees = new Map<string, ResolvedPayee>();

const gateway: PaymentGateway = {
  isExternal: true,
  async credit(payout) {
    await free;
    return provider.credit(payout);
  },
  outcomeOf: (payout) => provider.outcomeOf(payout),
};

const terms = {
  institutionId: "welfare",
  payerBank: null,
  payerIdentifier: "welfare",
  countryCode: "254",
  voucherGroup: "FOO",
  duplicateDays: 0,
  mostFailedPercent: null,
  receiptLanguage: "en",
} as const;

beforeAll(async () => {
  server = await startTestServer({
    carrierOf: ({ perSecond }) => oneByOne(gateway, perSecond),
    resolvePayees: async (_tx, _institution, identities) =>
      new Map(identities.map((identity) => [identity, payees.get(identity) ?? { kind: "unknown" }])),
    sendMessage: async (message) => void messages.push(message),
  });
  const { pool } = server.client;
  agency = new Agency(server.institution);
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await agency.setUp(pool, terms);
  await putDisbursementTerms(pool, terms);
  const receiver = { gateway: "mobile-money", url: "http://simulated.example", perSecond: null } as const;
  await putReceivingInstitution(pool, {
    ...receiver,
    id: "MPESA",
    name: "Mobile money",
    rail: "non-bank",
    defaultFor: ["msisdn"],
  });
  await putReceivingInstitution(pool, { ...receiver, id: "KCB", name: "A bank", rail: "bank" });
  await fundForTest(pool, fundAgency("t-1", "welfare", { amountMinor: 100_000_000n, currency: "USD" }));
});

beforeEach(() => {
  provider = new SimulatedProvider();
  free = Promise.resolve();
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

let used = 10_000;
function some(count: number, changes: Partial<Payment> = {}): Payment[] {
  used += count;
  return Array.from({ length: count }, (_, index) => payment(used - count + index, changes));
}

async function executed(
  payments: readonly Payment[],
  query = "type=raw",
  ...states: string[]
): Promise<string> {
  const batchId = await agency.batch(payments, query);
  expect((await agency.approve(batchId)).status).toBe(200);
  await agency.waitForState(batchId, ...(states.length === 0 ? ["settled"] : states));
  return batchId;
}

describe("a batch", () => {
  test("is paid once each, its money moves once, and what it cost is in the books", async () => {
    const { pool } = server.client;
    await putDisbursementFee(pool, {
      institutionId: "welfare",
      currency: "USD",
      fixedMinor: 5n,
      basisPoints: 0,
    });
    const before = await balances();
    const batchId = await executed(some(250));
    await putDisbursementFee(pool, {
      institutionId: "welfare",
      currency: "USD",
      fixedMinor: 0n,
      basisPoints: 0,
    });
    expect(provider.arrivals).toHaveLength(250);
    expect([...provider.credited.values()]).toEqual(Array.from({ length: 250 }, () => 1_000n));
    const after = await balances();
    const moved = (account: string) => (after.get(account) ?? 0n) - (before.get(account) ?? 0n);
    expect(moved("agency:welfare:USD")).toBe(-250n * 1_005n);
    expect(moved("external:receiver-MPESA:USD")).toBe(250n * 1_000n);
    expect(moved("fees:paypost:USD")).toBe(250n * 5n);
    expect(after.get(`disbursement:${await idOf(batchId)}:USD`)).toBe(0n);
    expect(await agency.summary(batchId)).toMatchObject({ completed: 250, failed: 0, ongoing: 0 });
    const notes = server.receiver.received
      .filter(({ body }) => body["batchId"] === batchId)
      .map(({ body }) => body["note"]);
    expect(notes).toEqual(expect.arrayContaining(["The execution has begun"]));
    await server.receiver.waitFor(
      ({ body }) =>
        body["batchId"] === batchId && body["note"] === "Every payment has ended: 250 paid, 0 not",
    );
  });

  test("whatever becomes of its credits, each payee is paid at most once, and books and provider agree", async () => {
    const behaviour = fc.constantFrom<Behaviour>(
      "pays",
      "fails",
      "pays-unheard",
      "lost",
      "pays-and-throws",
      "throws",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(behaviour, { minLength: 1, maxLength: 6 }), async (behaviours) => {
        provider = new SimulatedProvider(behaviours);
        const payments = some(4);
        const batchId = await executed(payments);
        const { rows } = await server.client.pool.query<{ instruction_id: string; state: string }>(
          "select instruction_id, state from credit_instructions where batch = $1",
          [await idOf(batchId)],
        );
        for (const { instruction_id: id, state } of rows) {
          const credited = provider.credited.get(id) ?? 0n;
          expect([id, credited]).toEqual([id, state === "paid" ? 1_000n : 0n]);
        }
        expect(rows.every(({ state }) => state === "paid" || state === "failed")).toBe(true);
      }),
      { numRuns: 6 },
    );
  });

  test("is split by receiving institution; who has none is refused with a code and a reason", async () => {
    const [one, two, three] = some(3);
    if (!one || !two || !three) throw new Error("no payments");
    const batchId = await executed([
      one,
      { ...two, creditParty: [...two.creditParty, { key: "bankingInstitutionCode", value: "KCB" }] },
      { ...three, creditParty: [...three.creditParty, { key: "bankingInstitutionCode", value: "NOBODY" }] },
    ]);
    const { rows } = await server.client.pool.query(
      `select i.line, i.rail, c.institution_id, i.state, i.reason_code from credit_instructions i
       left join disbursement_chunks c on c.batch = i.batch and c.n = i.chunk where i.batch = $1 order by line`,
      [await idOf(batchId)],
    );
    expect(rows).toEqual([
      { line: 1, rail: "non-bank", institution_id: "MPESA", state: "paid", reason_code: null },
      { line: 2, rail: "bank", institution_id: "KCB", state: "paid", reason_code: null },
      { line: 3, rail: null, institution_id: null, state: "failed", reason_code: "RC01" },
    ]);
  });

  test("looks payees up when it is executed, also when they are tried again", async () => {
    const identity = (value: string) => ({ creditParty: [{ key: "payeeIdentity", value }] });
    const [known, unknown, inactive] = some(3);
    const payments = [
      { ...known, ...identity("P-1") },
      { ...unknown, ...identity("P-2") },
      { ...inactive, ...identity("P-3") },
    ] as Payment[];
    const batchId = await agency.batch(payments);
    payees.set("P-1", { kind: "mobile-money", fspId: null, account: "+254700000001" });
    payees.set("P-3", { kind: "inactive" });
    await agency.approve(batchId);
    await agency.waitForState(batchId, "settled");
    expect(await statesOf(batchId)).toEqual(["paid", "failed BE06", "failed AC06"]);
    payees.set("P-2", { kind: "bank", fspId: "KCB", account: "0123" });
    expect(await agency.command(batchId, "retry")).toMatchObject({ body: { state: "reauthorising" } });
    await vi.waitUntil(async () => (await statesOf(batchId))[1] === "paid", { timeout: 30_000 });
    await agency.waitForState(batchId, "settled");
    expect(await statesOf(batchId)).toEqual(["paid", "paid", "failed AC06"]);
    expect(provider.credited).toEqual(
      new Map([
        ["P-1", 1_000n],
        ["P-2", 1_000n],
      ]),
    );
  });

  test("pays one payee's instructions together where that is wanted; each has its receipt", async () => {
    const [a, b, c] = some(3);
    if (!a || !b || !c) throw new Error("no payments");
    const batchId = await executed([a, { ...b, creditParty: a.creditParty }, c], "type=raw&combine=true");
    expect(provider.arrivals).toHaveLength(2);
    expect(provider.credited.get(a.requestId)).toBe(2_000n);
    expect(await statesOf(batchId)).toEqual(["paid", "paid", "paid"]);
    const phone = a.creditParty[0]?.value;
    await vi.waitUntil(() => messages.filter(({ to }) => to.address === phone).length === 2, {
      timeout: 30_000,
    });
    expect(messages.find(({ to }) => to.address === phone)?.text).toMatch(
      /^welfare paid you USD\s10\.00 \(grant \d+\) on \d{4}-\d\d-\d\d\. Receipt [0-9A-Z]{12}\.$/,
    );
  });

  test("makes vouchers for payees who are paid by voucher, out of its own money, and delivers them", async () => {
    payees.set("V-1", { kind: "voucher" });
    const [one] = some(1);
    const before = await balances();
    const batchId = await executed([
      { ...one, creditParty: [{ key: "payeeIdentity", value: "V-1" }] } as Payment,
    ]);
    expect(await statesOf(batchId)).toEqual(["paid"]);
    const { body } = await server.receiver.waitFor(({ body }) => "voucherInstructions" in body);
    expect(body["voucherInstructions"]).toMatchObject([
      { instructionID: one?.requestId, amount: 10, status: "created", voucherNumber: expect.any(String) },
    ]);
    const after = await balances();
    expect(after.get("reserved:FOO:USD")).toBe(1_000n);
    expect(after.get("funding:FOO:USD") ?? 0n).toBe(before.get("funding:FOO:USD") ?? 0n);
    expect((after.get("agency:welfare:USD") ?? 0n) - (before.get("agency:welfare:USD") ?? 0n)).toBe(-1_000n);
  });
});

describe("steering", () => {
  test("a batch that is paused sends nothing more until it is resumed; then everything is paid once", async () => {
    const hold = Promise.withResolvers<void>();
    free = hold.promise;
    const batchId = await executed(some(600), "type=raw", "running");
    await vi.waitUntil(async () => (await statesOf(batchId)).includes("sent"), { timeout: 30_000 });
    expect(await agency.command(batchId, "pause")).toMatchObject({ body: { state: "paused" } });
    hold.resolve();
    await vi.waitUntil(async () => !(await statesOf(batchId)).includes("sent"), { timeout: 30_000 });
    const sent = provider.arrivals.length;
    expect(sent).toBeLessThan(600);
    expect((await agency.command(batchId, "pause")).status).toBe(409);
    await agency.command(batchId, "resume");
    await agency.waitForState(batchId, "settled");
    expect(new Set(provider.arrivals).size).toBe(600);
    expect(provider.arrivals).toHaveLength(600);
  });

  test("too many failures stop a batch; a person lets it go on, or gives up what was not begun", async () => {
    const query = "type=raw&mostFailedPercent=30";
    provider = new SimulatedProvider(Array.from({ length: 300 }, () => "fails" as const));
    const batchId = await executed(some(300), query, "halted");
    expect((await agency.summary(batchId))["note"]).toMatch(/100 % of the payments failed/);
    const { rows } = await server.client.pool.query("select from alerts where kind = 'batch-stopped'");
    expect(rows).toHaveLength(1);
    expect(await agency.command(batchId, "cancel")).toMatchObject({ body: { state: "ending" } });
    await agency.waitForState(batchId, "settled");
    const states = new Set((await statesOf(batchId)).map((state) => state.split(" ")[0]));
    expect(states.has("paid") || states.has("waiting")).toBe(false);
    expect(await heldFor(batchId)).toBe(0n);
  });

  test("failed instructions are tried again as new credits, while the batch runs on its held funds", async () => {
    provider = new SimulatedProvider(["fails", "fails"]);
    const batchId = await executed(some(2));
    expect(await statesOf(batchId)).toEqual(["failed MS03", "failed MS03"]);
    await agency.command(batchId, "retry");
    await vi.waitUntil(async () => (await statesOf(batchId)).every((state) => state === "paid"), {
      timeout: 30_000,
    });
    expect(new Set(provider.arrivals).size).toBe(4);
    await agency.waitForState(batchId, "settled");
    expect(await heldFor(batchId)).toBe(0n);
  });

  test("an institution is not paid faster than it can take it", async () => {
    const store = testStore(server.client.pool);
    const slow = {
      id: "SLOW",
      name: "Slow",
      rail: "bank",
      gateway: "bank",
      url: "http://x.example",
    } as const;
    await putReceivingInstitution(server.client.pool, { ...slow, perSecond: 10 });
    const pace = (count: number) => store.transaction((tx) => tx.execution.pace("SLOW", count));
    const [first, second, third] = [await pace(50), await pace(5), await pace(1)];
    expect(second.getTime() - first.getTime()).toBeCloseTo(5_000, -2);
    expect(third.getTime() - second.getTime()).toBeCloseTo(500, -2);
    const begun = performance.now();
    const batch = some(12).map((one) => ({
      ...one,
      creditParty: [...one.creditParty, { key: "dfspId", value: "SLOWER" }],
    }));
    await putReceivingInstitution(server.client.pool, { ...slow, id: "SLOWER", perSecond: 4 });
    await executed(batch);
    // The first goes at once, the others a quarter of a second after one another.
    expect(performance.now() - begun).toBeGreaterThan(11 * 250 - 100);
  });
});

test("the database itself keeps an instruction from being paid twice, and its history from being changed", async () => {
  const batchId = await executed(some(1));
  const id = await idOf(batchId);
  const { pool } = server.client;
  const ruleAgainst = (text: string): Promise<string | undefined> =>
    pool.query(text, [id]).then(
      () => "done",
      (error: { readonly constraint?: string }) => error.constraint,
    );
  const again = "insert into credit_attempts (batch, line, n, key) values ($1, 1, 2, 'another')";
  expect(await ruleAgainst(again)).toBe("one_credit_of_an_instruction");
  const back = "update credit_instructions set state = 'waiting' where batch = $1";
  expect(await ruleAgainst(back)).toBe("instruction_keeps_to_its_machine");
  const more = "update credit_instructions set amount_minor = 1 where batch = $1";
  expect(await ruleAgainst(more)).toBe("instruction_content_is_final");
  const undo = "update credit_attempts set outcome = 'failed' where batch = $1";
  expect(await ruleAgainst(undo)).toBe("credit_of_an_instruction_ends_once");
  const { rows } = await pool.query(
    "select state from credit_instruction_events where batch = $1 order by id",
    [id],
  );
  expect(rows).toEqual([{ state: "sent" }, { state: "paid" }]);
  const rewrite = "update credit_instruction_events set state = 'failed' where batch = $1";
  expect(await ruleAgainst(rewrite)).toBe("credit_instruction_events_append_only");
});

async function statesOf(batchId: string): Promise<string[]> {
  const { rows } = await server.client.pool.query<{ state: string; code: string | null }>(
    "select state, reason_code as code from credit_instructions where batch = $1 order by line",
    [await idOf(batchId)],
  );
  return rows.map(({ state, code }) => (code === null ? state : `${state} ${code}`));
}

async function idOf(batchId: string): Promise<bigint> {
  const { rows } = await server.client.pool.query<{ id: bigint }>(
    "select id from disbursement_batches where batch_id = $1",
    [batchId],
  );
  return rows[0]?.id ?? 0n;
}

async function balances(): Promise<ReadonlyMap<string, bigint>> {
  const accounts = await trialBalance(server.client.pool);
  return new Map(accounts.map(({ id, amountMinor }) => [id, amountMinor]));
}

async function heldFor(batchId: string): Promise<bigint | undefined> {
  return (await balances()).get(`disbursement:${await idOf(batchId)}:USD`);
}
