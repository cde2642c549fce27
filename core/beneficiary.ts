/** What a change makes of a payee: its standing by the machine, its addresses by their rules, all of it or nothing. */
import { decideStanding } from "./decide.ts";
import type { StandingRefusal } from "./decide.ts";
import type { BeneficiaryEvent, BeneficiaryState } from "./beneficiary.machine.ts";
import { addAddress, noAddresses, updateAddress } from "./payee-addresses.ts";
import type {
  AddressDecision,
  AddressFields,
  AddressRefusal,
  AddressUpdate,
  PayeeAddress,
  PayeeAddresses,
} from "./payee-addresses.ts";

export interface Beneficiary extends PayeeAddresses {
  readonly state: BeneficiaryState;
  /** The highest number of an address that it has ever had. */
  readonly lastN: number;
}

export type BeneficiaryChange =
  | { readonly type: "REGISTER"; readonly address: AddressFields | null }
  | { readonly type: "ADD_ADDRESS"; readonly address: AddressFields; readonly prefer: boolean }
  | { readonly type: "UPDATE_ADDRESS"; readonly update: AddressUpdate }
  | { readonly type: "ACTIVATE" | "DEACTIVATE" | "UNLINK" };

export type BeneficiaryRefusal = StandingRefusal | AddressRefusal;

/** One entry of a payee's history: what it was called, and how everything that it touched stands since. */
export interface BeneficiaryStep extends Pick<Beneficiary, "state" | "preferred"> {
  readonly change: BeneficiaryEvent["type"];
  /** The address that was added or changed. */
  readonly touched: PayeeAddress | null;
}

export type BeneficiaryDecision =
  /** No step where nothing is different now. */
  | { readonly ok: true; readonly next: Beneficiary; readonly steps: readonly BeneficiaryStep[] }
  | { readonly ok: false; readonly refusal: BeneficiaryRefusal };

export const unregistered: Beneficiary = { ...noAddresses, state: "unregistered", lastN: 0 };

/** Applies the changes of one item in their order. */
export function changeBeneficiary(
  current: Beneficiary,
  changes: readonly BeneficiaryChange[],
): BeneficiaryDecision {
  const steps: BeneficiaryStep[] = [];
  let next = current;
  for (const change of changes) {
    const decision = applyChange(next, change);
    if (!decision.ok) return decision;
    steps.push(...decision.steps);
    next = decision.next;
  }
  return { ok: true, next, steps };
}

/** The payee as its history tells it. */
export function replayHistory(steps: readonly BeneficiaryStep[]): Beneficiary {
  return steps.reduce<Beneficiary>((payee, { change, state, preferred, touched }) => {
    const kept = change === "UNLINK" ? [] : payee.addresses.filter(({ n }) => n !== touched?.n);
    const addresses = touched ? [...kept, touched].toSorted((a, b) => a.n - b.n) : kept;
    return { state, preferred, addresses, lastN: Math.max(payee.lastN, touched?.n ?? 0) };
  }, unregistered);
}

function applyChange(current: Beneficiary, change: BeneficiaryChange): BeneficiaryDecision {
  const standing = decideStanding(current.state, change.type);
  if (!standing.ok) return standing;
  const before = standing.clearsAddresses ? { ...current, ...noAddresses } : current;
  const decision = applyToAddresses(before, change);
  if (!decision.ok) return decision;
  const { next, touched } = decision;
  const state = standing.next;
  if (state === current.state && !touched) return { ok: true, next: current, steps: [] };
  const lastN = Math.max(current.lastN, touched?.n ?? 0);
  const step = { change: change.type, state, preferred: next.preferred, touched: touched ?? null };
  return { ok: true, next: { ...next, state, lastN }, steps: [step] };
}

function applyToAddresses(current: Beneficiary, change: BeneficiaryChange): AddressDecision {
  switch (change.type) {
    case "REGISTER":
      return change.address
        ? addAddress(current, change.address, current.lastN, true)
        : { ok: true, next: current, touched: undefined };
    case "ADD_ADDRESS":
      return addAddress(current, change.address, current.lastN, change.prefer);
    case "UPDATE_ADDRESS":
      return updateAddress(current, change.update, current.lastN);
    case "ACTIVATE":
    case "DEACTIVATE":
    case "UNLINK":
      return { ok: true, next: current, touched: undefined };
  }
}
