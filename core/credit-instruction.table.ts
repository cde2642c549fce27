/** Every state of a credit instruction against every event; `!` where it is refused. */
import type { CreditInstructionEvent, CreditInstructionState } from "./credit-instruction.machine.ts";

type Row = Readonly<Record<CreditInstructionEvent["type"], CreditInstructionState | "!">>;

const none: Row = {
  SEND: "!",
  REFUSE: "!",
  PAID: "!",
  FAILED: "!",
  UNKNOWN: "!",
  RETRY: "!",
  CANCEL: "!",
};

export const creditInstructionTable: Readonly<Record<CreditInstructionState, Row>> = {
  waiting: { ...none, SEND: "sent", REFUSE: "failed", CANCEL: "cancelled" },
  sent: { ...none, PAID: "paid", FAILED: "failed", UNKNOWN: "unknown" },
  unknown: { ...none, PAID: "paid", FAILED: "failed", UNKNOWN: "unknown" },
  paid: none,
  failed: { ...none, RETRY: "waiting" },
  cancelled: none,
};
