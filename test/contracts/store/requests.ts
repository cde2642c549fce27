import { describe, expect, test } from "vitest";
import { bytes, linger } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeRequests(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  describe("requests", () => {
    test("the first to come begins a request, later ones read what it was answered", async () => {
      const [key, bodyHash] = [keyOf("R-first"), bytes(32)];
      const first = await transaction(async (tx) => {
        const stored = await tx.requests.begin(key, bodyHash);
        await tx.requests.answer(key, 202, '{"code":"00"}');
        return stored;
      });
      expect(first).toBeUndefined();
      const again = await transaction((tx) => tx.requests.begin(key, bytes(32)));
      expect(again).toEqual({ bodyHash, status: 202, response: '{"code":"00"}' });
      const other = await transaction((tx) =>
        tx.requests.begin({ ...key, call: "POST /vouchers cancel" }, bodyHash),
      );
      expect(other).toBeUndefined();
    });

    test("a repetition waits for the one that is under way, and gets its answer", async ({ skip }) => {
      skip(!subject().isConcurrent, "needs two transactions under way at once");
      const [key, bodyHash] = [keyOf("R-at-once"), bytes(32)];
      const begun = Promise.withResolvers<void>();
      const repeated = Promise.withResolvers<void>();
      const first = transaction(async (tx) => {
        await tx.requests.begin(key, bodyHash);
        begun.resolve();
        await repeated.promise;
        await linger(tx);
        await tx.requests.answer(key, 200, "{}");
      });
      await begun.promise;
      const second = transaction(async (tx) => {
        await tx.now();
        repeated.resolve();
        return tx.requests.begin(key, bodyHash);
      });
      expect(await second).toEqual({ bodyHash, status: 200, response: "{}" });
      await first;
    });

    test("the key is free again when whoever took it failed", async () => {
      const [key, bodyHash] = [keyOf("R-failed"), bytes(32)];
      const stop = new Error("stop");
      const failed = transaction(async (tx) => {
        await tx.requests.begin(key, bodyHash);
        throw stop;
      });
      await expect(failed).rejects.toBe(stop);
      expect(await transaction((tx) => tx.requests.begin(key, bodyHash))).toBeUndefined();
    });
  });
}

function keyOf(requestId: string) {
  return { institutionId: "welfare", call: "POST /vouchers create", requestId };
}
