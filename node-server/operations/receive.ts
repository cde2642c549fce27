/**
 * An upload: signed operations in, one signed list of verdicts out (design: "An upload opens by exchanging"). Each
 * operation is decided in a transaction of its own, so that a crash in between loses nothing and repeats nothing.
 */
import { decodeEnvelope, decodeOperation } from "#sync/documents/operation.ts";
import type { OperationEnvelope } from "#sync/documents/operation.ts";
import type { ReadUpload, UploadRequest } from "#sync/documents/upload.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { keyIdOf, openRead } from "#sync/signing/cose.ts";
import { noteClock } from "../nodes/clocks.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { inTime } from "../payments/in-time.ts";
import { payClaims } from "../payments/settle-claim.ts";
import type { NodeRow, Store, Tx } from "../ports/store.ts";
import type { OperationContext } from "./context.ts";
import { inSpan } from "../watch/tracing.ts";
import { keyAt, keysOf } from "../nodes/change-key.ts";
import type { NodeKey } from "../nodes/change-key.ts";
import { evidenceIn } from "../recovery/evidence.ts";
import type { Evidence } from "../recovery/evidence.ts";
import { openNumber } from "./redeem.ts";
import { asItsOwn, runsOf, settleRun } from "./runs.ts";
import { quarantineOperation, settleOperation } from "./settle.ts";
import type { ReceivedOperation, SettledOperation, Settlement } from "./settle.ts";
import { signVerdicts, toldNow } from "./verdicts.ts";

export interface ReceiveDependencies {
  readonly store: Store;
  readonly gateway: PaymentGateway;
  readonly context: OperationContext;
}

export type UploadRefusal =
  | {
      readonly code: "head-mismatch";
      readonly generation: number;
      readonly lastSequence: number;
      readonly lastHash: Uint8Array;
    }
  | {
      readonly code: "malformed" | "bad-signature" | "wrong-node" | "out-of-order";
      readonly index: number;
      readonly detail: string;
    };

type OperationProblem = Exclude<UploadRefusal, { readonly code: "head-mismatch" }>;

export type UploadAnswer =
  | { readonly ok: true; readonly verdictList: Uint8Array }
  | { readonly ok: false; readonly refusal: UploadRefusal };

export async function receiveUpload(
  deps: ReceiveDependencies,
  nodeId: string,
  upload: ReadUpload,
): Promise<UploadAnswer> {
  const { node, keys } = await deps.store.transaction(async (tx) => {
    const found = await tx.nodes.find(nodeId);
    if (!found) throw new Error(`no node ${nodeId}`);
    await noteClock(tx, found, upload.wallMs);
    return { node: found, keys: await keysOf(tx, found) };
  });
  const verified = await verifyAll(node, keys, upload);
  if (!verified.ok) return verified;
  const mismatch = await deps.store.transaction((tx) => headMismatch(tx, node, upload));
  if (mismatch) return { ok: false, refusal: mismatch };
  const evidence = await evidenceIn(deps, nodeId, upload);
  const decided = await settleAll(deps, nodeId, verified.operations, evidence);
  if (!decided) return { ok: false, refusal: await deps.store.transaction((tx) => currentHead(tx, nodeId)) };
  await noteWhole(deps, nodeId, upload);
  await payOut(deps, decided);
  const verdictList = await deps.store.transaction((tx) => answer(deps, tx, nodeId, decided));
  return { ok: true, verdictList };
}

/** Undefined where one of them does not follow what is stored; those before it are settled. */
export async function settleAll(
  { store, context }: Pick<ReceiveDependencies, "store" | "context">,
  nodeId: string,
  operations: readonly ReceivedOperation[],
  evidence: Evidence,
): Promise<SettledOperation[] | undefined> {
  const decided: SettledOperation[] = [];
  const note = (settled: SettledOperation) => {
    context.onVerdict?.(settled.row.type, settled.row.state);
    decided.push(settled);
  };
  for (const run of runsOf(operations)) {
    const together = await settleTogether({ store, context }, nodeId, run, evidence);
    together?.forEach(note);
    if (together) continue;
    for (const received of run) {
      const settlement = await asItsOwn(received, () =>
        settleOne({ store, context }, nodeId, received, evidence),
      );
      if (!settlement.ok) return undefined;
      note(settlement.settled);
    }
  }
  return decided;
}

/** All of a run in one transaction; undefined where they are to be settled one after the other. */
async function settleTogether(
  { store, context }: Pick<ReceiveDependencies, "store" | "context">,
  nodeId: string,
  run: readonly ReceivedOperation[],
  evidence: Evidence,
): Promise<SettledOperation[] | undefined> {
  if (run.length === 1) return undefined;
  await Promise.all(run.map(async ({ sealed }) => sealed && openNumber(context, sealed)));
  try {
    return await inSpan("settle operations", { attributes: { "paypost.operations": run.length } }, () =>
      store.transaction((tx) => settleRun(context, tx, nodeId, run, evidence)),
    );
  } catch (error) {
    if (context.isPassing(error)) throw error;
    // One of them is the cause, and does not cost the others their verdict.
    return undefined;
  }
}

/** An operation at which we fail twice must not keep what follows from being decided: it is quarantined. */
async function settleOne(
  { store, context }: Pick<ReceiveDependencies, "store" | "context">,
  nodeId: string,
  received: ReceivedOperation,
  evidence: Evidence,
): Promise<Settlement> {
  const settle = () => store.transaction((tx) => settleOperation(context, tx, nodeId, received, evidence));
  try {
    return await settle();
  } catch (first) {
    if (context.isPassing(first)) throw first;
  }
  try {
    return await settle();
  } catch (error) {
    if (context.isPassing(error)) throw error;
    context.onFailure(error, `operation ${received.envelope.sequence} of node ${nodeId} is quarantined`);
    return store.transaction((tx) => quarantineOperation(tx, nodeId, received));
  }
}

/** Once everything is here that the node has, nothing waits on it, and a recovering server waits for it no longer. */
async function noteWhole(
  { store }: ReceiveDependencies,
  nodeId: string,
  { lastSequence, afterSequence, operations }: UploadRequest,
): Promise<void> {
  if (lastSequence === null || afterSequence + operations.length < lastSequence) return;
  await store.transaction(async (tx) => {
    await tx.nodes.reportEmptied(nodeId);
    const recovery = await tx.recovery.open();
    if (recovery) await tx.recovery.noteUploaded(recovery.generation, nodeId);
  });
}

/** How long an operation may name a contact: longer than any policy's hours, with time to arrive. */
const contactsKeptMs = 200 * 86_400_000;

/** What the node is told here is what its next operations name, so it is kept. */
async function answer(
  { context }: ReceiveDependencies,
  tx: Tx,
  nodeId: string,
  decided: readonly SettledOperation[],
): Promise<Uint8Array> {
  const told = await toldNow(tx);
  await tx.limits.noteContact(nodeId, told.serverTimeMs, told.policyVersion);
  await tx.limits.forgetContacts(nodeId, told.serverTimeMs - contactsKeptMs);
  return signVerdicts(context, tx, nodeId, decided, told);
}

/**
 * Paying now spares the wait for the job that was enqueued with each claim; that job is there if we die here. The node has
 * its verdicts whether it is paid yet or not, so a slow provider does not keep it waiting.
 */
export async function payOut(
  deps: Pick<ReceiveDependencies, "store" | "gateway">,
  decided: readonly SettledOperation[],
): Promise<void> {
  const claimIds = decided.flatMap(({ row }) => row.claimId ?? []);
  await inTime(deps.gateway, payClaims(deps.store, deps.gateway, [...new Set(claimIds)]));
}

export type Verified =
  | { readonly ok: true; readonly operations: readonly ReceivedOperation[] }
  | { readonly ok: false; readonly refusal: OperationProblem };

/** Nothing is stored of an upload in which one signature is wrong, or that is not in the chain's order. */
export async function verifyAll(
  node: NodeRow,
  keys: readonly NodeKey[],
  upload: ReadUpload,
): Promise<Verified> {
  const named = keys.map((key) => ({ ...key, keyId: keyIdOf("operation", key.publicKey) }));
  const findKey = (wanted: Uint8Array) => named.find(({ keyId }) => equalBytes(keyId, wanted))?.publicKey;
  const all = await Promise.all(
    upload.operations.map(async (each) => ({
      ...each,
      opened: await openRead(each.document, findKey),
    })),
  );
  const operations: ReceivedOperation[] = [];
  for (const [index, { signed, sealed, opened }] of all.entries()) {
    if (!opened.ok) {
      const code = opened.refusal.code === "bad-signature" ? "bad-signature" : "malformed";
      return refused(code, index, `operation ${index} of the upload: ${opened.refusal.code}`);
    }
    const read = decodeOperation(opened.payload);
    const envelope = read.ok ? read : decodeEnvelope(opened.payload);
    if (!envelope.ok)
      return refused("malformed", index, `operation ${index} of the upload has no place in a chain`);
    const itsKey = keyAt(named, envelope.value.sequence);
    if (!itsKey || !equalBytes(itsKey.keyId, opened.keyId))
      return refused("bad-signature", index, `operation ${index} of the upload: not by the key of its place`);
    const misplaced = misplacement(node, upload, index, envelope.value);
    if (misplaced) return { ok: false, refusal: misplaced };
    const operation = read.ok ? read.value : undefined;
    operations.push({ envelope: envelope.value, operation, hash: opened.hash, signed, sealed });
  }
  return { ok: true, operations };
}

function misplacement(
  node: NodeRow,
  upload: UploadRequest,
  index: number,
  operation: OperationEnvelope,
): OperationProblem | undefined {
  if (operation.nodeId !== node.id) {
    return { code: "wrong-node", index, detail: `operation ${index} names node ${operation.nodeId}` };
  }
  const expected = upload.afterSequence + 1 + index;
  if (operation.sequence === expected) return undefined;
  const detail = `operation ${index} has sequence number ${operation.sequence}, expected ${expected}`;
  return { code: "out-of-order", index, detail };
}

/** The upload must continue from something that the server has; a fork shows in the operations themselves. */
async function headMismatch(
  tx: Tx,
  node: NodeRow,
  upload: UploadRequest,
): Promise<UploadRefusal | undefined> {
  const head = await currentHead(tx, node.id);
  if (upload.generation !== head.generation || (await beginsTooLate(tx, node, upload))) return head;
  if (upload.afterSequence > head.lastSequence) return undefined;
  const isHead = upload.afterSequence === head.lastSequence && equalBytes(upload.afterHash, head.lastHash);
  return upload.operations.length === 0 && !isHead ? head : undefined;
}

/**
 * Whether there is a gap before it. What lies beyond a revocation or a fork is stored beside the chain, and comes in more than
 * one upload too.
 */
export async function beginsTooLate(
  tx: Tx,
  { id }: NodeRow,
  { afterSequence, afterHash }: UploadRequest,
): Promise<boolean> {
  const node = await tx.nodes.find(id);
  if (!node || afterSequence <= node.lastSequence) return false;
  return (await tx.operations.byHash(id, afterHash)) === undefined;
}

async function currentHead(tx: Tx, nodeId: string): Promise<UploadRefusal & { code: "head-mismatch" }> {
  const node = await tx.nodes.find(nodeId);
  if (!node) throw new Error(`no node ${nodeId}`);
  const { lastSequence, lastHash } = node;
  return { code: "head-mismatch", generation: await tx.registry.generation(), lastSequence, lastHash };
}

function refused(code: "malformed" | "bad-signature", index: number, detail: string): Verified {
  return { ok: false, refusal: { code, index, detail } };
}
