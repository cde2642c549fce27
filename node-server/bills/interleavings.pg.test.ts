/**
 * Inquiries, payments, requests to pay and vouchers for the same bills, at random and at once, with a biller that
 * acknowledges or rejects as it likes: each bill is paid once (B1), the books balance (B2), and all are told the same.
 */
import * as fc from "fast-check";
import nacl from "tweetnacl";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seal } from "#sync/signing/sealed.ts";
import { BillParty, isAdvice, link, registerBiller, registerPayerFi } from "../../test/support/bill-party.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
let biller: BillParty;
let banks: readonly BillParty[];
let serverKey: Uint8Array;
let rounds = 0;
let changes = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  biller = await BillParty.start("power", server);
  banks = [await BillParty.start("bank-1", server), await BillParty.start("bank-2", server)];
  await registerBiller(pool, biller, { prefix: "EL", voucherGroups: ["FOO"] });
  for (const [index, bank] of banks.entries()) {
    await registerPayerFi(pool, bank, { bic: `BANKKEN${index}` });
    await link(pool, biller, bank);
  }
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(pool, fundGroup("t", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  serverKey = await server.institution.serverKey();
});

afterAll(async () => {
  for (const party of [biller, ...(banks ?? [])]) await party?.close();
  await server?.close();
});

type Act =
  | { readonly act: "pay"; readonly bank: 0 | 1 }
  | {
      readonly act: "ask";
      readonly bank: 0 | 1;
      readonly afterwards: "accept" | "reject" | "pay" | "silence";
    }
  | { readonly act: "voucher"; readonly bank: 0 | 1 }
  | { readonly act: "change" }
  | { readonly act: "cancel" };

const bank = fc.constantFrom(0, 1);
const acts: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: fc.record({ act: fc.constant("pay"), bank }), weight: 4 },
  {
    arbitrary: fc.record({
      act: fc.constant("ask"),
      bank,
      afterwards: fc.constantFrom("accept", "reject", "pay", "silence"),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ act: fc.constant("voucher"), bank }), weight: 2 },
  fc.record({ act: fc.constantFrom("change", "cancel") }),
);

test("B1, B2, B4: however they interleave, a bill is paid once, the books balance and all are told the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(acts, { minLength: 2, maxLength: 8 }),
      fc.array(fc.constantFrom("ACK", "Und", "Def"), { minLength: 1, maxLength: 4 }),
      playAndCheck,
    ),
    { numRuns: 12 },
  );
});

async function playAndCheck(script: readonly Act[], verdicts: readonly string[]): Promise<void> {
  rounds++;
  const billId = `EL-${rounds}`;
  let told = 0;
  biller.react = (message) => {
    if (!isAdvice(message)) return undefined;
    const verdict = verdicts[told++ % verdicts.length] ?? "ACK";
    return verdict === "ACK" ? biller.settle(message, "ACK") : biller.settle(message, "RJC", verdict);
  };
  await change(billId);
  const sent: Sent[] = [];
  await Promise.all(script.map((act, index) => play(act, billId, index, sent)));
  const outcomes = await Promise.all(
    sent.map(async ({ bank: by, requestId }) => (await by.answerTo(requestId)).body),
  );
  await checkBill(billId, outcomes);
}

interface Sent {
  readonly bank: BillParty;
  readonly requestId: string;
}

/** Plays one act, and notes the payment that it sent, if it was taken. */
async function play(act: Act, billId: string, index: number, sent: Sent[]): Promise<void> {
  if (act.act === "change") return change(billId);
  if (act.act === "cancel") {
    await biller.call("PUT", `/transferRequests/${rtpIdOf(0)}?command=cancel`, {
      requestId: biller.nextRequestId(),
    });
    return;
  }
  const payer = banks[act.bank];
  if (!payer) throw new Error("no such bank");
  const pay = async (basis: string) => {
    const { requestId, status } = await payer.pay(billId, basis);
    expect(status).toBe(202);
    sent.push({ bank: payer, requestId });
  };
  if (act.act === "pay") return pay((await payer.inquire(billId)).requestId);
  if (act.act === "voucher") return payByVoucher(payer, billId, sent);
  const asked = await biller.call("POST", "/rtpRequest", {
    requestId: biller.nextRequestId(),
    rtpId: rtpIdOf(index),
    billId,
    requestType: "00",
    payerFiDetails: { payerFIBIC: `BANKKEN${act.bank}`, financialAddress: "1" },
    billDetails: { billerName: "Power", amount: 20, currency: "USD" },
  });
  // Paid meanwhile.
  expect([200, 409]).toContain(asked.status);
  if (asked.status === 409) return;
  const message = await payer.receiver.waitFor(({ body }) => body["rTPID"] === rtpIdOf(index));
  const txnId = String(message.body["TxnID"]);
  if (act.afterwards === "pay") return pay(txnId);
  if (act.afterwards === "silence") return;
  await payer.call("POST", "/rtpResponse", {
    requestId: payer.nextRequestId(),
    txnId,
    rtpId: rtpIdOf(index),
    billId,
    rtpStatus: act.afterwards === "accept" ? "00" : "01",
  });
}

function rtpIdOf(index: number): number {
  return rounds * 100 + index;
}

async function change(billId: string): Promise<void> {
  await biller.call("POST", `/bills/${billId}`, {
    billDetails: { amountOnDueDate: 20, currency: "USD", area: `area ${++changes}` },
  });
}

async function payByVoucher(payer: BillParty, billId: string, sent: Sent[]): Promise<void> {
  const [issued] = await server.institution.createVouchers("FOO", [20]);
  if (!issued) throw new Error("no voucher was made");
  await server.institution.activate([issued.serialNumber]);
  const { requestId: billInquiryRequestId } = await payer.inquire(billId);
  const box = seal(serverKey, new TextEncoder().encode(issued.number), (length) => nacl.randomBytes(length));
  const requestId = payer.nextRequestId();
  const answer = await payer.call("POST", "/voucherRedemption", {
    requestId,
    billInquiryRequestId,
    billId,
    VoucherSecretHash: `box:${Buffer.from(box).toString("base64")}`,
  });
  if (answer.status === 202) sent.push({ bank: payer, requestId });
  else expect(await server.institution.status(issued.serialNumber)).toBe("Activated");
}

async function checkBill(
  billId: string,
  outcomes: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const { pool } = server.client;
  const { rows } = await pool.query<{ state: string; request_id: string; reference: string }>(
    `select state, request_id, reference from bill_payments where bill_id = $1`,
    [billId],
  );
  const paid = rows.filter(({ state }) => state === "acknowledged");
  expect(paid.length).toBeLessThanOrEqual(1);
  const acknowledged = outcomes.filter(({ status }) => status === "ACK").map(({ requestId }) => requestId);
  expect(acknowledged).toEqual(paid.map(({ request_id }) => request_id));
  // The first payment is named to whoever came second; it may have been given back since.
  const references = rows.map(({ reference }) => reference);
  for (const { rejectReason, firstPaymentReferenceID } of outcomes)
    if (rejectReason === "Dup") expect(references).toContain(firstPaymentReferenceID);
  const accounts = await trialBalance(pool);
  expect(accounts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(0n);
  const of = (id: string) => accounts.find((account) => account.id === id)?.amountMinor ?? 0n;
  const sums = await pool.query<{ credited: bigint; held: bigint }>(
    `select coalesce(sum(amount_minor) filter (where state = 'acknowledged'), 0)::bigint as credited,
       coalesce(sum(amount_minor) filter (where state = 'advised'), 0)::bigint as held from bill_payments`,
  );
  expect([of("biller:power:USD"), of("billHeld:power:USD")]).toEqual([
    sums.rows[0]?.credited,
    sums.rows[0]?.held,
  ]);
  const requests = await pool.query<{ state: string }>(
    `select state from requests_to_pay where bill_id = $1`,
    [billId],
  );
  const states = requests.rows.map(({ state }) => state);
  if (paid.length === 0) expect(states).not.toContain("completed");
  else for (const open of ["pending", "accepted", "paying"]) expect(states).not.toContain(open);
}
