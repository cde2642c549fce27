/**
 * The life of a request to pay: a biller asks a payer, through the payer's FI, to pay a bill (GovStack Payments BB, P2G:
 * rtpRequest, rtpResponse, rtpUpdate).
 *
 * Q1  It ends once: completed, rejected, expired or cancelled.
 * Q2  While the bill is being paid it neither expires nor is cancelled nor rejected: the payment decides.
 * Q3  It is completed by the bill's acknowledged payment and by nothing else, whoever paid.
 * Q4  The biller is told of whatever the payer or the clock decided; what it decided itself it knows.
 * Q5  The payer's FI is told when the biller cancels; of everything else it knows, or is told by its own payment.
 */
import { assign, setup } from "xstate";

export type RequestToPayState =
  | "pending"
  | "accepted"
  | "paying"
  | "completed"
  | "rejected"
  | "expired"
  | "cancelled";

export interface RequestToPayContext {
  /** Whether the payer has said that it will pay. */
  readonly isAccepted: boolean;
}

export type RequestToPayEvent =
  | { readonly type: "ACCEPT" }
  /** By the payer, or by its FI where the payer is not its customer. */
  | { readonly type: "REJECT" }
  /** A payment for the bill is advised, acknowledged, or ends in nothing. */
  | { readonly type: "PAYMENT_BEGINS" }
  | { readonly type: "PAYMENT_SUCCEEDS" }
  | { readonly type: "PAYMENT_FAILS" }
  | { readonly type: "EXPIRE" }
  /** By the biller. */
  | { readonly type: "CANCEL" };

export type RequestToPayEffect = "tellBiller" | "tellPayerFi" | "forgetAddress";

export const requestToPayMachine = setup({
  types: {
    context: {} as RequestToPayContext,
    events: {} as RequestToPayEvent,
    input: {} as RequestToPayContext,
  },
  guards: { isAccepted: ({ context }) => context.isAccepted },
  actions: {
    tellBiller: () => {},
    tellPayerFi: () => {},
    forgetAddress: () => {},
    noteAcceptance: assign({ isAccepted: true }),
  },
}).createMachine({
  id: "requestToPay",
  context: ({ input }) => input,
  initial: "pending",
  states: {
    pending: {
      on: {
        ACCEPT: { target: "accepted", actions: ["noteAcceptance", "tellBiller"] },
        REJECT: { target: "rejected", actions: ["tellBiller", "forgetAddress"] },
        PAYMENT_BEGINS: "paying",
        EXPIRE: { target: "expired", actions: ["tellBiller", "forgetAddress"] },
        CANCEL: { target: "cancelled", actions: ["tellPayerFi", "forgetAddress"] },
      },
    },
    accepted: {
      on: {
        PAYMENT_BEGINS: "paying",
        EXPIRE: { target: "expired", actions: ["tellBiller", "forgetAddress"] },
        CANCEL: { target: "cancelled", actions: ["tellPayerFi", "forgetAddress"] },
      },
    },
    paying: {
      on: {
        ACCEPT: { guard: ({ context }) => !context.isAccepted, actions: ["noteAcceptance", "tellBiller"] },
        PAYMENT_SUCCEEDS: { target: "completed", actions: "forgetAddress" },
        PAYMENT_FAILS: [{ guard: "isAccepted", target: "accepted" }, { target: "pending" }],
      },
    },
    completed: { type: "final" },
    rejected: { type: "final" },
    expired: { type: "final" },
    cancelled: { type: "final" },
  },
});
