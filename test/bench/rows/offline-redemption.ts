/**
 * An offline redemption on the node, from the input to its durable acceptance, beside what no node can do without: one
 * signature with tweetnacl, one commit of the same bytes that SQLite has flushed, and one check of the number by scrypt is on
 * top of it on our side. They take turns of ten each, so that a disk that is slower for a while is so for both; each has a
 * process of its own, so that the garbage of one is not cleared away at the other's cost.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webRandomBytes } from "#sync/signing/random.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import { createMachineClock } from "../../../desktop/worker/machine.ts";
import { createNode } from "../../../desktop/worker/node.ts";
import { openStores } from "../../../desktop/worker/open.ts";
import type { TestVoucher } from "../../support/authority.ts";
import { makeLargeTill } from "../../support/large-till.ts";
import { percentile } from "../row.ts";
import type { BenchRow, Figure } from "../row.ts";

const perTurn = 10;

export const offlineRedemption: BenchRow = {
  name: "offline-redemption",
  comparedWith: "one tweetnacl signature and one flushed SQLite commit of the same bytes",
  async run({ offlineRedemptions }) {
    const folder = mkdtempSync(join(tmpdir(), "paypost-bench-"));
    try {
      const { ours, raw } = await takeTurns(folder, offlineRedemptions);
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

/** Milliseconds of each. */
async function takeTurns(folder: string, times: number): Promise<{ ours: number[]; raw: number[] }> {
  const till = await openTill(join(folder, "till"), perTurn + times);
  // The first ones warm up what is compiled as it is used.
  await till.redeem(perTurn);
  const limit = openLimit(join(folder, "raw.db"), till.bytesOfOne());
  try {
    await limit.signAndCommit(perTurn);
    const [ours, raw]: [number[], number[]] = [[], []];
    while (ours.length < times) {
      const some = Math.min(perTurn, times - ours.length);
      ours.push(...(await till.redeem(some)));
      raw.push(...(await limit.signAndCommit(some)));
    }
    return { ours, raw };
  } finally {
    await limit.close();
    till.close();
  }
}

interface BenchTill {
  /** Takes the next vouchers; milliseconds of each. */
  redeem(some: number): Promise<number[]>;
  /** How large the operations are that were signed so far. */
  bytesOfOne(): number;
  close(): void;
}

async function openTill(directory: string, numbers: number): Promise<BenchTill> {
  const { vouchers } = await makeLargeTill(directory, {
    vouchers: 2000,
    operations: 500,
    withNumbers: numbers,
  });
  const clock = createMachineClock();
  const opened = openStores({ directory, wallMs: () => clock.wallMs() });
  if (!opened.ok) throw new Error("the till is in use");
  const { stores } = opened;
  const node = createNode({
    stores,
    key: ed25519Key(new Uint8Array(32).fill(7)),
    serverUrl: "http://127.0.0.1:9",
    clock,
    randomBytes: webRandomBytes,
    sleep: () => Promise.resolve(),
    fetch: () => Promise.reject(new TypeError("fetch failed")),
  });
  const before = stores.queue.head().sequence;
  let taken = 0;
  const redeem = async ({ serial, number }: TestVoucher): Promise<number> => {
    const begun = performance.now();
    const outcome = await node.redeem({ serial, number, actor: "Ann", offline: true });
    const took = performance.now() - begun;
    if (outcome.kind !== "accepted") throw new Error(`voucher ${serial}: ${JSON.stringify(outcome)}`);
    return took;
  };
  return {
    async redeem(some) {
      const took: number[] = [];
      for (const voucher of vouchers.slice(taken, taken + some)) took.push(await redeem(voucher));
      taken += some;
      return took;
    },
    bytesOfOne() {
      const signed = stores.queue
        .after(before, numbers)
        .map((row) => row.signed.length + (row.sealed?.length ?? 0));
      return Math.round(signed.reduce((sum, each) => sum + each, 0) / signed.length);
    },
    close: () => stores.close(),
  };
}

interface RawLimit {
  /** Milliseconds of each. */
  signAndCommit(some: number): Promise<number[]>;
  close(): Promise<void>;
}

function openLimit(path: string, bytes: number): RawLimit {
  // tweetnacl makes thousands of small arrays for a signature; threads that sweep them away meanwhile can double its time.
  const execArgv = ["--no-concurrent-array-buffer-sweeping"];
  const limit = fork("test/bench/sign-and-commit.ts", [path, String(bytes)], { execArgv });
  return {
    async signAndCommit(some) {
      const answered = once(limit, "message");
      limit.send(some);
      const [took] = (await answered) as [number[]];
      return took;
    },
    async close() {
      const ended = once(limit, "exit");
      limit.disconnect();
      await ended;
    },
  };
}
