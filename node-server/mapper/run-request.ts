/** Works through a stored request of the account mapper until each item has its outcome, and then tells its caller. */
import { requestCallback } from "../callbacks/outbox.ts";
import type { CallbackPath } from "../callbacks/outbox.ts";
import { resolveItems } from "../g2p-connect/resolve.ts";
import type { MapperAction, MapperItem, MapperOutcome, MapperRequestRow } from "../ports/mapper.ts";
import type { Store, Tx } from "../ports/store.ts";
import { changePayees } from "./change-payees.ts";
import type { PayeeItem } from "./change-payees.ts";
import { changesOf } from "./changes-of.ts";
import type { ChangingAction } from "./changes-of.ts";
import { lookUpPayees } from "./look-up.ts";
import { accountReasons, changeCodes, changeReasons, lookUpReasons, payeeReasons } from "./reasons.ts";
import { resolvePayees } from "./resolve.ts";

/** Items of one transaction: short enough that a crash repeats little, long enough that it does not cost a trip each. */
const sliceSize = 2_500;

/** Safe to run again after a crash, and at the same time: a slice is done once. */
export async function runMapperRequest(store: Store, id: bigint): Promise<void> {
  while (await store.transaction((tx) => runSlice(tx, id)));
}

async function runSlice(tx: Tx, id: bigint): Promise<boolean> {
  const request = await tx.mapperRequests.lock(id);
  if (!request) throw new Error(`no mapper request ${id}`);
  const items = await tx.mapperRequests.nextOpen(request, sliceSize);
  if (items.length > 0 && request.action === "validate-at-bank") {
    await tx.jobs.enqueue({ queue: "validate-at-bank", id: String(id) });
    return false;
  }
  if (items.length > 0) {
    await tx.mapperRequests.finish(id, await outcomesOf(tx, request, items));
    return true;
  }
  await tx.mapperRequests.complete(id);
  await tellCaller(tx, request);
  return false;
}

export async function tellCaller(tx: Tx, request: MapperRequestRow): Promise<void> {
  const { id, institutionId, action, face, callbackUrl: url } = request;
  if (url === null) return;
  const callback = { institutionId, kind: "mapper", subject: id, url } as const;
  await tx.jobs.enqueue(
    await requestCallback(tx, callback, face === "g2p-connect" ? g2pPaths[action] : paths[action]),
  );
}

const g2pPaths: Readonly<Record<MapperAction, CallbackPath>> = {
  register: "g2p-link",
  update: "g2p-update",
  unlink: "g2p-unlink",
  resolve: "g2p-resolve",
  "txn-status": "g2p-status",
  "add-address": "g2p-update",
  "update-address": "g2p-update",
  "look-up": "g2p-resolve",
  "validate-payees": "g2p-resolve",
  "validate-addresses": "g2p-resolve",
  "validate-at-bank": "g2p-resolve",
};

const paths: Readonly<Record<MapperAction, CallbackPath>> = {
  unlink: "map-payees",
  resolve: "look-up",
  "txn-status": "look-up",
  register: "map-payees",
  update: "map-payees",
  "add-address": "map-payees",
  "update-address": "map-payees",
  "look-up": "look-up",
  "validate-payees": "validate-payees",
  "validate-addresses": "validate-addresses",
  "validate-at-bank": "validate-addresses",
};

function outcomesOf(
  tx: Tx,
  request: MapperRequestRow,
  items: readonly MapperItem[],
): Promise<MapperOutcome[]> {
  switch (request.action) {
    case "register":
    case "update":
    case "add-address":
    case "update-address":
    case "unlink":
      return change(tx, request, request.action, items);
    case "look-up":
      return lookUp(tx, request, items);
    case "resolve":
      return resolveItems(tx, request, items);
    case "txn-status":
      throw new Error("a question about a request has no items");
    case "validate-at-bank":
      throw new Error("the bank says what becomes of its items");
    case "validate-payees":
      return validatePayees(tx, request, items);
    case "validate-addresses":
      return validateAddresses(tx, request, items);
  }
}

async function change(
  tx: Tx,
  { id, institutionId, programId }: MapperRequestRow,
  action: ChangingAction,
  items: readonly MapperItem[],
): Promise<MapperOutcome[]> {
  const mistaken: MapperOutcome[] = [];
  const readable: PayeeItem[] = [];
  for (const item of items) {
    const changes = changesOf(action, item);
    const { line, area, payeeIdentity } = item;
    if (typeof changes === "string")
      mistaken.push({ line, failureReason: changeReasons[changes], reasonCode: changeCodes[changes] });
    else readable.push({ line, area, changes, payeeIdentity: payeeIdentity ?? "" });
  }
  const actor = `institution:${institutionId}`;
  const cause = `mapper-request:${id}`;
  const changed = await changePayees(tx, { institutionId, programId, actor, cause }, readable);
  const outcomes = [...changed].map(([line, refusal]) => ({
    line,
    failureReason: refusal && changeReasons[refusal],
    reasonCode: refusal && changeCodes[refusal],
  }));
  const done = outcomes.filter(({ failureReason }) => failureReason === null).length;
  const after = { done, failed: outcomes.length - done + mistaken.length };
  await tx.audit.record({ actor, action: `mapper.${action}`, subject: cause, after });
  return [...mistaken, ...outcomes];
}

async function lookUp(
  tx: Tx,
  { id, institutionId }: MapperRequestRow,
  items: readonly MapperItem[],
): Promise<MapperOutcome[]> {
  const cause = `mapper-request:${id}`;
  const questions = items.map(({ payeeIdentity, modality }) => ({
    payeeIdentity: payeeIdentity ?? "",
    modality,
    cause,
  }));
  const answers = await lookUpPayees(tx, institutionId, questions);
  return items.map(({ line }, index) => {
    const outcome = answers[index]?.outcome ?? "unknown";
    return { line, failureReason: outcome === "found" ? null : lookUpReasons[outcome] };
  });
}

async function validatePayees(
  tx: Tx,
  { institutionId }: MapperRequestRow,
  items: readonly MapperItem[],
): Promise<MapperOutcome[]> {
  const identities = items.map(({ payeeIdentity }) => payeeIdentity ?? "");
  const resolved = await resolvePayees(tx, institutionId, [...new Set(identities)]);
  return items.map(({ line, payeeIdentity }) => {
    const kind = resolved.get(payeeIdentity ?? "")?.kind ?? "unknown";
    const isPaid = kind !== "unknown" && kind !== "inactive" && kind !== "unaddressed";
    return { line, failureReason: isPaid ? null : payeeReasons[kind] };
  });
}

/** As a payer bank validates accounts: any of the institution's payees may have the address. */
async function validateAddresses(
  tx: Tx,
  { institutionId }: MapperRequestRow,
  items: readonly MapperItem[],
): Promise<MapperOutcome[]> {
  const addresses = [...new Set(items.map(({ address }) => address ?? ""))];
  const known = await tx.payees.byAddress(institutionId, addresses);
  return items.map(({ line, address }) => {
    const payees = known.get(address ?? "") ?? [];
    const isActive = payees.some(
      (payee) =>
        payee.state === "active" && payee.addresses.some((one) => one.address === address && one.active),
    );
    if (isActive) return { line, failureReason: null };
    return { line, failureReason: accountReasons[payees.length === 0 ? "unknown" : "inactive"] };
  });
}
