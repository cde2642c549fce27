/**
 * Redemptions and operations over partitioned tables (`partitioning.ts`), beside the same over the tables as the
 * migrations make them, equally full; and how quickly they can be moved from one to the other.
 */
import { findBookErrors } from "../../../node-server/postgres/books-check.ts";
import type { DatabaseClient } from "../../../node-server/postgres/pool.ts";
import { inTransaction } from "../../../node-server/postgres/transaction.ts";
import { withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { fillTables, oldAuditEntries } from "../old-rows.ts";
import { partitionTables } from "../partitioning.ts";
import { beginUnchecked } from "../plant.ts";
import { besideSmaller, measureRates } from "../rates.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";
import { enrolNodes } from "../uploading.ts";

export const partitions: BenchRow = {
  name: "partitions",
  comparedWith: "the same over tables that are not partitioned",
  run: (sizes) => withBed((bed) => measure(bed, sizes)),
};

async function measure(bed: Bed, sizes: Sizes): Promise<readonly Figure[]> {
  const nodes = await bed.withServer(() => enrolNodes(bed, sizes.uploadingNodes));
  await bed.withDatabase((client) => fill(client, sizes.partitionedRows));
  const whole = await measureRates(bed, bed.keys, nodes, sizes);
  const moved = await bed.withDatabase(movedPerSecond);
  const partitioned = await measureRates(bed, bed.keys, nodes, sizes);
  await bed.withDatabase(checkBooks);
  const what = `partitioned, ${sizes.partitionedRows} old rows in each table`;
  return [
    ...besideSmaller(what, partitioned, whole).map((figure) => ({ ...figure, goal: null })),
    { what: "rows moved into partitions a second", ours: moved, raw: null, unit: "/s", goal: null },
  ];
}

async function movedPerSecond({ pool }: DatabaseClient): Promise<number> {
  const begun = performance.now();
  const rows = await partitionTables(pool);
  return rows / ((performance.now() - begun) / 1000);
}

async function checkBooks({ pool }: DatabaseClient): Promise<void> {
  const errors = await findBookErrors(pool);
  if (errors.length > 0) throw new Error(errors.join("; "));
}

async function fill(client: DatabaseClient, count: number): Promise<void> {
  await inTransaction(client.pool, beginUnchecked, (db) => db.query(oldNodes));
  await fillTables(
    client,
    count,
    [oldAuditEntries, oldJournal, oldOperations, oldUses, oldRequests].map((statement) => ({ statement })),
  );
}

/** At a merchant of their own: the tills of one merchant are told of each other's leases. */
const oldNodes = `with merchant as (insert into merchants (id, name) values ('old', 'old'))
  insert into nodes (id, merchant_id, name, public_key, certificate, last_hash)
    select md5('node ' || n)::uuid, 'old', 'old ' || n, sha256(n::text::bytea), '', sha256('')
    from generate_series(0, 999) as n`;

/** Two lines each, which cancel out, so that the books stay right. */
const oldJournal = `with entries as (
    insert into journal_entries (idempotency_key, kind, currency)
      select 'old:' || gen_random_uuid(), 'pay-out', 'USD' from generate_series(1, $1::int) returning id
  )
  insert into journal_lines (entry_id, line, account_id, amount_minor)
    select id, line, 'funding:FOO:USD', 3 - 2 * line from entries, generate_series(1, 2) as line`;

const oldOperations = `insert into operations (node_id, hash, sequence, operation_id, branch, type, signed, state, decided_at)
  select md5('node ' || n % 1000)::uuid, sha256((last + n)::text::bytea), last + n, gen_random_uuid(), 'chain',
    'redeem-voucher', decode(repeat('5a', 250), 'hex'), 'applied', now()
  from (select coalesce(max(sequence), 0) as last from operations) as before, generate_series(1, $1::int) as n`;

const oldUses = `insert into at_risk_uses (node_id, operation_hash, told_ms, currency, amount_minor)
  select md5('node ' || n % 1000)::uuid, sha256(gen_random_uuid()::text::bytea), n, 'USD', 700
  from generate_series(1, $1::int) as n`;

const oldRequests = `insert into api_requests (institution_id, call, request_id, body_hash, status, response)
  select 'welfare', 'redeem', gen_random_uuid(), sha256(n::text::bytea), 200, repeat('R', 200)
  from generate_series(1, $1::int) as n`;
