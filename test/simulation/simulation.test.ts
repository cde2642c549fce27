import { beforeAll, describe, expect, inject, test } from "vitest";
import { postgresStores } from "./postgres.ts";
import { runSeed } from "./run.ts";
import type { StoreKind } from "./stores.ts";
import { none } from "./weaknesses.ts";

describe("the simulation on PostgreSQL", () => {
  let kind: StoreKind;
  beforeAll(async () => {
    kind = await postgresStores(inject("postgresAdminUrl"));
  });

  test.each([1, 2, 3])("keeps every promise with seed %i (4, P1 to P7)", async (seed) => {
    expect((await runSeed(kind, seed, none)).broken).toEqual([]);
  });

  test("the same seed has the same history", async () => {
    const [first, second] = [await runSeed(kind, 5, none), await runSeed(kind, 5, none)];
    expect(second.history).toEqual(first.history);
    expect(second.historyHash).toBe(first.historyHash);
  });

  test("another seed has another history", async () => {
    expect((await runSeed(kind, 6, none)).historyHash).not.toBe((await runSeed(kind, 7, none)).historyHash);
  });
});
