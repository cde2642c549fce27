/** Everything that nodes have sent, whole, with its verdict. */
import type { OperationRow, OperationRows } from "../ports/store.ts";
import { bytes, bytesOrNull, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function operationRows(trx: Trx): OperationRows {
  return {
    async insert(row) {
      await trx
        .insertInto("operations")
        .values({
          node_id: row.nodeId,
          hash: row.hash,
          sequence: BigInt(row.sequence),
          operation_id: row.operationId,
          branch: row.branch,
          type: row.type,
          signed: row.signed,
          sealed: row.sealed,
          voucher_serial: row.serial,
          ...verdict(row),
        })
        .execute();
    },
    byHash: (nodeId, hash) => first(ofNode(trx, nodeId).where("hash", "=", hash)),
    byHashAlone: (hash) => first(selectOperations(trx).where("hash", "=", hash)),
    bySequence: (nodeId, sequence) =>
      first(ofNode(trx, nodeId).where("branch", "=", "chain").where("sequence", "=", BigInt(sequence))),
    byOperationId: (nodeId, operationId) =>
      first(ofNode(trx, nodeId).where("branch", "=", "chain").where("operation_id", "=", operationId)),
    byClaim: (claimId) => first(selectOperations(trx).where("claim_id", "=", claimId)),
    async heldFor(serial) {
      // What is held for another reason than the lease lies on another branch than the chain.
      const rows = await selectOperations(trx)
        .where("voucher_serial", "=", serial)
        .where("state", "=", "held")
        .where("branch", "=", "chain")
        .where("reason", "not in", ["recovery", "recovery-conflict", "awaiting-biller"])
        .orderBy("received_at")
        .orderBy("node_id")
        .orderBy("sequence")
        .execute();
      return rows.map(operation);
    },
    async heldBecause(reason, limit) {
      const rows = await selectOperations(trx)
        .where("state", "=", "held")
        .where("reason", "=", reason)
        .where("branch", "=", "chain")
        .orderBy("received_at")
        .orderBy("node_id")
        .orderBy("sequence")
        .limit(limit)
        .execute();
      return rows.map(operation);
    },
    async decide(row) {
      const result = await trx
        .updateTable("operations")
        .set(verdict(row))
        .where("node_id", "=", row.nodeId)
        .where("hash", "=", row.hash)
        .executeTakeFirst();
      expectOne(result, `operation ${row.sequence} of node ${row.nodeId}`);
    },
  };
}

function verdict(row: OperationRow) {
  return {
    state: row.state,
    reason: row.reason,
    transaction_id: row.transactionId,
    evidence: row.evidence,
    guaranteed_minor: row.guaranteedMinor,
    claim_id: row.claimId,
    decided_at: row.decidedAt,
  };
}

function selectOperations(trx: Trx) {
  return trx
    .selectFrom("operations")
    .select([
      "node_id",
      "hash",
      "sequence",
      "operation_id",
      "branch",
      "type",
      "signed",
      "sealed",
      "state",
      "reason",
      "transaction_id",
      "evidence",
      "guaranteed_minor",
      "claim_id",
      "voucher_serial",
      "decided_at",
    ]);
}

function ofNode(trx: Trx, nodeId: string) {
  return selectOperations(trx).where("node_id", "=", nodeId);
}

type OperationQuery = ReturnType<typeof selectOperations>;
type SelectedOperation = Awaited<ReturnType<OperationQuery["execute"]>>[number];

async function first(query: OperationQuery): Promise<OperationRow | undefined> {
  const row = await query.executeTakeFirst();
  return row && operation(row);
}

function operation(row: SelectedOperation): OperationRow {
  return {
    nodeId: row.node_id,
    hash: bytes(row.hash),
    sequence: Number(row.sequence),
    operationId: row.operation_id,
    branch: row.branch,
    type: row.type,
    signed: bytes(row.signed),
    sealed: bytesOrNull(row.sealed),
    state: row.state,
    reason: row.reason,
    transactionId: row.transaction_id,
    evidence: bytesOrNull(row.evidence),
    guaranteedMinor: row.guaranteed_minor,
    claimId: row.claim_id,
    serial: row.voucher_serial,
    decidedAt: row.decided_at,
  };
}
