/** Accepting what callers ask of the account mapper: stored with its items and its work in one transaction, then answered. */
import { randomUUID } from "node:crypto";
import type { AccountValidation } from "../ports/account-validations.ts";
import type { MapperItem, MapperOutcome, MapperRequestRow } from "../ports/mapper.ts";
import type { Job, Store, Tx } from "../ports/store.ts";
import { acceptOnce } from "../accept-once.ts";
import type { Acceptance, Accepted, RequestIdentity } from "../accept-once.ts";
import { jobOf } from "../vouchers/accept.ts";
import { runMapperRequest } from "./run-request.ts";

export type AskedRequest = Omit<MapperRequestRow, "id" | "institutionId" | "requestKey" | "about"> & {
  readonly items: readonly MapperItem[];
  /** Items that have their outcome already. */
  readonly refused?: readonly MapperOutcome[];
  /** Of a `validate-at-bank`: which bank, and what it is told beside the accounts. */
  readonly bank?: Pick<AccountValidation, "bank" | "payments">;
};

export const emptyItem: Omit<MapperItem, "line"> = {
  instructionId: null,
  payeeIdentity: null,
  modality: null,
  institutionCode: null,
  address: null,
  replaces: null,
  area: null,
  active: null,
  prefer: null,
  dated: null,
  details: null,
};

/** A repeated request gets its first answer, and its callback once more. */
export function acceptMapperRequest(
  store: Store,
  identity: RequestIdentity,
  { items, refused = [], bank, ...asked }: AskedRequest,
  answer: Accepted,
): Promise<Acceptance<never>> {
  const { institutionId, requestId: requestKey } = identity.key;
  const request = { ...asked, institutionId, requestKey, about: null };
  const known = async (tx: Tx): Promise<Job> => jobOf("map-payees", await tx.mapperRequests.byKey(request));
  return acceptOnce<never>(store, identity, answer, known, async (tx) => {
    const id = await tx.mapperRequests.insert(request);
    await tx.mapperRequests.addItems({ id, institutionId }, items);
    await tx.mapperRequests.finish(id, refused);
    if (bank) await tx.accountValidations.insert({ ...bank, request: id, correlationId: randomUUID() });
    return jobOf("map-payees", id);
  });
}

/** For a caller that waits: does what its accepted request asks, unless a worker has done it already. */
export async function runAccepted(
  store: Store,
  identity: RequestIdentity,
  asked: Pick<AskedRequest, "action" | "face">,
): Promise<bigint> {
  const { institutionId, requestId: requestKey } = identity.key;
  const key = { ...asked, institutionId, requestKey };
  const id = await store.transaction((tx) => tx.mapperRequests.byKey(key));
  if (id === undefined) throw new Error(`the request ${requestKey} was accepted and is not there`);
  await runMapperRequest(store, id);
  return id;
}
