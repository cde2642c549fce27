/**
 * Redemptions and operations when audit trail and outbox of callbacks have ten million rows, and the log of
 * shapes as many as it is let grow to, beside the same when those are empty; and the storage that an operation
 * takes.
 */
import type { DatabaseClient } from "../../../node-server/postgres/pool.ts";
import { withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { fillTables, oldAuditEntries } from "../old-rows.ts";
import { besideSmaller, measureRates } from "../rates.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";
import { batchSize, enrolNodes, signBatches, uploadAll } from "../uploading.ts";

export const tables: BenchRow = {
  name: "tables",
  comparedWith: "the same with an empty audit trail, log and outbox",
  run: (sizes) => withBed((bed) => measure(bed, sizes)),
};

async function measure(bed: Bed, sizes: Sizes): Promise<readonly Figure[]> {
  const keys = bed.keys;
  const nodes = await bed.withServer(() => enrolNodes(bed, sizes.uploadingNodes));
  const empty = await measureRates(bed, keys, nodes, sizes);
  const work = await bed.withDatabase((client) => signBatches(client, keys, nodes, sizes.batches));
  const before = await bed.withDatabase(storedBytes);
  await bed.withServer(() => uploadAll(work));
  const stored = (await bed.withDatabase(storedBytes)) - before;
  await bed.withDatabase((client) => fillTables(client, sizes.oldRows, fillers));
  const full = await measureRates(bed, keys, nodes, sizes);
  return [
    ...besideSmaller(`${sizes.oldRows} old rows in each`, full, empty),
    {
      what: "storage of an operation",
      ours: stored / (nodes.length * sizes.batches * batchSize),
      raw: null,
      unit: "bytes",
      goal: null,
    },
  ];
}

/** Of tables and indexes, once what is dead in them was given up. */
async function storedBytes({ pool }: DatabaseClient): Promise<number> {
  await pool.query("vacuum");
  const { rows } = await pool.query<{ bytes: string }>(
    "select sum(pg_total_relation_size(oid))::text as bytes from pg_class where relkind = 'r'",
  );
  return Number(rows[0]?.bytes);
}

/** The server removes what is beyond it (`trimShapeLog`). */
const mostLogRows = 1_000_000;

const takenCallbacks = `insert into callbacks (institution_id, kind, subject, url, state, delivered_at)
  select 'welfare', 'redemption', (select coalesce(min(subject), 0) from callbacks where subject < 0) - n,
    'http://127.0.0.1:9/callback', 'delivered', now()
  from generate_series(1, $1::int) as n`;

/** Changes that every reader has long read. */
const readChanges = `with last as (
      update shape_positions set last_position = last_position + $1::int returning last_position - $1::int as position
    )
    insert into shape_log (shape, node_id, key, op, new_row, position, run, stamped_at)
      select 'leases', 'bench-' || n % 1000, 'key-' || n, 'insert',
        jsonb_build_object('node_id', 'bench', 'serial', n, 'lease', repeat('L', 200), 'token', repeat('T', 200)),
        position + n, position + n, now()
      from last, generate_series(1, $1::int) as n`;

const fillers = [
  { statement: oldAuditEntries },
  { statement: takenCallbacks },
  { statement: readChanges, mostRows: mostLogRows },
];
