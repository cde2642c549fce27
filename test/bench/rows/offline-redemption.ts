/**
 * An offline redemption on the node, from the input to its durable acceptance, beside what no node can do without: one
 * signature with tweetnacl, one commit of the same bytes that SQLite has flushed, and one check of the number by scrypt is on
 * top of it on our side.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import nacl from "tweetnacl";
import { webRandomBytes } from "#sync/signing/random.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import { createMachineClock } from "../../../desktop/worker/machine.ts";
import { createNode } from "../../../desktop/worker/node.ts";
import { openStores } from "../../../desktop/worker/open.ts";
import { makeLargeTill } from "../../support/large-till.ts";
import { percentile } from "../row.ts";
import type { BenchRow, Figure } from "../row.ts";

export const offlineRedemption: BenchRow = {
  name: "offline-redemption",
  comparedWith: "one tweetnacl signature and one flushed SQLite commit of the same bytes",
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "paypost-bench-"));
    try {
      const { ours, bytes } = await redeemAll(join(folder, "till"));
      const raw = signAndCommit(join(folder, "raw.db"), ours.length, bytes);
      return [0.5, 0.95].map((part): Figure => ({
        what: `accepted within, ${100 * part} %`,
        ours: percentile(ours, part),
        raw: percentile(raw, part),
        unit: "ms",
        goal: part === 0.95 ? { atMost: 1.5 } : null,
      }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Milliseconds of each redemption, and how large the signed operations are. */
async function redeemAll(directory: string): Promise<{ ours: number[]; bytes: number }> {
  const { vouchers } = await makeLargeTill(directory, { vouchers: 2000, operations: 500 });
  const clock = createMachineClock();
  const opened = openStores({ directory, wallMs: () => clock.wallMs() });
  if (!opened.ok) throw new Error("the till is in use");
  const { stores } = opened;
  const key = ed25519Key(new Uint8Array(32).fill(7));
  stores.vault.unlock(key.seed);
  const offline = () => Promise.reject(new TypeError("fetch failed"));
  const sleep = () => Promise.resolve();
  const node = createNode({
    stores,
    key,
    serverUrl: "http://127.0.0.1:9",
    clock,
    randomBytes: webRandomBytes,
    sleep,
    fetch: offline,
  });
  const before = stores.queue.head().sequence;
  const ours: number[] = [];
  for (const { serial, number } of vouchers) {
    const begun = performance.now();
    const outcome = await node.redeem({ serial, number, actor: "Ann", offline: true });
    ours.push(performance.now() - begun);
    if (outcome.kind !== "accepted") throw new Error(`voucher ${serial}: ${JSON.stringify(outcome)}`);
  }
  const signed = stores.queue
    .after(before, ours.length)
    .map((row) => row.signed.length + (row.sealed?.length ?? 0));
  stores.close();
  // The first ones warm up what is compiled as it is used.
  return {
    ours: ours.slice(10),
    bytes: Math.round(signed.reduce((sum, each) => sum + each, 0) / signed.length),
  };
}

function signAndCommit(path: string, times: number, bytes: number): number[] {
  const database = new Database(path);
  database.pragma("journal_mode = wal");
  database.pragma("synchronous = full");
  database.exec("create table operations (sequence integer primary key, signed blob not null) strict");
  const insert = database.prepare("insert into operations (signed) values (?)");
  const { secretKey } = nacl.sign.keyPair();
  const raw = Array.from({ length: times + 10 }, () => {
    const message = webRandomBytes(bytes);
    const begun = performance.now();
    nacl.sign.detached(message, secretKey);
    insert.run(message);
    return performance.now() - begun;
  });
  database.close();
  return raw.slice(10);
}
