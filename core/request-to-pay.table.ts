/** Every state of a request to pay against every event; `!` and why where it is refused. */
import type { RequestToPayRefusalCode } from "./decide-bill.ts";
import type { RequestToPayEvent, RequestToPayState } from "./request-to-pay.machine.ts";

/** `paying` knows whether the payer had accepted before. */
export type RequestToPayRow = RequestToPayState | "paying, accepted";

type Cell = RequestToPayRow | `!${RequestToPayRefusalCode}`;
type Row = Readonly<Record<RequestToPayEvent["type"], Cell>>;

const paymentsOnly = { PAYMENT_SUCCEEDS: "!not-paying", PAYMENT_FAILS: "!not-paying" } as const;

export const requestToPayTable: Readonly<Record<RequestToPayRow, Row>> = {
  pending: {
    ...paymentsOnly,
    ACCEPT: "accepted",
    REJECT: "rejected",
    PAYMENT_BEGINS: "paying",
    EXPIRE: "expired",
    CANCEL: "cancelled",
  },
  accepted: {
    ...paymentsOnly,
    ACCEPT: "!already-accepted",
    REJECT: "!already-accepted",
    PAYMENT_BEGINS: "paying, accepted",
    EXPIRE: "expired",
    CANCEL: "cancelled",
  },
  paying: {
    ACCEPT: "paying, accepted",
    REJECT: "!being-paid",
    PAYMENT_BEGINS: "!being-paid",
    PAYMENT_SUCCEEDS: "completed",
    PAYMENT_FAILS: "pending",
    EXPIRE: "!being-paid",
    CANCEL: "!being-paid",
  },
  "paying, accepted": {
    ACCEPT: "!already-accepted",
    REJECT: "!being-paid",
    PAYMENT_BEGINS: "!being-paid",
    PAYMENT_SUCCEEDS: "completed",
    PAYMENT_FAILS: "accepted",
    EXPIRE: "!being-paid",
    CANCEL: "!being-paid",
  },
  completed: ended("completed"),
  rejected: ended("rejected"),
  expired: ended("expired"),
  cancelled: ended("cancelled"),
};

function ended(state: RequestToPayRefusalCode): Row {
  const cell = `!${state}` as const;
  return {
    ACCEPT: cell,
    REJECT: cell,
    PAYMENT_BEGINS: cell,
    PAYMENT_SUCCEEDS: cell,
    PAYMENT_FAILS: cell,
    EXPIRE: cell,
    CANCEL: cell,
  };
}
