/**
 * Payees on an agent's node (design section 3): looked up in what the server gave it, registered and changed offline. Each
 * of these is a signed operation; what an operation says of a person travels sealed.
 */
import { decideLookUp, newLookUp } from "#core/decide.ts";
import type { LookUpSnapshot } from "#core/decide.ts";
import { maskAddress } from "#core/masked-address.ts";
import type { Modality } from "#core/payee-addresses.ts";
import { openPayeeRecord, payeeIndexOf } from "#sync/documents/payee-record.ts";
import type { PayeeRecord, RecordedAddress } from "#sync/documents/payee-record.ts";
import {
  commitmentOfStatement,
  openingForStatement,
  sealStatement,
} from "#sync/documents/payee-statement.ts";
import type { PayeeStatement } from "#sync/documents/payee-statement.ts";
import type { LookUpOutcome, PayeeBody } from "#sync/documents/operation.ts";
import { checkAddress } from "#sync/payee-address.ts";
import type { AddressProblem } from "#sync/payee-address.ts";
import type { ServedProgramme } from "#sync/ports/shape-storage.ts";
import { recordOperation } from "./record.ts";
import type { Recorded, RecordedOperation, RecordParts } from "./record.ts";
import type { PayeeOperationResult } from "./store/payees.ts";
import { openText, sealText } from "./vault.ts";
import { standingRefusal, timeOf } from "./standing.ts";
import type { StandingRefusal } from "./standing.ts";

/** An answer that is older than this is shown as stale. */
export const staleAfterMs = 7 * 24 * 3_600_000;

export interface LookUpRequest {
  readonly programme: string;
  readonly identity: string;
  /** Why the address is needed in full; without one it stays masked. */
  readonly reason: string | null;
  readonly actor: string;
  /** Called in the transaction that records it. */
  readonly onWritten?: ((sequence: number, told: Omit<LookedUp, "recorded">) => void) | undefined;
}

export interface LookedUp {
  readonly outcome: LookUpOutcome;
  readonly revealed: boolean;
  /** Server time as of which the answer is right; null where no payees ever came. */
  readonly asOfMs: number | null;
  readonly ageMs: number | null;
  readonly state: PayeeRecord["state"] | null;
  /** Masked unless they are revealed; the preferred one first. */
  readonly addresses: readonly RecordedAddress[];
  readonly recorded: RecordedOperation;
}

export type LookUpResult =
  | { readonly ok: true; readonly lookedUp: LookedUp }
  | { readonly ok: false; readonly refusal: StandingRefusal | { readonly code: "wrong-statement" } };

/** Nothing is shown before the look-up is recorded. */
export function lookUpPayee(parts: RecordParts, request: LookUpRequest): LookUpResult {
  const { stores, clock } = parts;
  const time = timeOf(stores, clock);
  const asOfMs = stores.payees.asOfMs() ?? null;
  const ageMs = asOfMs === null ? null : Math.max(0, time.nowMs - asOfMs);
  const key = payeeKey(parts);
  const found = key && findRecord(parts, key, request);
  const isOld = ageMs === null || ageMs > staleAfterMs;
  const event = !key ? "DENY" : !found ? "FIND_NOTHING" : isOld ? "FIND_OLD" : "FIND";
  const answered = step(newLookUp, event);
  const isFound = answered.state === "found" || answered.state === "stale";
  const shown = isFound && request.reason !== null ? step(answered, "REVEAL") : answered;
  if (shown.state === "requested") throw new Error("a look-up that was asked for has no outcome");
  const outcome = shown.state;
  const { revealed } = shown;
  const { programme } = request;
  const told = {
    outcome,
    revealed,
    asOfMs,
    ageMs,
    state: found?.record.state ?? null,
    addresses: found ? shownAddresses(found.record, revealed) : [],
  };
  const recorded = record(
    parts,
    request.actor,
    statementOf(request),
    (statementCommitment) => ({ type: "look-up", programme, statementCommitment, outcome, revealed, asOfMs }),
    (sequence) => request.onWritten?.(sequence, told),
  );
  return recorded.ok ? { ok: true, lookedUp: { ...told, recorded: recorded.recorded } } : recorded;
}

export interface PayeeChangeRequest {
  readonly type: "register-beneficiary" | "update-beneficiary";
  readonly programme: string;
  readonly identity: string;
  readonly modality: Modality | undefined;
  readonly institutionCode: string | undefined;
  readonly address: string | undefined;
  readonly area: string | undefined;
  readonly active: boolean | undefined;
  readonly actor: string;
  /** Called in the transaction that records it. */
  readonly onWritten?: ((sequence: number) => void) | undefined;
}

export type PayeeChangeRefusal =
  | StandingRefusal
  | {
      readonly code:
        | AddressProblem
        | "identity-required"
        | "modality-required"
        | "nothing-to-change"
        | "known-here";
    }
  /** A field is longer than the operation can hold, or has control characters. */
  | { readonly code: "wrong-statement" };

/** Checks what was typed, and queues it. The server answers each with a verdict of its own. */
export function changePayee(parts: RecordParts, request: PayeeChangeRequest): Recorded<PayeeChangeRefusal> {
  const { type, programme, identity, institutionCode, area, active } = request;
  if (identity.trim() === "" || identity.length > 20) return refused("identity-required");
  const key = payeeKey(parts);
  const known = key && findRecord(parts, key, request);
  const isRegistration = type === "register-beneficiary";
  if (isRegistration && known) return refused("known-here");
  const isAboutAddress = request.address !== undefined || request.modality !== undefined;
  if (!isRegistration && !isAboutAddress && active === undefined) return refused("nothing-to-change");
  if (isAboutAddress && request.modality === undefined) return refused("modality-required");
  const { modality } = request;
  const checked =
    modality === undefined ? ({ ok: true, address: null } as const) : checkAddress(modality, request.address);
  if (!checked.ok) return refused(checked.problem);
  const statement = {
    identity,
    modality: modality ?? null,
    institutionCode: institutionCode ?? null,
    address: checked.address,
    area: area ?? null,
    active: active ?? null,
    reason: null,
  };
  return record(
    parts,
    request.actor,
    statement,
    (statementCommitment) =>
      isRegistration
        ? { type, programme, statementCommitment }
        : { type: "update-beneficiary", programme, statementCommitment, basedOn: known?.version ?? 0 },
    request.onWritten,
  );
}

export interface PayeeOperationView {
  readonly row: PayeeOperationResult;
  /** Null where this node's key does not open what it kept. */
  readonly statement: PayeeStatement | null;
}

export function listPayeeOperations({ stores }: RecordParts, limit: number): PayeeOperationView[] {
  return stores.payees.list(limit).map((row) => opened(stores, row));
}

/** The newest first. */
export function payeeOperationsBefore(
  { stores }: RecordParts,
  sequence: number,
  limit: number,
): PayeeOperationView[] {
  return stores.payees.before(sequence, limit).map((row) => opened(stores, row));
}

function opened(stores: RecordParts["stores"], row: PayeeOperationResult): PayeeOperationView {
  const text = openText(stores.vault, row.statement);
  return { row, statement: text === undefined ? null : (JSON.parse(text) as PayeeStatement) };
}

export interface PayeesHere {
  /** Those that the server lets this node serve, and those that something was done for here. */
  readonly programmes: readonly ServedProgramme[];
  readonly payees: number;
  readonly asOfMs: number | null;
}

/** What can be asked for here. */
export function payeesHere({ stores: { payees } }: RecordParts): PayeesHere {
  const served = payees.served();
  const others = payees.programmes().filter((name) => !served.some(({ programme }) => programme === name));
  return {
    programmes: [...served, ...others.map((programme) => ({ programme, area: null, areas: [] }))],
    payees: payees.count(),
    asOfMs: payees.asOfMs() ?? null,
  };
}

/** A payee as it is known here, without a look-up: for what this node has asked or done before. */
export function knownPayee(
  parts: RecordParts,
  name: { readonly programme: string; readonly identity: string },
  revealed: boolean,
): { readonly state: PayeeRecord["state"]; readonly addresses: readonly RecordedAddress[] } | undefined {
  const key = payeeKey(parts);
  const found = key && findRecord(parts, key, name);
  return found && { state: found.record.state, addresses: shownAddresses(found.record, revealed) };
}

function record(
  parts: RecordParts,
  actor: string,
  statement: PayeeStatement,
  bodyOf: (commitment: Uint8Array) => PayeeBody,
  onWritten?: (sequence: number) => void,
): Recorded<StandingRefusal | { readonly code: "wrong-statement" }> {
  const { stores, clock, randomBytes } = parts;
  const opening = openingOf(statement, randomBytes);
  if (!opening) return { ok: false, refusal: { code: "wrong-statement" } };
  const body = bodyOf(commitmentOfStatement(opening));
  const sealed = sealStatement(stores.trust.keySet().serverBoxKey, opening, randomBytes);
  const own = sealText(stores.vault, JSON.stringify(statement));
  const { type, programme } = body;
  return recordOperation<StandingRefusal>(
    parts,
    { body, sealed, actor, time: timeOf(stores, clock) },
    () => standingRefusal(stores),
    (sequence) => {
      stores.payees.insert({ sequence, type, programme, statement: own });
      onWritten?.(sequence);
    },
  );
}

function openingOf(statement: PayeeStatement, randomBytes: RecordParts["randomBytes"]) {
  try {
    return openingForStatement(statement, randomBytes);
  } catch {
    return undefined;
  }
}

function statementOf({ identity, reason }: LookUpRequest): PayeeStatement {
  const nothing = { modality: null, institutionCode: null, address: null, area: null, active: null };
  return { ...nothing, identity, reason };
}

/** Undefined until the server has given it, which it does once it gives this node payees. */
function payeeKey({ stores }: RecordParts): Uint8Array | undefined {
  const sealed = stores.payees.key();
  return sealed && stores.vault.open(sealed);
}

function findRecord(
  { stores }: RecordParts,
  key: Uint8Array,
  { programme, identity }: { readonly programme: string; readonly identity: string },
): { readonly version: number; readonly record: PayeeRecord } | undefined {
  const stored = stores.payees.find(payeeIndexOf(key, programme, identity));
  const record = stored && openPayeeRecord(key, stored.sealed);
  const isSame = record?.identity === identity && record.programme === programme;
  return stored && isSame ? { version: stored.version, record } : undefined;
}

function shownAddresses({ addresses }: PayeeRecord, revealed: boolean): RecordedAddress[] {
  return addresses
    .toSorted((one, other) => Number(other.preferred) - Number(one.preferred))
    .map((address) => ({
      ...address,
      address: address.address === null || revealed ? address.address : maskAddress(address.address),
    }));
}

function step(
  current: LookUpSnapshot,
  type: "DENY" | "FIND_NOTHING" | "FIND_OLD" | "FIND" | "REVEAL",
): LookUpSnapshot {
  const decision = decideLookUp(current, { type });
  if (!decision.ok) throw new Error(`a look-up that is ${current.state} refuses ${type}`);
  return decision.next;
}

function refused<Code extends string>(
  code: Code,
): { readonly ok: false; readonly refusal: { readonly code: Code } } {
  return { ok: false, refusal: { code } };
}
