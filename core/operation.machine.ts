/**
 * The life of an offline operation (design: "Every operation is open or ended, each exactly once").
 *
 * O1  An operation gets exactly one final verdict: `applied`, `rejected` or `writtenOff`; no later verdict changes it.
 * O2  A held operation stays open until it is decided; being told twice that it is held changes nothing.
 */
import { setup } from "xstate";

export type OperationState = "queued" | "held" | "applied" | "rejected" | "writtenOff";

export type OperationEvent =
  | { readonly type: "APPLY" }
  | { readonly type: "REJECT" }
  | { readonly type: "HOLD" }
  /** Two people gave the operation up, with the amount shown. */
  | { readonly type: "WRITE_OFF" };

export const operationMachine = setup({
  types: { events: {} as OperationEvent },
}).createMachine({
  id: "operation",
  initial: "queued",
  states: {
    queued: {
      on: { APPLY: "applied", REJECT: "rejected", HOLD: "held", WRITE_OFF: "writtenOff" },
    },
    held: {
      on: { APPLY: "applied", REJECT: "rejected", HOLD: {}, WRITE_OFF: "writtenOff" },
    },
    applied: { type: "final" },
    rejected: { type: "final" },
    writtenOff: { type: "final" },
  },
});

/** Open operations await a verdict; ended ones have their only one. */
export function isOpen(state: OperationState): boolean {
  return state === "queued" || state === "held";
}
