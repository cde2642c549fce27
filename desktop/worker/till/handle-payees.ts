/** Payees of the programmes that this till serves: looked up, registered and updated, and what the server answered. */
import type {
  PayeeAddress,
  PayeeLookUp,
  PayeeOperation,
  PayeePayloads,
  Refused,
  TillState,
} from "../../protocol.ts";
import { maskAddress } from "#core/masked-address.ts";
import type { PayeeChangeRefusal, PayeeOperationView } from "../payees.ts";
import { cashierOf, nodeOf, refused } from "./answers.ts";
import type { Desk, Handlers } from "./till.ts";

type PayeeHandlers = Pick<Handlers, keyof PayeePayloads>;

const pageSize = 25;

export function payeeHandlers(desk: Desk): PayeeHandlers {
  return {
    "payee-desk": () => nodeOf(desk).payeeDesk(),
    "look-up-payee"({ programme, identity, reason }, keep) {
      const result = nodeOf(desk).lookUp({
        programme,
        identity,
        reason,
        actor: cashierOf(desk).name,
        // Whom it asked for, and the addresses, lie sealed with the operation and nowhere else.
        onWritten: (sequence, { addresses: _sealed, ...told }) => keep({ ok: true, ...told }, sequence),
      });
      desk.changed();
      if (!result.ok) return refusedView(result.refusal);
      desk.syncSoon();
      const { recorded: _recorded, ...told } = result.lookedUp;
      return { ok: true, ...told };
    },
    "change-payee"({ what, programme, identity, modality, institutionCode, address, area, active }, keep) {
      const changed = nodeOf(desk).changePayee({
        type: what === "register" ? "register-beneficiary" : "update-beneficiary",
        programme,
        identity,
        modality: modality ?? undefined,
        institutionCode: institutionCode ?? undefined,
        address: address ?? undefined,
        area: area ?? undefined,
        active: active ?? undefined,
        actor: cashierOf(desk).name,
        onWritten: (sequence) => keep({ ok: true, sequence }, sequence),
      });
      desk.changed();
      if (!changed.ok) return refusedView(changed.refusal);
      desk.syncSoon();
      return { ok: true, sequence: changed.recorded.sequence };
    },
    "payee-operations"({ before }) {
      const found = nodeOf(desk).payeeOperationsBefore(before ?? Number.MAX_SAFE_INTEGER, pageSize + 1);
      const operations = found.slice(0, pageSize).map((one) => operationView(desk, one));
      return { operations, more: found.length > pageSize };
    },
  };
}

/** The answer to a look-up that was made before: its addresses are read anew, and nothing is recorded. */
export function lookedUpAgain(desk: Desk, kept: object, sequence: number): object {
  const { revealed } = kept as Pick<PayeeLookUp, "revealed">;
  const [made] = nodeOf(desk).payeeOperationsBefore(sequence + 1, 1);
  const known =
    made?.statement && nodeOf(desk).knownPayee(made.row.programme, made.statement.identity, revealed);
  return { ...kept, addresses: known?.addresses ?? [] };
}

/** Where this till serves a programme, payees were given to it, or something was done with some; null elsewhere. */
export function payeesOf({ parts }: Desk): TillState["payees"] {
  const { payees } = parts.stores;
  const isServing = payees.served().length > 0 || payees.count() > 0 || payees.isUsed();
  return isServing ? { held: payees.countHeld() } : null;
}

function operationView(desk: Desk, { row, statement }: PayeeOperationView): PayeeOperation {
  const isInConflict = row.state === "held" && row.reason === "changed-meanwhile";
  const now =
    isInConflict && statement ? nodeOf(desk).knownPayee(row.programme, statement.identity, false) : undefined;
  return {
    sequence: row.sequence,
    type: row.type,
    atMs: row.createdMs,
    programme: row.programme,
    identity: statement?.identity ?? null,
    state: row.state,
    reason: row.reason,
    wrote:
      statement && row.type !== "look-up" ? { active: statement.active, address: wroteOf(statement) } : null,
    now: now ? { state: now.state, addresses: now.addresses } : null,
  };
}

function wroteOf({
  modality,
  institutionCode,
  address,
}: NonNullable<PayeeOperationView["statement"]>): PayeeAddress | null {
  if (modality === null) return null;
  const masked = address === null ? null : maskAddress(address);
  return { modality, institutionCode, address: masked, active: true, preferred: false };
}

function refusedView(refusal: PayeeChangeRefusal): Refused {
  return refused(refusal.code, "because" in refusal ? { because: refusal.because } : {});
}
