/**
 * How the shells use the machines: a state and an event in, the next state and the effects as data out, or a
 * refusal with its reason. Nothing is carried out here.
 */
import { getNextTransitions, transition } from "xstate";
import { beneficiaryMachine } from "./beneficiary.machine.ts";
import type { BeneficiaryEvent, BeneficiaryState } from "./beneficiary.machine.ts";
import { disputeMachine } from "./dispute.machine.ts";
import type { DisputeEvent, DisputeState } from "./dispute.machine.ts";
import { effectNames } from "./effects.ts";
import { lookUpMachine } from "./look-up.machine.ts";
import type { LookUpContext, LookUpEffect, LookUpEvent, LookUpState } from "./look-up.machine.ts";
import { operationMachine } from "./operation.machine.ts";
import type { OperationEvent, OperationState } from "./operation.machine.ts";
import { redemptionMachine } from "./redemption.machine.ts";
import type {
  RedemptionContext,
  RedemptionEffect,
  RedemptionEvent,
  RedemptionState,
} from "./redemption.machine.ts";
import { voucherMachine } from "./voucher.machine.ts";
import type { VoucherContext, VoucherEffect, VoucherEvent, VoucherState } from "./voucher.machine.ts";
import { voucherRefusal } from "./voucher-refusal.ts";
import type { VoucherRefusal } from "./voucher-refusal.ts";

export interface VoucherSnapshot extends VoucherContext {
  readonly state: VoucherState;
}

export type VoucherDecision =
  | { readonly ok: true; readonly next: VoucherSnapshot; readonly effects: readonly VoucherEffect[] }
  | { readonly ok: false; readonly refusal: VoucherRefusal };

const voucherDecisions = new Map<string, VoucherDecision>();

export function decideVoucher({ state, pending }: VoucherSnapshot, event: VoucherEvent): VoucherDecision {
  const asked = `${state} ${pending} ${event.type} ${event.type === "CLAIM" && event.entitled}`;
  return remembered(voucherDecisions, asked, () => {
    const snapshot = voucherMachine.resolveState({ value: state, context: { pending } });
    if (!snapshot.can(event)) return { ok: false, refusal: voucherRefusal({ state, pending }, event) };
    const [next, actions] = transition(voucherMachine, snapshot, event);
    return {
      ok: true,
      next: { state: next.value, pending: next.context.pending },
      effects: effectNames<VoucherEffect>(actions),
    };
  });
}

export type RedemptionDecision =
  | { readonly ok: true; readonly next: RedemptionState; readonly effects: readonly RedemptionEffect[] }
  | {
      readonly ok: false;
      readonly refusal: { readonly code: "redemption-ended"; readonly state: RedemptionState };
    };

const redemptionDecisions = new Map<string, RedemptionDecision>();

export function decideRedemption(
  state: RedemptionState,
  { offline }: RedemptionContext,
  event: RedemptionEvent,
): RedemptionDecision {
  return remembered(redemptionDecisions, `${state} ${offline} ${event.type}`, () => {
    const snapshot = redemptionMachine.resolveState({ value: state, context: { offline } });
    if (!snapshot.can(event)) return { ok: false, refusal: { code: "redemption-ended", state } };
    const [next, actions] = transition(redemptionMachine, snapshot, event);
    return { ok: true, next: next.value, effects: effectNames<RedemptionEffect>(actions) };
  });
}

export type OperationDecision =
  | { readonly ok: true; readonly next: OperationState }
  | {
      readonly ok: false;
      readonly refusal: { readonly code: "operation-ended"; readonly state: OperationState };
    };

const operationDecisions = new Map<string, OperationDecision>();

export function decideOperation(state: OperationState, event: OperationEvent): OperationDecision {
  return remembered(operationDecisions, `${state} ${event.type}`, () => {
    const snapshot = operationMachine.resolveState({ value: state });
    if (!handles(snapshot, event.type)) return { ok: false, refusal: { code: "operation-ended", state } };
    const [next] = transition(operationMachine, snapshot, event);
    return { ok: true, next: next.value };
  });
}

export type DisputeDecision = { readonly ok: true; readonly next: DisputeState } | { readonly ok: false };

export function decideDispute(state: DisputeState, event: DisputeEvent): DisputeDecision {
  const snapshot = disputeMachine.resolveState({ value: state });
  if (!snapshot.can(event)) return { ok: false };
  const [next] = transition(disputeMachine, snapshot, event);
  return { ok: true, next: next.value };
}

/** Why a payee's standing does not allow what is asked. */
export type StandingRefusal = "already-registered" | "not-registered";

export type StandingDecision =
  | { readonly ok: true; readonly next: BeneficiaryState; readonly clearsAddresses: boolean }
  | { readonly ok: false; readonly refusal: StandingRefusal };

export function decideStanding(state: BeneficiaryState, type: BeneficiaryEvent["type"]): StandingDecision {
  const snapshot = beneficiaryMachine.resolveState({ value: state });
  if (!handles(snapshot, type))
    return { ok: false, refusal: type === "REGISTER" ? "already-registered" : "not-registered" };
  const [next, actions] = transition(beneficiaryMachine, snapshot, { type });
  return { ok: true, next: next.value, clearsAddresses: effectNames(actions).includes("clearAddresses") };
}

export interface LookUpSnapshot extends LookUpContext {
  readonly state: LookUpState;
}

export type LookUpDecision =
  | { readonly ok: true; readonly next: LookUpSnapshot; readonly effects: readonly LookUpEffect[] }
  | { readonly ok: false };

export const newLookUp: LookUpSnapshot = { state: "requested", revealed: false };

export function decideLookUp({ state, revealed }: LookUpSnapshot, event: LookUpEvent): LookUpDecision {
  const snapshot = lookUpMachine.resolveState({ value: state, context: { revealed } });
  if (!snapshot.can(event)) return { ok: false };
  const [next, actions] = transition(lookUpMachine, snapshot, event);
  return {
    ok: true,
    next: { state: next.value, revealed: next.context.revealed },
    effects: effectNames<LookUpEffect>(actions),
  };
}

/**
 * A machine answers the same every time that it is asked the same, and there are few things to ask: each is worked out
 * once, since machines take many times as long as everything else about a decision.
 */
function remembered<Decision>(
  decisions: Map<string, Decision>,
  asked: string,
  decide: () => Decision,
): Decision {
  const known = decisions.get(asked);
  if (known !== undefined) return known;
  const decision = decide();
  decisions.set(asked, decision);
  return decision;
}

// `can` is false for a transition that changes nothing, which for a repeated HOLD is still an answer.
function handles(snapshot: Parameters<typeof getNextTransitions>[0], type: string): boolean {
  return getNextTransitions(snapshot).some((next) => next.eventType === type);
}
