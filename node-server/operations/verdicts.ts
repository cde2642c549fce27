/**
 * Verdicts: written into an operation's row exactly once, and told to its node in signed lists (design: "Writing:
 * signed operations").
 */
import { decideOperation } from "#core/decide.ts";
import type { OperationEvent } from "#core/operation.machine.ts";
import { encodeVerdictList } from "#sync/documents/verdict-list.ts";
import type { Verdict as ListedVerdict } from "#sync/documents/verdict-list.ts";
import { signDocument } from "#sync/signing/cose.ts";
import type { OperationRow, Tx } from "../ports/store.ts";
import type { OperationContext } from "./context.ts";

/** What the rules say of one operation, ready to be written into its row. */
export interface Verdict {
  readonly event: OperationEvent;
  readonly reason: string | null;
  readonly transactionId?: string;
  readonly claimId?: string;
  readonly evidence?: Uint8Array;
  readonly guaranteedMinor?: bigint;
  /** It lost its voucher after its goods were given: a dispute is opened with the verdict. */
  readonly isLoss?: boolean;
}

/** What a signed list tells a node beside its verdicts: judged by these two is what the node does until the next one. */
export interface Told {
  readonly serverTimeMs: number;
  readonly policyVersion: number;
}

/** Moves an open operation by its verdict; the row is final once it is applied or rejected. */
export async function decideRow(tx: Tx, row: OperationRow, verdict: Verdict): Promise<OperationRow> {
  const decision = decideOperation(row.state, verdict.event);
  if (!decision.ok) throw new Error(`operation ${row.sequence} of node ${row.nodeId} has its verdict`);
  const decided: OperationRow = {
    ...row,
    state: decision.next,
    reason: verdict.reason,
    transactionId: verdict.transactionId ?? null,
    claimId: verdict.claimId ?? null,
    evidence: verdict.evidence ?? null,
    guaranteedMinor: verdict.guaranteedMinor ?? null,
    decidedAt: await tx.now(),
  };
  await tx.operations.decide(decided);
  if (verdict.isLoss === true) await openDispute(tx, decided);
  await tx.audit.record({
    actor: `node:${row.nodeId}`,
    action: `operation.${row.type}`,
    subject: `operation:${row.nodeId}:${row.sequence}`,
    after: { state: decided.state, reason: decided.reason, serial: row.serial?.toString() ?? null },
  });
  return decided;
}

/** Decided by people, later (`../disputes`); the rejection stands whatever they say. */
async function openDispute(tx: Tx, { nodeId, hash, serial, guaranteedMinor }: OperationRow): Promise<void> {
  const node = await tx.nodes.find(nodeId);
  const voucher = serial === null ? undefined : (await tx.vouchers.lock([serial])).get(serial);
  if (!node || !voucher) throw new Error("a loss without its voucher or node");
  const { groupCode, currency, amountMinor } = voucher;
  await tx.disputes.open({
    nodeId,
    hash,
    merchantId: node.merchantId,
    groupCode,
    serial: voucher.serial,
    currency,
    amountMinor,
    guaranteedMinor: guaranteedMinor ?? 0n,
  });
}

/** The signed list that answers an upload: what was decided, and where the server's chain of the node ends. */
export async function signVerdicts(
  context: OperationContext,
  tx: Tx,
  nodeId: string,
  decided: readonly { readonly row: OperationRow; readonly duplicate: boolean }[],
  told?: Told,
): Promise<Uint8Array> {
  const node = await tx.nodes.find(nodeId);
  if (!node) throw new Error(`no node ${nodeId}`);
  return signDocument(
    context.verdictSigner,
    encodeVerdictList({
      nodeId,
      generation: await tx.registry.generation(),
      ...(told ?? (await toldNow(tx))),
      auditHead: await tx.audit.head(),
      lastSequence: node.lastSequence,
      lastHash: node.lastHash,
      verdicts: decided.map(({ row, duplicate }) => listed(row, duplicate)),
    }),
  );
}

export async function toldNow(tx: Tx): Promise<Told> {
  const policy = await tx.limits.currentPolicy();
  return { serverTimeMs: (await tx.now()).getTime(), policyVersion: policy?.version ?? 0 };
}

/** A verdict that came after its upload was answered reaches the node through its `verdicts` shape. */
export async function publishVerdict(context: OperationContext, tx: Tx, row: OperationRow): Promise<void> {
  const list = await signVerdicts(context, tx, row.nodeId, [{ row, duplicate: false }]);
  await tx.shapes.putVerdict(row.nodeId, row.sequence, list);
}

function listed(row: OperationRow, duplicate: boolean): ListedVerdict {
  if (row.state === "queued" || row.decidedAt === null)
    throw new Error("an operation without a verdict is not told");
  return {
    sequence: row.sequence,
    operationHash: row.hash,
    status: row.state === "writtenOff" ? "rejected" : row.state,
    reason: row.reason,
    transactionId: row.transactionId,
    decidedAtMs: row.decidedAt.getTime(),
    duplicate,
    evidence: row.evidence,
    guaranteedMinor: row.guaranteedMinor,
  };
}
