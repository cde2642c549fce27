/** How the shells use the machines of a bulk disbursement: as `./decide.ts` uses the others. */
import { transition } from "xstate";
import { batchMachine } from "./batch.machine.ts";
import type { BatchEffect, BatchEvent, BatchState } from "./batch.machine.ts";
import { creditInstructionMachine } from "./credit-instruction.machine.ts";
import type {
  CreditInstructionEffect,
  CreditInstructionEvent,
  CreditInstructionState,
} from "./credit-instruction.machine.ts";

export type BatchDecision =
  | { readonly ok: true; readonly next: BatchState; readonly effects: readonly BatchEffect[] }
  | { readonly ok: false; readonly refusal: { readonly code: "batch-state"; readonly state: BatchState } };

export function decideBatch(state: BatchState, event: BatchEvent): BatchDecision {
  const snapshot = batchMachine.resolveState({ value: state });
  if (!snapshot.can(event)) return { ok: false, refusal: { code: "batch-state", state } };
  const [next, actions] = transition(batchMachine, snapshot, event);
  return { ok: true, next: next.value, effects: actions.map(({ type }) => type as BatchEffect) };
}

export type CreditInstructionDecision =
  | {
      readonly ok: true;
      readonly next: CreditInstructionState;
      readonly effects: readonly CreditInstructionEffect[];
    }
  | { readonly ok: false; readonly state: CreditInstructionState };

export function decideCreditInstruction(
  state: CreditInstructionState,
  event: CreditInstructionEvent,
): CreditInstructionDecision {
  const snapshot = creditInstructionMachine.resolveState({ value: state });
  if (!snapshot.can(event)) return { ok: false, state };
  const [next, actions] = transition(creditInstructionMachine, snapshot, event);
  return { ok: true, next: next.value, effects: actions.map(({ type }) => type as CreditInstructionEffect) };
}
