/** Resolving: whether an id or a financial address is known and active, and whether the two belong together. */
import { decideLookUp, newLookUp } from "#core/decide.ts";
import type { LookUpEvent } from "#core/look-up.machine.ts";
import type { MapperItem, MapperOutcome, MapperRequestRow, PayeeRow } from "../ports/mapper.ts";
import type { AuditEntry, Tx } from "../ports/store.ts";

type ResolveCode =
  | "succ.id.active"
  | "succ.id.inactive"
  | "succ.id.not_found"
  | "succ.fa.active"
  | "succ.fa.inactive"
  | "succ.fa.not_found"
  | "succ.fa.not_linked_to_id";

/** Each is a look-up: it goes through the machine and is audited (L1). */
export async function resolveItems(
  tx: Tx,
  { id, institutionId }: Pick<MapperRequestRow, "id" | "institutionId">,
  items: readonly MapperItem[],
): Promise<MapperOutcome[]> {
  const identities = [...new Set(items.flatMap(({ payeeIdentity }) => payeeIdentity ?? []))];
  const addresses = [
    ...new Set(
      items.flatMap(({ payeeIdentity, address }) => (payeeIdentity === null ? (address ?? []) : [])),
    ),
  ];
  const byIdentity = await tx.payees.findAll(institutionId, identities);
  const byAddress = await tx.payees.byAddress(institutionId, addresses);
  const resolved = items.map((item) => {
    const payee =
      item.payeeIdentity === null
        ? (byAddress.get(item.address ?? "") ?? []).find((one) => addressOf(one, item) !== undefined)
        : byIdentity.get(item.payeeIdentity);
    const known = payee?.state === "unlinked" ? undefined : payee;
    return { item, payee: known, code: codeOf(item, known) };
  });
  await tx.audit.recordAll(
    resolved.map(({ payee, code }) => auditEntry(institutionId, `mapper-request:${id}`, payee, code)),
  );
  return resolved.map(({ item, payee, code }) => ({
    line: item.line,
    failureReason: null,
    reasonCode: code,
    foundIdentity: payee?.payeeIdentity ?? null,
  }));
}

function codeOf(item: MapperItem, payee: PayeeRow | undefined): ResolveCode {
  if (!payee) return item.payeeIdentity === null ? "succ.fa.not_found" : "succ.id.not_found";
  const isActive = payee.state === "active";
  if (item.address === null) {
    const preferred = payee.addresses.find(({ n }) => n === payee.preferred);
    return isActive && preferred?.active === true ? "succ.id.active" : "succ.id.inactive";
  }
  const address = addressOf(payee, item);
  if (!address) return "succ.fa.not_linked_to_id";
  return isActive && address.active ? "succ.fa.active" : "succ.fa.inactive";
}

function addressOf(payee: PayeeRow, { modality, institutionCode, address }: MapperItem) {
  return payee.addresses.find(
    (known) =>
      known.modality === modality &&
      known.address === address &&
      (known.institutionCode === null || known.institutionCode === institutionCode),
  );
}

const events: Readonly<Record<ResolveCode, LookUpEvent["type"]>> = {
  "succ.id.active": "FIND",
  "succ.fa.active": "FIND",
  "succ.id.inactive": "DENY",
  "succ.fa.inactive": "DENY",
  "succ.id.not_found": "FIND_NOTHING",
  "succ.fa.not_found": "FIND_NOTHING",
  "succ.fa.not_linked_to_id": "FIND_NOTHING",
};

function auditEntry(
  institutionId: string,
  cause: string,
  payee: PayeeRow | undefined,
  code: ResolveCode,
): AuditEntry {
  const decision = decideLookUp(newLookUp, { type: events[code] });
  if (!decision.ok) throw new Error("a look-up that was asked for has no outcome");
  return {
    actor: `institution:${institutionId}`,
    action: "mapper.look-up",
    subject: payee ? `payee:${payee.id}` : `institution:${institutionId}`,
    after: { state: decision.next.state, code, cause },
  };
}
