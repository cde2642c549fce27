/** How rows look in the output. Field names are stable: programs read them. */
import { formatMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import { toBase64 } from "#sync/base64.ts";
import type { RedemptionRecord } from "../worker/store/redemptions.ts";
import { moneyText } from "./messages.ts";

export function operationView(record: RedemptionRecord): Readonly<Record<string, unknown>> {
  return {
    sequence: record.sequence,
    operationId: record.operationId,
    type: "redeem-voucher",
    serial: formatSerial(record.serial),
    mode: record.mode,
    amount: formatMajor(record),
    currency: record.currency,
    actor: record.actor,
    state: record.state,
    reason: record.reason,
    transactionId: record.transactionId,
    createdAt: new Date(record.createdMs).toISOString(),
    decidedAt: record.decidedMs === null ? null : new Date(record.decidedMs).toISOString(),
    hash: Buffer.from(record.hash).toString("hex"),
  };
}

export function receiptView(record: RedemptionRecord): Readonly<Record<string, unknown>> {
  const { verdictList } = record;
  return { ...operationView(record), verdictList: verdictList && toBase64(verdictList) };
}

export function operationLine(record: RedemptionRecord): string {
  const verdict = [record.state, record.reason, record.transactionId].filter((part) => part !== null);
  return `${record.sequence}  ${formatSerial(record.serial)}  ${moneyText(record)}  ${verdict.join("  ")}`;
}
