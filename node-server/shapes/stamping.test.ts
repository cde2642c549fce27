import { expect, test } from "vitest";
import { createStamping, type StampingOptions } from "./stamping.ts";

test("whoever commits while a stamping is under way gets another one, shared with the others who came meanwhile", async () => {
  const stamps: PromiseWithResolvers<void>[] = [];
  const stamping = create({
    stamp: () => {
      const stamp = Promise.withResolvers<void>();
      stamps.push(stamp);
      return stamp.promise;
    },
  });
  const first = stamping.stampNow();
  const late = [stamping.stampNow(), stamping.stampNow()];
  expect(stamps).toHaveLength(1);
  stamps[0]?.resolve();
  await first;
  await expect.poll(() => stamps.length).toBe(2);
  stamps[1]?.resolve();
  await Promise.all(late);
  expect(stamps).toHaveLength(2);
});

test("a stamping that fails fails for its caller, and not for the one who comes after", async () => {
  let calls = 0;
  const stamping = create({
    stamp: () => (calls++ === 0 ? Promise.reject(new Error("cut")) : Promise.resolve()),
  });
  const first = stamping.stampNow();
  const second = stamping.stampNow();
  await expect(first).rejects.toThrow("cut");
  await expect(second).resolves.toBeUndefined();
});

test("the log is looked at while somebody follows, past failures, and no longer", async () => {
  let calls = 0;
  let followed = true;
  const failures: unknown[] = [];
  const looked = Promise.withResolvers<void>();
  const stamping = create({
    stamp: async () => {
      calls += 1;
      if (calls === 3) throw new Error("cut");
      if (calls === 5) {
        followed = false;
        looked.resolve();
      }
    },
    isFollowed: () => followed,
    onFailed: (error) => failures.push(error),
  });
  await stamping.stampNow();
  await looked.promise;
  await stamping.close();
  expect(calls).toBe(5);
  expect(failures).toHaveLength(1);
});

test("nothing is looked at while nobody follows", async () => {
  let calls = 0;
  const stamping = create({ stamp: async () => void calls++ });
  await stamping.stampNow();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(calls).toBe(1);
  await stamping.close();
});

function create(options: Partial<StampingOptions>) {
  return createStamping({
    stamp: () => Promise.resolve(),
    isFollowed: () => false,
    onFailed: (error) => {
      throw error;
    },
    pollMs: 0,
    ...options,
  });
}
