/** Quarantine is a verdict on bytes that are stored (design section 3): held for whoever looks into it, and skipped by nobody. */
import type { OperationRow, Tx } from "../ports/store.ts";
import { decideRow } from "./verdicts.ts";

export const quarantined = { event: { type: "HOLD" }, reason: "quarantined" } as const;

/** For one at which judging failed: a person is called. */
export async function quarantine(tx: Tx, row: OperationRow): Promise<OperationRow> {
  await tx.alerts.raise("operation-quarantined", `operation:${row.nodeId}:${row.sequence}`, {
    hash: Buffer.from(row.hash).toString("hex"),
  });
  return decideRow(tx, row, quarantined);
}
