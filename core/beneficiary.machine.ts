/**
 * The standing of a payee in the account mapper (GovStack Payments BB, account mapper: "Beneficiaries").
 *
 * B1  A payee with addresses has exactly one preferred address, an active one if any is (`./payee-addresses.ts`).
 * B2  Only an active payee is paid; an inactive one keeps its addresses, which may be changed meanwhile.
 * B3  What is unlinked is nobody's payee until it is registered again. Its history stays.
 */
import { setup } from "xstate";

export type BeneficiaryState = "unregistered" | "active" | "inactive" | "unlinked";

export type BeneficiaryEvent =
  | { readonly type: "REGISTER" }
  | { readonly type: "ADD_ADDRESS" }
  | { readonly type: "UPDATE_ADDRESS" }
  | { readonly type: "ACTIVATE" }
  | { readonly type: "DEACTIVATE" }
  | { readonly type: "UNLINK" };

export const beneficiaryMachine = setup({
  types: { events: {} as BeneficiaryEvent },
  // What is unlinked has no address any more.
  actions: { clearAddresses: () => {} },
}).createMachine({
  id: "beneficiary",
  initial: "unregistered",
  states: {
    unregistered: { on: { REGISTER: "active" } },
    active: {
      on: {
        ADD_ADDRESS: "active",
        UPDATE_ADDRESS: "active",
        ACTIVATE: "active",
        DEACTIVATE: "inactive",
        UNLINK: { target: "unlinked", actions: "clearAddresses" },
      },
    },
    inactive: {
      on: {
        ADD_ADDRESS: "inactive",
        UPDATE_ADDRESS: "inactive",
        ACTIVATE: "active",
        DEACTIVATE: "inactive",
        UNLINK: { target: "unlinked", actions: "clearAddresses" },
      },
    },
    unlinked: { on: { REGISTER: "active" } },
  },
});
