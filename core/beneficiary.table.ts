/** Every state of a payee against every event; `!` and the reason where it is refused. */
import type { BeneficiaryEvent, BeneficiaryState } from "./beneficiary.machine.ts";
import type { StandingRefusal } from "./decide.ts";

type Cell = BeneficiaryState | `!${StandingRefusal}`;

export const beneficiaryTable: Readonly<
  Record<BeneficiaryState, Readonly<Record<BeneficiaryEvent["type"], Cell>>>
> = {
  unregistered: {
    REGISTER: "active",
    ADD_ADDRESS: "!not-registered",
    UPDATE_ADDRESS: "!not-registered",
    ACTIVATE: "!not-registered",
    DEACTIVATE: "!not-registered",
    UNLINK: "!not-registered",
  },
  active: {
    REGISTER: "!already-registered",
    ADD_ADDRESS: "active",
    UPDATE_ADDRESS: "active",
    ACTIVATE: "active",
    DEACTIVATE: "inactive",
    UNLINK: "unlinked",
  },
  inactive: {
    REGISTER: "!already-registered",
    ADD_ADDRESS: "inactive",
    UPDATE_ADDRESS: "inactive",
    ACTIVATE: "active",
    DEACTIVATE: "inactive",
    UNLINK: "unlinked",
  },
  unlinked: {
    REGISTER: "active",
    ADD_ADDRESS: "!not-registered",
    UPDATE_ADDRESS: "!not-registered",
    ACTIVATE: "!not-registered",
    DEACTIVATE: "!not-registered",
    UNLINK: "!not-registered",
  },
};
