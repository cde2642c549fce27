/**
 * One look-up in the account mapper, on the server and on an agent's node alike (GovStack Payments BB, account mapper).
 *
 * L1  A look-up ends once: found, stale, unknown or denied; whichever it is, it is audited.
 * L2  `stale` is an answer that is older than the node's limit: it is shown with its age, never as if it were fresh.
 * L3  An address that is found is masked until a reason is given, and giving one is audited again.
 */
import { assign, setup } from "xstate";

export type LookUpState = "requested" | "found" | "stale" | "unknown" | "denied";

export interface LookUpContext {
  /** The address is shown in full. */
  readonly revealed: boolean;
}

export type LookUpEvent =
  | { readonly type: "FIND" }
  /** Found in what was read some time ago, beyond the limit. */
  | { readonly type: "FIND_OLD" }
  | { readonly type: "FIND_NOTHING" }
  | { readonly type: "DENY" }
  | { readonly type: "REVEAL" };

export type LookUpEffect = "audit";

export const lookUpMachine = setup({
  types: {
    context: {} as LookUpContext,
    events: {} as LookUpEvent,
    input: {} as LookUpContext,
  },
  guards: { masked: ({ context }) => !context.revealed },
  actions: { audit: () => {}, reveal: assign({ revealed: true }) },
}).createMachine({
  id: "lookUp",
  context: ({ input }) => input,
  initial: "requested",
  states: {
    requested: {
      on: {
        FIND: { target: "found", actions: "audit" },
        FIND_OLD: { target: "stale", actions: "audit" },
        FIND_NOTHING: { target: "unknown", actions: "audit" },
        DENY: { target: "denied", actions: "audit" },
      },
    },
    found: { on: { REVEAL: { guard: "masked", actions: ["reveal", "audit"] } } },
    stale: { on: { REVEAL: { guard: "masked", actions: ["reveal", "audit"] } } },
    unknown: { type: "final" },
    denied: { type: "final" },
  },
});
