/**
 * The end of a recovery (design section 4.8): when every node has uploaded again, when the longest lease and its grace
 * have passed, or when two people have said so. Then what waited is settled, in order of arrival.
 */
import { settleConsequences } from "../operations/consequences.ts";
import { storedOperation } from "../operations/read-stored.ts";
import type { OperationContext } from "../operations/context.ts";
import { quarantine } from "../operations/quarantine.ts";
import { judge } from "../operations/settle.ts";
import { decideRow, publishVerdict } from "../operations/verdicts.ts";
import type { Verdict } from "../operations/verdicts.ts";
import type { OperationRow, Store, Tx } from "../ports/store.ts";

/** To be called every now and then. Returns how many operations that had waited were settled. */
export async function endRecovery(context: OperationContext, store: Store): Promise<number> {
  if (!(await store.transaction(endIfDue))) return 0;
  let settled = 0;
  for (;;) {
    const waiting = await store.transaction((tx) => tx.operations.heldBecause("recovery", 100));
    if (waiting.length === 0) return settled;
    for (const { nodeId, hash } of waiting) {
      await store
        .transaction((tx) => settleWaiting(context, tx, nodeId, hash))
        .catch((error: unknown) => setAside(context, store, { nodeId, hash }, error));
      settled += 1;
    }
  }
}

/** One at which we fail must not keep those behind it waiting. */
async function setAside(
  context: OperationContext,
  store: Store,
  { nodeId, hash }: Pick<OperationRow, "nodeId" | "hash">,
  error: unknown,
): Promise<void> {
  if (context.isPassing(error)) throw error;
  context.onFailure(error, `an operation of node ${nodeId} that waited for the recovery is quarantined`);
  await store.transaction(async (tx) => {
    await tx.nodes.lock(nodeId);
    const row = await tx.operations.byHash(nodeId, hash);
    if (row?.state === "held" && row.reason === "recovery") await quarantine(tx, row);
  });
}

/** Whether no recovery is open, or not any more. */
async function endIfDue(tx: Tx): Promise<boolean> {
  const recovery = await tx.recovery.lock();
  if (!recovery) return true;
  const isComplete = (await tx.recovery.countAwaited(recovery.generation)) === 0;
  if (!isComplete && (await tx.now()) <= recovery.until) return false;
  const how = isComplete ? "all-uploaded" : "time-passed";
  await tx.recovery.end(recovery.generation, how);
  await tx.audit.record({
    actor: "recovery",
    action: "recovery.end",
    subject: `generation:${recovery.generation}`,
    after: { how },
  });
  return true;
}

async function settleWaiting(
  context: OperationContext,
  tx: Tx,
  nodeId: string,
  hash: Uint8Array,
): Promise<void> {
  const node = await tx.nodes.lock(nodeId);
  const row = await tx.operations.byHash(nodeId, hash);
  if (!node || row?.state !== "held" || row.reason !== "recovery") return;
  const operation = storedOperation(row);
  const judged = await judge(context, tx, node, { operation, sealed: row.sealed, hash }, isForgettable);
  const { event, reason } = judged;
  const verdict = event.type === "REJECT" && isForgettable(reason) ? forgotten : judged;
  const decided = await decideRow(tx, row, verdict);
  await publishVerdict(context, tx, decided);
  await settleConsequences(context, tx, decided);
}

const forgotten: Verdict = { event: { type: "HOLD" }, reason: "recovery-conflict" };

/**
 * What was made, activated or leased after the backup is not in the database, though the node may be right: a person
 * looks into it, and nothing is rejected for it.
 */
function isForgettable(reason: string | null): boolean {
  return forgettable.has(reason ?? "");
}

const forgettable: ReadonlySet<string> = new Set([
  "unknown-voucher",
  "unknown-bill",
  "biller-not-linked",
  "wrong-bill-amount",
  "not-activated",
  "never-leased",
  "contact-not-known",
  "policy-not-current",
  "programme-not-granted",
  "not-registered",
]);
