/** Everything that nodes have sent, whole, with its verdict. */
import { sql } from "kysely";
import type { OperationRow, OperationRows } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { bytes, bytesOrNull, expectAll } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function operationRows(trx: Trx): OperationRows {
  return {
    insert: (row) => insertAll(trx, [row]),
    insertAll: (rows) => insertAll(trx, rows),
    byHash: (nodeId, hash) => first(ofNode(trx, nodeId).where("hash", "=", hash)),
    byHashAlone: (hash) => first(selectOperations(trx).where("hash", "=", hash)),
    bySequence: (nodeId, sequence) =>
      first(ofNode(trx, nodeId).where("branch", "=", "chain").where("sequence", "=", BigInt(sequence))),
    byOperationId: (nodeId, operationId) =>
      first(ofNode(trx, nodeId).where("branch", "=", "chain").where("operation_id", "=", operationId)),
    byClaim: (claimId) => first(selectOperations(trx).where("claim_id", "=", claimId)),
    async knowsAny(nodeId, { hashes, operationIds }) {
      const { rows } = await sql<{ known: boolean }>`
        select exists (select from operations where node_id = ${nodeId}::uuid and hash = any(${hashes}::bytea[]))
          or exists (select from operations where node_id = ${nodeId}::uuid and branch = 'chain'
            and operation_id = any(${operationIds}::uuid[])) as known`.execute(trx);
      return rows[0]?.known === true;
    },
    heldFor: (serial) => heldForAny(trx, [serial]),
    heldForAny: (serials) => heldForAny(trx, serials),
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
    decide: (row) => decideAll(trx, [row]),
    decideAll: (rows) => decideAll(trx, rows),
  };
}

async function insertAll(trx: Trx, rows: readonly OperationRow[]): Promise<void> {
  await sql`
    insert into operations (node_id, hash, sequence, operation_id, branch, type, signed, sealed, voucher_serial, ${verdictColumns})
    select * from unnest(
      ${rows.map(({ nodeId }) => nodeId)}::uuid[],
      ${rows.map(({ hash }) => hash)}::bytea[],
      ${rows.map(({ sequence }) => sequence)}::bigint[],
      ${rows.map(({ operationId }) => operationId)}::uuid[],
      ${rows.map(({ branch }) => branch)}::text[],
      ${rows.map(({ type }) => type)}::text[],
      ${rows.map(({ signed }) => signed)}::bytea[],
      ${rows.map(({ sealed }) => sealed)}::bytea[],
      ${rows.map(({ serial }) => serial)}::bigint[],
      ${verdictsOf(rows)})`.execute(trx);
}

async function decideAll(trx: Trx, rows: readonly OperationRow[]): Promise<void> {
  const decided = await sql`
    update operations set voucher_serial = decided.voucher_serial, state = decided.state, reason = decided.reason,
      transaction_id = decided.transaction_id, evidence = decided.evidence,
      guaranteed_minor = decided.guaranteed_minor, claim_id = decided.claim_id, decided_at = decided.decided_at
    from unnest(
      ${rows.map(({ nodeId }) => nodeId)}::uuid[],
      ${rows.map(({ hash }) => hash)}::bytea[],
      ${rows.map(({ serial }) => serial)}::bigint[],
      ${verdictsOf(rows)}) as decided (node_id, hash, voucher_serial, ${verdictColumns})
    where operations.node_id = decided.node_id and operations.hash = decided.hash`.execute(trx);
  expectAll(decided, rows.length, "operations");
}

const verdictColumns = sql.raw(
  "state, reason, transaction_id, evidence, guaranteed_minor, claim_id, decided_at",
);

function verdictsOf(rows: readonly OperationRow[]) {
  return sql`
      ${rows.map(({ state }) => state)}::text[],
      ${rows.map(({ reason }) => reason)}::text[],
      ${rows.map(({ transactionId }) => transactionId)}::text[],
      ${rows.map(({ evidence }) => evidence)}::bytea[],
      ${rows.map(({ guaranteedMinor }) => guaranteedMinor)}::bigint[],
      ${rows.map(({ claimId }) => claimId)}::uuid[],
      ${rows.map(({ decidedAt }) => decidedAt)}::timestamptz[]`;
}

const heldOperations = keptQuery((trx, serials: readonly bigint[]) =>
  selectOperations(trx)
    .where(sql<boolean>`voucher_serial = any(${serials}::bigint[])`)
    .where("state", "=", "held")
    .where("branch", "=", "chain")
    .orderBy("received_at")
    .orderBy("node_id")
    .orderBy("sequence"),
);

async function heldForAny(trx: Trx, serials: readonly bigint[]): Promise<OperationRow[]> {
  return (await heldOperations(trx, serials)).rows.map(operation);
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
