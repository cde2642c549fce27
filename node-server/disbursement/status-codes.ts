/** How a payment and a batch stand, in the status codes of ISO 20022 (external payment transaction and group status). */
import type { BatchState } from "#core/batch.machine.ts";
import type { CreditInstructionState } from "#core/credit-instruction.machine.ts";
import type { BatchTotals } from "../ports/disbursement.ts";

export type PaymentStatus = "PDNG" | "ACCP" | "ACSP" | "ACSC" | "RJCT" | "CANC";

/** An instruction that waits is pending until its batch is released, and accepted from then on. */
export function paymentStatus(state: CreditInstructionState, batch: BatchState): PaymentStatus {
  switch (state) {
    case "waiting":
      return waitingStatus(batch);
    case "sent":
      return "ACSP";
    case "unknown":
      return "PDNG";
    case "paid":
      return "ACSC";
    case "failed":
      return "RJCT";
    case "cancelled":
      return "CANC";
  }
}

function waitingStatus(batch: BatchState): PaymentStatus {
  switch (batch) {
    case "received":
    case "authorising":
      return "PDNG";
    case "rejected":
    case "unfunded":
      return "RJCT";
    case "cancelled":
      return "CANC";
    case "scheduled":
    case "running":
    case "paused":
    case "halted":
    case "ending":
    case "settled":
    case "reauthorising":
      return "ACCP";
  }
}

/** States in which a payment of the batch has one of these statuses. */
export function statesOf(status: string, batch: BatchState): CreditInstructionState[] {
  return states.filter((state) => paymentStatus(state, batch) === status);
}

const states: readonly CreditInstructionState[] = [
  "waiting",
  "sent",
  "unknown",
  "paid",
  "failed",
  "cancelled",
];

/** Of the whole batch. */
export function groupStatus(batch: BatchState, totals: BatchTotals): PaymentStatus | "RCVD" | "PART" {
  switch (batch) {
    case "received":
      return "RCVD";
    case "authorising":
      return "PDNG";
    case "scheduled":
      return "ACCP";
    case "rejected":
    case "unfunded":
      return "RJCT";
    case "cancelled":
      return "CANC";
    case "running":
    case "paused":
    case "halted":
    case "ending":
    case "settled":
    case "reauthorising":
      if (totals.ongoing > 0) return totals.failed > 0 ? "PART" : "ACSP";
      if (totals.failed === 0) return "ACSC";
      return totals.completed > 0 ? "PART" : "RJCT";
  }
}
