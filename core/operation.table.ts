/** Every state of an operation against every verdict; `!` where it has its final one. */
import type { OperationEvent, OperationState } from "./operation.machine.ts";

type Row = Readonly<Record<OperationEvent["type"], OperationState | "!">>;

export const operationTable: Readonly<Record<OperationState, Row>> = {
  queued: { APPLY: "applied", REJECT: "rejected", HOLD: "held", WRITE_OFF: "writtenOff" },
  held: { APPLY: "applied", REJECT: "rejected", HOLD: "held", WRITE_OFF: "writtenOff" },
  applied: { APPLY: "!", REJECT: "!", HOLD: "!", WRITE_OFF: "!" },
  rejected: { APPLY: "!", REJECT: "!", HOLD: "!", WRITE_OFF: "!" },
  writtenOff: { APPLY: "!", REJECT: "!", HOLD: "!", WRITE_OFF: "!" },
};
