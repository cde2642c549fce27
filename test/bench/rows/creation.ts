/**
 * Voucher creation in batches, beside COPY of the same rows. What costs most of a voucher is the verifier of
 * its number, an scrypt that is meant to be slow: the server makes them outside the requests, in the platform's
 * threads, a chunk ahead of what it stores. So they are counted apart: how many can be made a second; how
 * quickly vouchers are stored whose verifiers are there; and how long a real server takes from the request to
 * the callback, beside both together.
 */
import { chmod, mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { webRandomBytes } from "#sync/signing/random.ts";
import type { BenchKeys } from "../bed.ts";
import type { DatabaseClient } from "../../../node-server/postgres/pool.ts";
import { issueBatch } from "../../../node-server/vouchers/issue.ts";
import { createNativeScrypt } from "../../../node-server/vouchers/native-scrypt.ts";
import { testStore } from "../../support/funding.ts";
import { group, withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";

const mostInRequest = 10_000;

export const creation: BenchRow = {
  name: "creation",
  comparedWith: "COPY of the same rows into tables with the same indexes",
  run: (sizes) => withBed((bed) => measure(bed, sizes)),
};

async function measure(bed: Bed, sizes: Sizes): Promise<readonly Figure[]> {
  const { creations, requested } = sizes;
  const keys = bed.keys;
  const verifiers = await makeVerifiers(sizes.verifiers);
  const [stored, copied] = await bed.withDatabase(async (client) => [
    await storeAll(client, keys, creations, verifiers.made),
    await copyAll(client, bed.folder),
  ]);
  const seconds = await bed.withServer(() => request(bed, requested));
  return [
    { what: "verifiers made", ours: verifiers.rate, raw: null, unit: "/s", goal: null },
    {
      what: "vouchers stored a second",
      ours: creations / stored,
      raw: creations / copied,
      unit: "/s",
      goal: { atLeast: 0.25 },
    },
    {
      what: "from request to callback, beside verifiers and COPY",
      ours: requested / seconds,
      raw: requested / (requested / verifiers.rate + (requested * copied) / creations),
      unit: "/s",
      goal: null,
    },
  ];
}

async function makeVerifiers(count: number) {
  const scrypt = createNativeScrypt(availableParallelism());
  const begun = performance.now();
  const made = await Promise.all(
    Array.from({ length: count }, () => scrypt(webRandomBytes(16), webRandomBytes(32))),
  );
  return { made, rate: count / ((performance.now() - begun) / 1000) };
}

/** Seconds; the verifiers are handed out again and again. */
async function storeAll(
  { pool }: DatabaseClient,
  keys: BenchKeys,
  count: number,
  verifiers: readonly Uint8Array[],
): Promise<number> {
  const store = testStore(pool);
  let next = 0;
  const scrypt = async () => verifiers[next++ % verifiers.length] ?? new Uint8Array(16);
  const numbers = { keys: keys.numbers, scrypt, randomBytes: webRandomBytes };
  const begun = performance.now();
  for (let from = 0; from < count; from += mostInRequest) {
    const lines = Array.from({ length: Math.min(mostInRequest, count - from) }, (_, index) => ({
      line: index + 1,
      instructionId: `i-${index + 1}`,
      groupCode: group,
      currency: "USD",
      amount: "7.00",
      payeeFunctionalId: null,
      narration: "food",
    }));
    const [batchId, requestId] = [`b-${from}`, `b-${from}`];
    const batch = {
      kind: "request",
      institutionId: "welfare",
      programId: "relief",
      callbackUrl: "http://127.0.0.1:9",
    } as const;
    const id = await store.transaction((tx) => tx.batches.insert({ ...batch, batchId, requestId }, lines));
    if (id === undefined) throw new Error(`there is a batch ${batchId}`);
    await issueBatch({ store, numbers }, id);
  }
  return (performance.now() - begun) / 1000;
}

/** All that a voucher leaves behind, in the order of what refers to what. */
const tables = [
  "voucher_batches",
  "voucher_instructions",
  "vouchers",
  "voucher_deliveries",
  "journal_entries",
  "journal_lines",
];

/** Seconds, by the database's own files: no driver is in the way. */
async function copyAll({ pool }: DatabaseClient, folder: string): Promise<number> {
  const files = join(folder, "copy");
  await mkdir(files);
  // The database is another user's.
  await chmod(files, 0o777);
  for (const table of tables) {
    await pool.query(`copy ${table} to '${join(files, table)}'`);
    await pool.query(`create table raw_${table} (like ${table} including all)`);
  }
  const begun = performance.now();
  for (const table of tables) await pool.query(`copy raw_${table} from '${join(files, table)}'`);
  return (performance.now() - begun) / 1000;
}

/** Seconds until every voucher was told of. */
async function request({ ministry }: Bed, count: number): Promise<number> {
  const begun = performance.now();
  for (let from = 0; from < count; from += mostInRequest)
    await ministry.createVouchers(group, Array<number>(Math.min(mostInRequest, count - from)).fill(7));
  return (performance.now() - begun) / 1000;
}
