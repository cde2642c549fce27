/** How rows look in the output. Field names are stable: programs read them. */
import { formatMajor } from "#core/money.ts";
import { isOpen } from "#core/operation.machine.ts";
import { formatSerial } from "#core/voucher-number.ts";
import { toBase64 } from "#sync/base64.ts";
import type { QueueStorage } from "#sync/ports/queue-storage.ts";
import type { NewRelease } from "../worker/store/leases.ts";
import type { RedemptionRecord } from "../worker/store/redemptions.ts";
import { moneyText } from "./messages.ts";

export function operationView(record: RedemptionRecord) {
  return {
    sequence: record.sequence,
    operationId: record.operationId,
    type: "redeem-voucher" as const,
    serial: formatSerial(record.serial),
    mode: record.mode,
    provisional: isProvisional(record),
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

/** Taken at risk, and the server has not said yet that no other till was first. */
function isProvisional({ mode, state }: RedemptionRecord): boolean {
  return mode === "at-risk" && isOpen(state);
}

export function receiptView(record: RedemptionRecord) {
  const { verdictList } = record;
  return { ...operationView(record), verdictList: verdictList && toBase64(verdictList) };
}

export function operationLine(record: RedemptionRecord): string {
  const provisional = isProvisional(record) ? "provisional" : null;
  const verdict = [record.state, record.reason, record.transactionId, provisional].filter(
    (part) => part !== null,
  );
  return `${record.sequence}  ${formatSerial(record.serial)}  ${moneyText(record)}  ${verdict.join("  ")}`;
}

/** A voucher that was given back. */
export function releaseView(queue: QueueStorage, { sequence, serial, cause }: NewRelease) {
  const operation = queue.find(sequence);
  if (!operation) throw new Error(`a release without its operation ${sequence}`);
  const { operationId, state, reason, createdMs } = operation;
  return {
    sequence,
    operationId,
    type: "release-lease" as const,
    serial: formatSerial(serial),
    cause,
    state,
    reason,
    createdAt: new Date(createdMs).toISOString(),
  };
}

export function releaseLine({ sequence, serial, cause, state }: ReturnType<typeof releaseView>): string {
  return `${sequence}  ${serial}  ${cause === "recalled" ? "given back, as asked" : "given back"}  ${state}`;
}
