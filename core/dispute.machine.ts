/**
 * The life of a dispute: a merchant has given goods for a voucher that somebody else was paid for (design: "Settlement").
 *
 * D1  One person proposes and another one decides; nothing is decided without a proposal.
 * D2  A refusal may be appealed once. What is paid, written off or refused again is final.
 */
import { setup } from "xstate";

export type DisputeState =
  | "open"
  | "proposed"
  | "refused"
  | "appealed"
  | "appealProposed"
  | "paid"
  | "refusedFinally"
  | "writtenOff";

export type DisputeEvent =
  | { readonly type: "PROPOSE" }
  | { readonly type: "WITHDRAW" }
  | { readonly type: "PAY" }
  | { readonly type: "REFUSE" }
  | { readonly type: "WRITE_OFF" }
  | { readonly type: "APPEAL" };

export const disputeMachine = setup({ types: { events: {} as DisputeEvent } }).createMachine({
  id: "dispute",
  initial: "open",
  states: {
    open: { on: { PROPOSE: "proposed" } },
    proposed: { on: { WITHDRAW: "open", PAY: "paid", REFUSE: "refused", WRITE_OFF: "writtenOff" } },
    refused: { on: { APPEAL: "appealed" } },
    appealed: { on: { PROPOSE: "appealProposed" } },
    appealProposed: {
      on: { WITHDRAW: "appealed", PAY: "paid", REFUSE: "refusedFinally", WRITE_OFF: "writtenOff" },
    },
    paid: { type: "final" },
    refusedFinally: { type: "final" },
    writtenOff: { type: "final" },
  },
});
