/**
 * Disputes (design section 4.5): opened in the transaction that rejects a redemption whose goods were given; decided by two
 * people; what is guaranteed is paid out of the group's guarantee account, never out of a voucher's funding. Nothing is
 * taken back from anybody.
 */
import { decideDispute } from "#core/decide.ts";
import type { DisputeEvent } from "#core/dispute.machine.ts";
import { accountId, payGuarantee } from "../ledger/entries.ts";
import type { DisputeRow, DisputeVerdict, Store, Tx } from "../ports/store.ts";

export interface DisputeName {
  readonly nodeId: string;
  readonly hash: Uint8Array;
}

export type DisputeRefusal =
  | "no-such-dispute"
  /** Not now, or not any more. */
  | "not-possible"
  | "same-person"
  /** Who decided before the appeal may not decide it again. */
  | "decided-before"
  | "nothing-guaranteed"
  | "guarantee-short";

export type DisputeOutcome =
  | { readonly ok: true; readonly row: DisputeRow }
  | { readonly ok: false; readonly code: DisputeRefusal };

export function proposeVerdict(
  store: Store,
  name: DisputeName,
  {
    verdict,
    because,
    by,
  }: { readonly verdict: DisputeVerdict; readonly because: string; readonly by: string },
): Promise<DisputeOutcome> {
  return change(store, name, { type: "PROPOSE" }, `operator:${by}`, (row) => {
    if (verdict === "pay" && row.guaranteedMinor === 0n) return "nothing-guaranteed";
    return { ...row, verdict, because, proposedBy: by };
  });
}

export function withdrawVerdict(store: Store, name: DisputeName, by: string): Promise<DisputeOutcome> {
  return change(store, name, { type: "WITHDRAW" }, `operator:${by}`, withoutProposal);
}

/**
 * The merchant is heard once more, and others decide. `actor` is an operator or the merchant's node; whoever missed the
 * answer and says the same again is answered alike.
 */
export function appeal(
  store: Store,
  name: DisputeName,
  because: string,
  actor: `operator:${string}` | `node:${string}`,
): Promise<DisputeOutcome> {
  const heard = (row: DisputeRow) => ({
    ...withoutProposal(row),
    appeal: because,
    firstDecidedBy: row.decidedBy,
    decidedBy: null,
    decidedAt: null,
  });
  const isHeard = (row: DisputeRow) => row.state === "appealed" && row.appeal === because;
  return change(store, name, { type: "APPEAL" }, actor, heard, isHeard);
}

/** Carries out what somebody else has proposed. */
export function decide(store: Store, name: DisputeName, by: string): Promise<DisputeOutcome> {
  return store.transaction(async (tx) => {
    const row = await tx.disputes.lock(name.nodeId, name.hash);
    if (!row) return refused("no-such-dispute");
    if (row.verdict === null || row.decidedBy !== null) return refused("not-possible");
    if (row.proposedBy === by) return refused("same-person");
    if (row.firstDecidedBy === by) return refused("decided-before");
    const decision = decideDispute(row.state, { type: events[row.verdict] });
    if (!decision.ok) return refused("not-possible");
    if (row.verdict === "pay" && !(await pay(tx, row))) return refused("guarantee-short");
    const decided = { ...row, state: decision.next, decidedBy: by, decidedAt: await tx.now() };
    await tx.disputes.update(decided);
    await record(tx, decided, `operator:${by}`, "dispute.decide");
    return { ok: true, row: decided };
  });
}

const events = { pay: "PAY", refuse: "REFUSE", "write-off": "WRITE_OFF" } as const;

/** False where the guarantee account has too little. */
async function pay(tx: Tx, row: DisputeRow): Promise<boolean> {
  const { groupCode, currency, guaranteedMinor } = row;
  const account = accountId({ kind: "guarantee", owner: groupCode, currency });
  if ((await tx.ledger.lockBalance(account)) < guaranteedMinor) return false;
  const cause = Buffer.from(row.hash).toString("hex");
  await tx.ledger.post(
    payGuarantee(cause, groupCode, row.merchantId, { amountMinor: guaranteedMinor, currency }),
  );
  return true;
}

function change(
  store: Store,
  { nodeId, hash }: DisputeName,
  event: DisputeEvent,
  actor: string,
  edit: (row: DisputeRow) => DisputeRow | DisputeRefusal,
  isDone: (row: DisputeRow) => boolean = () => false,
): Promise<DisputeOutcome> {
  return store.transaction(async (tx) => {
    const row = await tx.disputes.lock(nodeId, hash);
    if (!row) return refused("no-such-dispute");
    if (isDone(row)) return { ok: true, row };
    const decision = decideDispute(row.state, event);
    if (!decision.ok) return refused("not-possible");
    const edited = edit(row);
    if (typeof edited === "string") return refused(edited);
    const changed = { ...edited, state: decision.next };
    await tx.disputes.update(changed);
    await record(tx, changed, actor, `dispute.${event.type.toLowerCase()}`);
    return { ok: true, row: changed };
  });
}

function withoutProposal(row: DisputeRow): DisputeRow {
  return { ...row, verdict: null, because: null, proposedBy: null };
}

function record(tx: Tx, row: DisputeRow, actor: string, action: string): Promise<void> {
  const { state, verdict, because, appeal: reason } = row;
  return tx.audit.record({
    actor,
    action,
    subject: `dispute:${Buffer.from(row.hash).toString("hex")}`,
    after: { state, verdict, because, appeal: reason },
  });
}

function refused(code: DisputeRefusal): { readonly ok: false; readonly code: DisputeRefusal } {
  return { ok: false, code };
}
