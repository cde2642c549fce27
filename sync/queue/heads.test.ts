import { describe, expect, test } from "vitest";
import type { StoredOperation } from "../ports/queue-storage.ts";
import { mostOperations, nextBatch } from "./batch.ts";
import { checkHead } from "./head.ts";
import type { HeadRecord } from "./head.ts";
import { judgeServerHead, readServerHead } from "./server-head.ts";

const hash = (n: number) => new Uint8Array(32).fill(n);
/** A database with three operations; its hashes are their numbers. */
const hashAt = (sequence: number) => (sequence <= 3 ? hash(sequence) : undefined);
const database = { sequence: 3, hash: hash(3), wasKept: true };

function record(sequence: number, of = sequence, nodeId = "n", isWhole = true): HeadRecord {
  return { kind: "present", nodeId, head: { sequence, hash: hash(of) }, isWhole };
}

describe("the two records of the last operation", () => {
  test.each([
    ["agree", record(3), { verdict: "agree" }],
    ["file one behind (Q1)", record(2), { verdict: "repair" }],
    ["file two behind (Q2)", record(1), { verdict: "stop", code: "head-file-behind-database" }],
    ["file ahead (Q2)", record(4), { verdict: "stop", code: "database-behind-head-file" }],
    ["same number, another hash (Q2)", record(3, 9), { verdict: "stop", code: "head-hashes-differ" }],
    ["one behind, another hash (Q2)", record(2, 9), { verdict: "stop", code: "head-hashes-differ" }],
    ["another node", record(3, 3, "m"), { verdict: "stop", code: "head-file-of-another-node" }],
    ["one behind, the next not whole (Q1)", record(2, 2, "n", false), { verdict: "repair" }],
    ["a later one not whole (Q2)", record(3, 3, "n", false), { verdict: "stop", code: "head-file-damaged" }],
    ["missing", { kind: "missing" } as const, { verdict: "stop", code: "head-file-missing" }],
    ["damaged", { kind: "damaged" } as const, { verdict: "stop", code: "head-file-damaged" }],
  ] as const)("%s", (_name, file, verdict) => {
    expect(checkHead("n", database, file, hashAt)).toEqual(verdict);
  });

  test("a file that was never written is made before the first operation; one that was is missed (Q1)", () => {
    const empty = { sequence: 0, hash: hash(0), wasKept: false };
    const missing: HeadRecord = { kind: "missing" };
    expect(checkHead("n", empty, missing, hashAt)).toEqual({ verdict: "repair" });
    const lost = checkHead("n", { ...empty, wasKept: true }, missing, hashAt);
    expect(lost).toEqual({ verdict: "stop", code: "head-file-missing" });
  });
});

describe("the end of the server's chain", () => {
  const ours = { head: database, generation: 2 };
  const server = (lastSequence: number, of = lastSequence, generation = 2) => ({
    generation,
    lastSequence,
    lastHash: hash(of),
  });

  test.each([
    ["the same", server(3), { verdict: "follows" }],
    ["shorter", server(1), { verdict: "follows" }],
    ["empty", server(0), { verdict: "follows" }],
    ["of a newer generation", server(1, 1, 3), { verdict: "follows" }],
    ["of an older generation", server(3, 3, 1), { verdict: "older-server" }],
    ["longer", server(4), { verdict: "stop", code: "behind-server" }],
    ["another branch", server(2, 9), { verdict: "stop", code: "forked" }],
  ] as const)("%s", (_name, head, verdict) => {
    expect(judgeServerHead(ours, head, hashAt)).toEqual(verdict);
  });

  test("is read only from a complete answer", () => {
    const good = { generation: 1, lastSequence: 0, lastHash: btoa("x".repeat(32)) };
    expect(readServerHead(good)?.lastSequence).toBe(0);
    for (const bad of [
      { ...good, lastHash: "" },
      { ...good, lastHash: 5 },
      { ...good, lastSequence: -1 },
      { ...good, lastSequence: "0" },
      { ...good, generation: 1.5 },
    ]) {
      expect(readServerHead(bad)).toBeUndefined();
    }
  });
});

describe("a batch", () => {
  const operations = (count: number, bytes: number) =>
    Array.from({ length: count }, (_, index) => ({
      sequence: index + 1,
      signed: new Uint8Array(bytes),
      sealed: null,
    })) as unknown as StoredOperation[];
  const queueOf = (stored: StoredOperation[]) => ({
    agreeOnHead: () => {},
    after: (sequence: number, limit: number) => stored.slice(sequence, sequence + limit),
  });

  test("holds no more operations than the limit", () => {
    expect(nextBatch(queueOf(operations(150, 10)), 0, mostOperations)).toHaveLength(100);
    expect(nextBatch(queueOf(operations(150, 10)), 100, mostOperations)).toHaveLength(50);
    expect(nextBatch(queueOf([]), 0, mostOperations)).toEqual([]);
  });

  test("stays below a mebibyte, and holds one operation however large it is", () => {
    expect(nextBatch(queueOf(operations(10, 200_000)), 0, mostOperations)).toHaveLength(4);
    expect(nextBatch(queueOf(operations(3, 2_000_000)), 0, mostOperations)).toHaveLength(1);
  });
});
