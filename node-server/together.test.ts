import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { together } from "./together.ts";

/** Work that answers with ten times the question, when it is let go on. */
function heldWork() {
  const batches: (readonly number[])[] = [];
  const held: (() => void)[] = [];
  const ask = together<string, number, number>(async (_asker, questions) => {
    batches.push(questions);
    await new Promise<void>((resolve) => held.push(resolve));
    if (questions.includes(13)) throw new Error("thirteen");
    return questions.map((question) => 10 * question);
  });
  return { ask, batches, next: () => held.shift()?.() };
}

describe("work that is done together", () => {
  test("is begun at once when nothing else is, and gathers what comes meanwhile", async () => {
    const { ask, batches, next } = heldWork();
    const asked = [1, 2, 3, 4, 5].map((question) => ask("a", question));
    expect(batches).toEqual([[1], [2]]);
    next();
    expect(await asked[0]).toBe(10);
    await expect.poll(() => batches).toEqual([[1], [2], [3, 4, 5]]);
    next();
    next();
    expect(await Promise.all(asked)).toEqual([10, 20, 30, 40, 50]);
  });

  test("is done in parts of a hundred", async () => {
    const { ask, batches, next } = heldWork();
    const asked = Array.from({ length: 202 }, (_, index) => ask("a", index + 20));
    for (let part = 0; part < 4; part += 1) {
      await expect.poll(() => batches.length).toBeGreaterThan(part);
      next();
    }
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 202 }, (_, index) => 10 * (index + 20)));
    expect(batches.map(({ length }) => length)).toEqual([1, 1, 100, 100]);
  });

  test("keeps apart what others ask", async () => {
    const { ask, batches, next } = heldWork();
    const asked = [ask("a", 1), ask("a", 2), ask("a", 3), ask("b", 4), ask("b", 5)];
    expect(batches).toEqual([[1], [2], [4], [5]]);
    for (let part = 0; part < 4; part += 1) next();
    await expect.poll(() => batches.at(-1)).toEqual([3]);
    next();
    expect(await Promise.all(asked)).toEqual([10, 20, 30, 40, 50]);
  });

  test("tells everybody of a batch when it fails, and goes on with the next", async () => {
    const { ask, next } = heldWork();
    const asked = [1, 2, 13, 4].map(async (question) => ask("a", question).catch(String));
    for (let part = 0; part < 2; part += 1) next();
    await Promise.all(asked.slice(0, 2));
    const later = ask("a", 5);
    next();
    expect(await Promise.all(asked)).toEqual([10, 20, "Error: thirteen", "Error: thirteen"]);
    next();
    expect(await later).toBe(50);
  });

  test("runs in the context of one that asked", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const ask = together<string, number, number>(async (_asker, questions) => {
      await Promise.resolve();
      seen.push(context.getStore());
      return questions;
    });
    await Promise.all(["x", "y", "z"].map(async (name, index) => context.run(name, () => ask("a", index))));
    expect(seen).toEqual(["x", "y", "z"]);
  });
});
