import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { runSeed } from "./run.ts";
import { memoryStores, postgresStores } from "./stores.ts";
import type { SimulatedStores } from "./stores.ts";
import { none } from "./weaknesses.ts";

describe("the simulation", () => {
  let memory: SimulatedStores;
  let postgres: SimulatedStores;
  beforeAll(async () => {
    [memory, postgres] = await Promise.all([memoryStores(), postgresStores(inject("postgresAdminUrl"))]);
  });
  afterAll(() => Promise.all([memory.close(), postgres.close()]));

  test.each([1, 2, 3])("keeps every promise with seed %i in memory (4, P1 to P13)", async (seed) => {
    expect((await runSeed(memory, seed, none)).broken).toEqual([]);
  });

  test("the same seed keeps every promise, with the same history, in memory and on a server", async () => {
    const [first, second] = [await runSeed(memory, 5, none), await runSeed(postgres, 5, none)];
    expect(second.broken).toEqual([]);
    expect(second.history).toEqual(first.history);
    expect(second.historyHash).toBe(first.historyHash);
  });

  test("another seed has another history", async () => {
    expect((await runSeed(memory, 6, none)).historyHash).not.toBe(
      (await runSeed(memory, 7, none)).historyHash,
    );
  });
});
