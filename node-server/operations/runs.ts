/**
 * Operations of one upload that are decided side by side: redemptions of leased vouchers, each of another one. They are
 * most of what tills send, and no verdict of one of them is a fact for another's.
 */
import { placeInChain } from "#sync/chain.ts";
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
  for (const received of operations) {
    const last = runs.at(-1);
    if (last && joins(last, received)) last.push(received);
    else runs.push([received]);
  }
  return runs;
}

function joins(run: readonly ReceivedOperation[], received: ReceivedOperation): boolean {
  const serial = leasedSerial(received);
  if (serial === undefined) return false;
  return run.map(leasedSerial).every((other) => other !== undefined && other !== serial);
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
      return asItsOwn(received, () => decideQueued(context, own, node, row, received, evidence));
    }),
  );
  return rows.map((row) => ({ row, duplicate: false }));
}

function continues(node: NodeRow, run: readonly ReceivedOperation[]): boolean {
  let head = { sequence: node.lastSequence, hash: node.lastHash };
  return run.every(({ envelope: { sequence, previousHash }, hash }) => {
    const place = placeInChain(head, { sequence, hash, previousHash }, undefined);
    head = { sequence, hash };
    return place === "next";
  });
}

function isReadable(received: ReceivedOperation): received is ReadableOperation {
  return received.operation !== undefined;
}

/** Under the operation's own name in the log, the jobs that it calls for, and the trace. */
export function asItsOwn<T>(received: ReceivedOperation, work: () => Promise<T>): Promise<T> {
  const attributes = { "paypost.operation": received.operation?.body.type ?? "unreadable" };
  return withCorrelation(received.envelope.operationId, () =>
    inSpan("settle operation", { attributes }, work),
  );
}
