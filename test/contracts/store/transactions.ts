import { describe, expect, test } from "vitest";
import { activated, linger, locked } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeTransactions(subject: () => StoreSubject): void {
  describe("transactions", () => {
    test("nothing stays of a transaction whose work throws", async () => {
      const serial = await activated(subject());
      const stop = new Error("stop");
      const work = subject().store.transaction(async (tx) => {
        await tx.vouchers.update(serial, { state: "suspended", pending: null });
        await tx.audit.record({ actor: "test", action: "suspend", subject: `voucher:${serial}` });
        await tx.jobs.enqueue({ queue: "payout", id: `of-${serial}` });
        throw stop;
      });
      await expect(work).rejects.toBe(stop);
      const voucher = await subject().store.transaction((tx) => tx.vouchers.find(serial));
      expect(voucher?.state).toBe("activated");
      expect(await subject().auditOf(`voucher:${serial}`)).toEqual([]);
      expect(await subject().waitingJobs()).not.toContainEqual({ queue: "payout", id: `of-${serial}` });
    });

    test("jobs wait from the commit on, one for each queue and id", async () => {
      const job = { queue: "callback", id: "twice" } as const;
      await subject().store.transaction((tx) => tx.jobs.enqueue(job));
      await subject().store.transaction(async (tx) => {
        await tx.jobs.enqueue(job, 60);
        await tx.jobs.enqueue({ ...job, queue: "run-command" });
      });
      const waiting = (await subject().waitingJobs()).filter((found) => found.id === "twice");
      expect(waiting.toSorted((a, b) => (a.queue < b.queue ? -1 : 1))).toEqual([
        job,
        { queue: "run-command", id: "twice" },
      ]);
    });

    test("who waits for a voucher sees what its holder wrote, at a later time", async ({ skip }) => {
      skip(!subject().isConcurrent, "needs two transactions under way at once");
      const serial = await activated(subject());
      const holding = Promise.withResolvers<void>();
      const waiting = Promise.withResolvers<void>();
      const first = subject().store.transaction(async (tx) => {
        await locked(tx, serial);
        holding.resolve();
        await waiting.promise;
        await linger(tx);
        await tx.vouchers.update(serial, { state: "suspended", pending: null });
        return tx.now();
      });
      await holding.promise;
      const second = subject().store.transaction(async (tx) => {
        await tx.vouchers.find(serial);
        waiting.resolve();
        const { state } = await locked(tx, serial);
        return { state, at: await tx.now() };
      });
      const [firstAt, seen] = await Promise.all([first, second]);
      expect(seen.state).toBe("suspended");
      expect(seen.at.getTime()).toBeGreaterThanOrEqual(firstAt.getTime());
    });

    test("two transactions that take vouchers crosswise both come to an end", async ({ skip }) => {
      skip(!subject().isConcurrent, "needs two transactions under way at once");
      const [a, b] = [await activated(subject()), await activated(subject())];
      const first = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
      const takeBoth = (one: bigint, other: bigint, mine: "a" | "b", theirs: "a" | "b") =>
        subject().store.transaction(async (tx) => {
          await locked(tx, one);
          first[mine].resolve();
          await first[theirs].promise;
          await locked(tx, other);
          await tx.vouchers.update(other, { state: "activated", pending: null, token: `PV1:${one}` });
        });
      await Promise.all([takeBoth(a, b, "a", "b"), takeBoth(b, a, "b", "a")]);
      const tokens = await subject().store.transaction(async (tx) => [
        (await locked(tx, a)).token,
        (await locked(tx, b)).token,
      ]);
      expect(tokens).toEqual([`PV1:${b}`, `PV1:${a}`]);
    });

    test("the audit trail keeps who did what to whom, with the state before and after", async () => {
      const entry = { actor: "welfare", action: "voucher.cancel", subject: "voucher:audited" };
      await subject().store.transaction(async (tx) => {
        await tx.audit.record({ ...entry, before: { state: "activated" }, after: { state: "cancelled" } });
        await tx.audit.record({ ...entry, action: "voucher.look" });
      });
      expect(await subject().auditOf("voucher:audited")).toEqual([
        {
          actor: "welfare",
          action: "voucher.cancel",
          before: { state: "activated" },
          after: { state: "cancelled" },
        },
        { actor: "welfare", action: "voucher.look", before: null, after: null },
      ]);
    });
  });
}
