/**
 * The promises about bills, checked against the database, the biller's books and what the screens said.
 *
 * P11 A bill is paid once: by one payment in the books, and acknowledged once by its biller.
 * P12 Cash is somewhere: what an agent took is the biller's, on its way there, or listed for refund, which is made once;
 *     a float is what was paid in less that, and a till takes no cash beyond it.
 * P13 Everybody is told the same: the biller, the books and the operation's verdict.
 *
 * What a restored server has forgotten and no till was told of is outside of P11 and P13 at the biller.
 */
import { accountId } from "../../node-server/ledger/entries.ts";
import { agentDebt, floatOf } from "../../node-server/ledger/bill-entries.ts";
import type { Tx } from "../../node-server/ports/store.ts";
import type { SimulatedNode } from "./node.ts";
import { operationOf } from "./read-operation.ts";
import { operationKey } from "./record.ts";
import type { Tell } from "./promises.ts";
import { merchants } from "./server.ts";
import type { Server } from "./server.ts";

export interface PaymentRow {
  readonly id: bigint;
  readonly bill_id: string;
  readonly reference: string;
  readonly state: "advised" | "acknowledged" | "rejected" | "refused";
  readonly means: "account" | "voucher" | "cash";
  readonly amount_minor: bigint | null;
  readonly merchant_id: string | null;
  readonly node_id: string | null;
  readonly operation_hash: Buffer | null;
  readonly is_listed: boolean;
}

export function billPaymentRows(server: Server): Promise<PaymentRow[]> {
  return server.rows<PaymentRow>(
    `select p.id, bill_id, reference, state, means, amount_minor, p.merchant_id, node_id::text, operation_hash,
       r.payment is not null as is_listed
     from bill_payments p left join bill_refunds r on r.payment = p.id order by p.id`,
  );
}

export async function billPromises(
  server: Server,
  tx: Tx,
  payments: readonly PaymentRow[],
  nodes: readonly SimulatedNode[],
  settled: boolean,
  tell: Tell,
): Promise<void> {
  paidOnce(server, payments, tell);
  await floatsAdd(tx, server, payments, tell);
  cashIsSomewhere(server, payments, settled, tell);
  givenBackOnce(server, tell);
  withinFloat(nodes, tell);
  if (settled) toldTheSame(server, payments, tell);
}

function paidOnce({ desk, record }: Server, payments: readonly PaymentRow[], tell: Tell): void {
  const live = payments.filter(({ state }) => state === "advised" || state === "acknowledged");
  for (const [billId, rows] of Map.groupBy(live, (row) => row.bill_id))
    if (rows.length > 1) tell("P11", `bill ${billId} has ${rows.length} payments`);
  for (const [billId, references] of desk.biller.acknowledged)
    if (references.size > 1 && !record.forgottenBills.has(billId))
      tell("P11", `bill ${billId} was acknowledged as paid by ${[...references].join(" and ")}`);
}

async function floatsAdd(
  tx: Tx,
  { desk }: Server,
  payments: readonly PaymentRow[],
  tell: Tell,
): Promise<void> {
  const money = { amountMinor: 0n, currency: "USD" };
  for (const merchantId of merchants) {
    const float = await tx.ledger.lockBalance(accountId(floatOf(merchantId, money)));
    const debt = await tx.ledger.lockBalance(accountId(agentDebt(merchantId, money)));
    const taken = payments
      .filter((row) => row.merchant_id === merchantId && row.means === "cash")
      .filter(({ state }) => state === "advised" || state === "acknowledged")
      .reduce((sum, row) => sum + (row.amount_minor ?? 0n), 0n);
    const expected = desk.paidIn(merchantId) - taken;
    if (float + debt !== expected)
      tell(
        "P12",
        `${merchantId} has a float of ${float} and a debt of ${-debt}; its cash leaves ${expected}`,
      );
  }
}

function cashIsSomewhere(
  { record }: Server,
  payments: readonly PaymentRow[],
  settled: boolean,
  tell: Tell,
): void {
  const byOperation = new Map(
    payments.flatMap((row) =>
      row.node_id === null || row.operation_hash === null
        ? []
        : [[operationKey({ nodeId: row.node_id, hash: row.operation_hash }), row] as const],
    ),
  );
  for (const [key, { row }] of record.operations) {
    if (row.type !== "pay-bill" && row.type !== "pay-bill-with-voucher") continue;
    const payment = byOperation.get(key);
    const name = `operation ${row.nodeId.slice(-4)}/${row.sequence}`;
    const isAcknowledged = payment?.state === "acknowledged";
    if ((row.state === "applied") !== isAcknowledged)
      tell("P13", `${name} is ${row.state}, its payment ${payment?.state ?? "nowhere"}`);
    if (row.type === "pay-bill" && row.state === "rejected" && payment?.is_listed !== true)
      tell("P12", `${name} is rejected, and its cash is not listed for refund`);
    if (row.state === "held" && row.reason === "awaiting-biller" && payment?.state !== "advised")
      tell("P13", `${name} waits for the biller of a payment that is ${payment?.state ?? "nowhere"}`);
    if (settled && payment?.state === "advised")
      tell("P4", `payment ${payment.id} still waits for its biller`);
  }
}

function givenBackOnce({ record }: Server, tell: Tell): void {
  const refunded = new Set<string>();
  for (const stored of record.operations.values()) {
    if (stored.row.type !== "refund-bill" || stored.row.state !== "applied") continue;
    const { body } = operationOf(stored);
    if (body.type !== "refund-bill") continue;
    const key = operationKey({ nodeId: stored.row.nodeId, hash: body.payment });
    if (refunded.has(key)) tell("P12", `the cash of ${key} was given back twice`);
    refunded.add(key);
  }
}

function withinFloat(nodes: readonly SimulatedNode[], tell: Tell): void {
  for (const { name, takenBeyondFloat } of nodes)
    for (const billId of takenBeyondFloat) tell("P12", `${name} took cash for ${billId} beyond its float`);
}

function toldTheSame({ desk, record }: Server, payments: readonly PaymentRow[], tell: Tell): void {
  const known = new Set(payments.filter(({ state }) => state === "acknowledged").map((row) => row.reference));
  for (const [billId, references] of desk.biller.acknowledged)
    for (const reference of references)
      if (!known.has(reference) && !record.forgottenBills.has(billId))
        tell("P13", `the biller has ${billId} as paid by ${reference}, the server has not`);
  for (const { bill_id: billId, reference } of payments.filter(({ state }) => state === "acknowledged"))
    if (desk.biller.acknowledged.get(billId)?.has(reference) !== true)
      tell("P13", `the server has ${billId} as paid by ${reference}, the biller has not`);
}
