import { describe, expect, test } from "vitest";
import type { KeySet } from "../documents/key-set.ts";
import type { ShapeBatch, ShapeChange, ShapeHead, ShapeStorage } from "../ports/shape-storage.ts";
import { BrokenSequenceError, createConsumer } from "./consumer.ts";
import type { ShapeMessage } from "./consumer.ts";

const at = (position: string): ShapeHead => ({ handle: "h", position });
const upToDate: ShapeMessage = { control: "up-to-date" };
const mustRefetch: ShapeMessage = { control: "must-refetch" };
// Signals carry no signature, so that the order of things is all that is tested here.
const row = (version: number): ShapeMessage => ({
  key: "leases",
  operation: "insert",
  value: { shape: "leases", version: String(version) },
});
const change = (version: number): ShapeChange => ({ type: "signal", shape: "leases", version });

/** Remembers what it was asked to do. */
function storageAt(head: ShapeHead | undefined, accepts = true) {
  const calls: ({ readonly load: number; readonly staged: readonly ShapeChange[] } | ShapeBatch | "load")[] =
    [];
  const storage = {
    head: () => head,
    beginLoad: () => {
      calls.push("load");
      return 2;
    },
    stage: (_name: string, load: number, staged: readonly ShapeChange[]) => void calls.push({ load, staged }),
    apply: (batch: ShapeBatch) => {
      calls.push(batch);
      return accepts;
    },
  } as unknown as ShapeStorage;
  const context = () => ({ nodeId: "n", keySet: {} as KeySet });
  return {
    calls,
    consumer: (reload = false) => createConsumer({ name: "signals", storage, context, reload }),
  };
}

describe("a consumer of a shape", () => {
  test("stores nothing of a batch before it is up to date, then rows and offset together (C1)", async () => {
    const { calls, consumer } = storageAt(at("1_0"));
    const { receive } = consumer();
    expect(await receive([row(1)], at("2_0"))).toBe(false);
    expect(calls).toEqual([]);
    expect(await receive([row(2), upToDate], at("3_0"))).toBe(true);
    const changes = [change(1), change(2)];
    expect(calls).toEqual([{ name: "signals", from: at("1_0"), load: undefined, changes, to: at("3_0") }]);
  });

  test("continues each batch from the one before it", async () => {
    const { calls, consumer } = storageAt(at("1_0"));
    const { receive } = consumer();
    await receive([row(1), upToDate], at("2_0"));
    await receive([upToDate], at("3_0"));
    expect(calls).toMatchObject([
      { from: at("1_0"), to: at("2_0"), changes: [change(1)] },
      { from: at("2_0"), to: at("3_0"), changes: [] },
    ]);
  });

  test("throws when the storage says that the batch does not continue its head (C2)", async () => {
    const { consumer } = storageAt(at("1_0"), false);
    await expect(consumer().receive([row(1), upToDate], at("2_0"))).rejects.toThrow(BrokenSequenceError);
  });

  test("builds a shape that was never read as a new load, chunk by chunk", async () => {
    const { calls, consumer } = storageAt(undefined);
    const { receive } = consumer();
    await receive([row(1)], at("0_0"));
    await receive([upToDate], at("0_inf"));
    expect(calls).toEqual([
      "load",
      { load: 2, staged: [change(1)] },
      { name: "signals", from: undefined, load: 2, changes: [], to: at("0_inf") },
    ]);
  });

  test("forgets what came before must-refetch, and builds beside the load that counts (C3)", async () => {
    const { calls, consumer } = storageAt(at("1_0"));
    const { receive } = consumer();
    await receive([row(1)], at("2_0"));
    await receive([mustRefetch], at("-1"));
    await receive([row(7), upToDate], at("0_inf"));
    expect(calls).toEqual([
      "load",
      { name: "signals", from: at("1_0"), load: 2, changes: [change(7)], to: at("0_inf") },
    ]);
  });

  test("that is to load anew replaces the head that it found", async () => {
    const { calls, consumer } = storageAt(at("1_0"));
    await consumer(true).receive([row(1), upToDate], at("0_inf"));
    expect(calls).toMatchObject(["load", { from: at("1_0"), load: 2 }]);
  });
});
