/**
 * Operations of one upload that are decided side by side: redemptions of leased vouchers, each of another one. They are
 * most of what tills send, and no verdict of one of them is a fact for another's.
 */
import { equalBytes } from "#sync/signing/bytes.ts";
import type { Evidence } from "../recovery/evidence.ts";
import type { NodeRow, Tx } from "../ports/store.ts";
import { withCorrelation } from "../watch/correlation.ts";
import { inSpan } from "../watch/tracing.ts";
import type { OperationContext } from "./context.ts";
import { decideQueued, newRow } from "./settle.ts";
import type { ReadableOperation, ReceivedOperation, SettledOperation } from "./settle.ts";
import { sideBySide } from "../side-by-side.ts";

/** The operations in their order, in runs that `settleRun` takes, and single ones between them. */
export function runsOf(operations: readonly ReceivedOperation[]): ReceivedOperation[][] {
  const runs: ReceivedOperation[][] = [];
  let serials: Set<bigint> | undefined;
  for (const received of operations) {
    const serial = leasedSerial(received);
    const last = runs.at(-1);
    if (serial !== undefined && last && serials && !serials.has(serial)) last.push(received);
    else {
      runs.push([received]);
      serials = serial === undefined ? undefined : new Set();
    }
    if (serial !== undefined) serials?.add(serial);
  }
  return runs;
}

function leasedSerial({ operation }: ReceivedOperation): bigint | undefined {
  const body = operation?.body;
  return body?.type === "redeem-voucher" && body.mode === "leased" ? body.serial : undefined;
}

/** Undefined, and nothing done, where they do not simply follow what is stored of their node. */
export async function settleRun(
  context: OperationContext,
  tx: Tx,
  nodeId: string,
  run: readonly ReceivedOperation[],
  evidence: Evidence,
): Promise<SettledOperation[] | undefined> {
  const node = await tx.nodes.lock(nodeId);
  if (node?.status !== "active" || !continues(node, run) || (await tx.recovery.open())) return undefined;
  const known = await tx.operations.knowsAny(nodeId, {
    hashes: run.map(({ hash }) => hash),
    operationIds: run.map(({ envelope }) => envelope.operationId),
  });
  const last = run.at(-1);
  if (known || !last) return undefined;
  const queued = run.map((received) => newRow(nodeId, received, "chain"));
  await tx.operations.insertAll(queued);
  await tx.nodes.advance(nodeId, last.envelope.sequence, last.hash);
  const rows = await sideBySide(
    tx,
    run.map((received, index) => (own: Tx) => {
      const row = queued[index];
      if (!row || !isReadable(received)) throw new Error("a run holds what cannot be read");
      return asItsOwn(received, "settle operation", () =>
        decideQueued(context, own, node, row, received, evidence),
      );
    }),
  );
  return rows.map((row) => ({ row, duplicate: false }));
}

function continues(node: NodeRow, run: readonly ReceivedOperation[]): boolean {
  let head = { sequence: node.lastSequence, hash: node.lastHash };
  return run.every(({ envelope: { sequence, previousHash }, hash }) => {
    const isNext = sequence === head.sequence + 1 && equalBytes(previousHash, head.hash);
    head = { sequence, hash };
    return isNext;
  });
}

function isReadable(received: ReceivedOperation): received is ReadableOperation {
  return received.operation !== undefined;
}

/** Under the operation's own name in the log, the jobs that it calls for, and the trace. */
export function asItsOwn<T>(received: ReceivedOperation, span: string, work: () => Promise<T>): Promise<T> {
  const attributes = { "paypost.operation": received.operation?.body.type ?? "unreadable" };
  return withCorrelation(received.envelope.operationId, () => inSpan(span, { attributes }, work));
}
