/** How the shells use the machines of bills; see `decide.ts`. */
import { transition } from "xstate";
import { billPaymentMachine } from "./bill-payment.machine.ts";
import type {
  BillPaymentContext,
  BillPaymentEffect,
  BillPaymentEvent,
  BillPaymentState,
} from "./bill-payment.machine.ts";
import { effectNames } from "./effects.ts";
import { requestToPayMachine } from "./request-to-pay.machine.ts";
import type {
  RequestToPayContext,
  RequestToPayEffect,
  RequestToPayEvent,
  RequestToPayState,
} from "./request-to-pay.machine.ts";

export type BillPaymentRefusalCode = "judged-before" | "not-advised" | "answered-before" | "contradicted";

export type BillPaymentDecision =
  | { readonly ok: true; readonly next: BillPaymentState; readonly effects: readonly BillPaymentEffect[] }
  | { readonly ok: false; readonly code: BillPaymentRefusalCode };

export function decideBillPayment(
  state: BillPaymentState,
  context: BillPaymentContext,
  event: BillPaymentEvent,
): BillPaymentDecision {
  const snapshot = billPaymentMachine.resolveState({ value: state, context });
  if (!snapshot.can(event)) return { ok: false, code: billPaymentRefusal(state, event) };
  const [next, actions] = transition(billPaymentMachine, snapshot, event);
  return { ok: true, next: next.value, effects: effectNames<BillPaymentEffect>(actions) };
}

function billPaymentRefusal(state: BillPaymentState, event: BillPaymentEvent): BillPaymentRefusalCode {
  if (event.type === "ACCEPT" || event.type === "REFUSE") return "judged-before";
  if (state !== "acknowledged" && state !== "rejected") return "not-advised";
  const isSame = (state === "acknowledged") === (event.type === "BILLER_ACKNOWLEDGES");
  return isSame ? "answered-before" : "contradicted";
}

export interface RequestToPaySnapshot extends RequestToPayContext {
  readonly state: RequestToPayState;
}

export type RequestToPayRefusalCode =
  | "already-accepted"
  | "being-paid"
  | "not-paying"
  | "completed"
  | "rejected"
  | "expired"
  | "cancelled";

export type RequestToPayDecision =
  | {
      readonly ok: true;
      readonly next: RequestToPaySnapshot;
      readonly effects: readonly RequestToPayEffect[];
    }
  | { readonly ok: false; readonly code: RequestToPayRefusalCode };

export function decideRequestToPay(
  current: RequestToPaySnapshot,
  event: RequestToPayEvent,
): RequestToPayDecision {
  const { state, isAccepted } = current;
  const snapshot = requestToPayMachine.resolveState({ value: state, context: { isAccepted } });
  if (!snapshot.can(event)) return { ok: false, code: requestToPayRefusal(current, event) };
  const [next, actions] = transition(requestToPayMachine, snapshot, event);
  return {
    ok: true,
    next: { state: next.value, isAccepted: next.context.isAccepted },
    effects: effectNames<RequestToPayEffect>(actions),
  };
}

function requestToPayRefusal(
  { state, isAccepted }: RequestToPaySnapshot,
  { type }: RequestToPayEvent,
): RequestToPayRefusalCode {
  if (state !== "pending" && state !== "accepted" && state !== "paying") return state;
  if (type === "PAYMENT_SUCCEEDS" || type === "PAYMENT_FAILS") return "not-paying";
  if (isAccepted && type === "ACCEPT") return "already-accepted";
  return state === "paying" ? "being-paid" : "already-accepted";
}
