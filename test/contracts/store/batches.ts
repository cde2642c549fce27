import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { reserveForVouchers } from "../../../node-server/ledger/entries.ts";
import type { VoucherInstruction } from "../../../node-server/ports/store.ts";
import { linger, newBatch, newInstructions, newVoucher } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeBatches(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  /** Gives the lines a voucher each. */
  const fulfil = (batch: bigint, lines: readonly number[]) =>
    transaction(async (tx) => {
      const serials = await tx.vouchers.nextSerials(lines.length);
      const rows = lines.map((line, index) => newVoucher(batch, line, serials[index] ?? 0n));
      await tx.vouchers.insert(rows, reserveForVouchers(`${batch}:${lines[0]}`, "AID", "USD", rows));
      return rows;
    });

  describe("batches", () => {
    test("an institution uses a batch id once", async () => {
      const batch = {
        kind: "request" as const,
        institutionId: "welfare",
        batchId: "once",
        requestId: "R-1",
        programId: "winter",
        callbackUrl: "https://welfare.example/cb",
      };
      const insert = (change: object) => transaction((tx) => tx.batches.insert({ ...batch, ...change }, []));
      const [first, second, other] = await Promise.all([
        insert({}),
        insert({ requestId: "R-2" }),
        insert({ institutionId: "keyless" }),
      ]);
      expect([first, second].filter((id) => id === undefined)).toHaveLength(1);
      expect(other).toBeTypeOf("bigint");
      const id = first ?? second ?? 0n;
      const found = await transaction((tx) => tx.batches.find(id));
      expect(found).toEqual({ ...batch, id, requestId: first === undefined ? "R-2" : "R-1" });
      expect(await transaction((tx) => tx.batches.lock(id))).toEqual(found);
      const byRequest = (institution: string, request = found?.requestId ?? "") =>
        transaction((tx) => tx.batches.byRequest(institution, "request", request));
      expect([await byRequest("welfare"), await byRequest("welfare", "R-none")]).toEqual([id, undefined]);
      expect(await byRequest("keyless", "R-2")).toBeUndefined();
      expect(await transaction((tx) => tx.batches.find(999_999n))).toBeUndefined();
    });

    test("an instruction is open until it has a voucher or a failure, lowest line first", async () => {
      const instructions = newInstructions(6);
      const batch = await transaction((tx) => newBatch(tx, instructions.toReversed()));
      const open = (limit: number) => transaction((tx) => tx.batches.nextOpen(batch, limit));
      expect(await open(3)).toEqual(instructions.slice(0, 3));
      await fulfil(batch, [1, 4]);
      await transaction((tx) => tx.batches.fail(batch, [{ line: 3, reason: "Unknown currency" }]));
      expect(lines(await open(10))).toEqual([2, 5, 6]);
      expect(lines(await open(1))).toEqual([2]);
      const areOpen = (...wanted: number[]) => transaction((tx) => tx.batches.areOpen(batch, wanted));
      expect([await areOpen(2, 5, 6), await areOpen(2, 5), await areOpen(6)]).toEqual([true, true, true]);
      expect([await areOpen(1, 2), await areOpen(2, 3, 5, 6), await areOpen(4)]).toEqual([
        false,
        false,
        false,
      ]);
    });

    test("results tell of each line in order: a voucher, a failure or neither yet", async () => {
      const instructions = newInstructions(3);
      const batch = await transaction((tx) => newBatch(tx, instructions));
      const [made] = await fulfil(batch, [1]);
      await transaction((tx) => tx.batches.fail(batch, [{ line: 2, reason: "Unknown currency" }]));
      const nothing = { failureReason: null, serial: null, ciphertext: null, expiresAt: null };
      expect(await transaction((tx) => tx.batches.results(batch))).toEqual([
        {
          ...instructions[0],
          ...nothing,
          serial: made?.serial,
          ciphertext: made?.ciphertext,
          expiresAt: made?.expiresAt,
        },
        { ...instructions[1], ...nothing, failureReason: "Unknown currency" },
        { ...instructions[2], ...nothing },
      ]);
    });

    test("a line fails once, and a failure among others that is refused leaves none", async () => {
      const batch = await transaction((tx) => newBatch(tx, newInstructions(2)));
      const fail = (lines: readonly number[], reason: string) =>
        transaction((tx) =>
          tx.batches.fail(
            batch,
            lines.map((line) => ({ line, reason })),
          ),
        );
      await fail([1], "first");
      await expect(fail([2, 1], "second")).rejects.toBeInstanceOf(Error);
      const results = await transaction((tx) => tx.batches.results(batch));
      expect(results.map(({ failureReason }) => failureReason)).toEqual(["first", null]);
    });

    test("results come in slices, and open instructions after a line", async () => {
      const batch = await transaction((tx) => newBatch(tx, newInstructions(5)));
      await fulfil(batch, [4]);
      const slice = (afterLine: number) =>
        transaction((tx) => tx.batches.results(batch, { afterLine, limit: 2 }));
      expect([lines(await slice(0)), lines(await slice(2)), lines(await slice(4))]).toEqual([
        [1, 2],
        [3, 4],
        [5],
      ]);
      expect(lines(await transaction((tx) => tx.batches.nextOpen(batch, 10, 2)))).toEqual([3, 5]);
    });

    test("the progress counts vouchers and failures", async () => {
      const batch = await transaction((tx) => newBatch(tx, newInstructions(4)));
      const progress = () => transaction((tx) => tx.batches.progress(batch));
      expect(await progress()).toEqual({ total: 4, created: 0, failed: 0, complete: false });
      await fulfil(batch, [1, 2, 4]);
      await transaction(async (tx) => {
        await tx.batches.fail(batch, [{ line: 3, reason: "Unknown currency" }]);
        await tx.batches.complete(batch);
      });
      expect(await progress()).toEqual({ total: 4, created: 3, failed: 1, complete: true });
    });

    test("a file's unique id is used once: not in it again, and not in another file of the institution", async () => {
      const id = randomUUID().slice(0, 8);
      const items = (...names: string[]) =>
        newInstructions(names.length).map((item, index) => ({ ...item, instructionId: id + names[index] }));
      const add = (institutionId: string, added: readonly VoucherInstruction[]) =>
        transaction(async (tx) => {
          const batch = await newBatch(tx, [], "file", institutionId);
          const repeated = await tx.batches.addUnique({ id: batch, institutionId }, added);
          return { repeated, batchId: (await tx.batches.find(batch))?.batchId };
        });
      const first = await add("welfare", items("a", "b"));
      expect(first.repeated).toBeUndefined();
      const second = await add("welfare", items("c", "b", "a"));
      expect(second.repeated).toEqual({ line: 2, earlier: { batchId: first.batchId, line: 2 } });
      const third = await add("welfare", items("d", "e", "d"));
      expect(third.repeated).toEqual({ line: 3, earlier: { batchId: third.batchId, line: 1 } });
      expect((await add("keyless", items("a"))).repeated).toBeUndefined();
      // A request over the API may name its instructions as it likes.
      await transaction((tx) => newBatch(tx, items("a", "a")));
    });

    test("a file and a request have request ids of their own, and a batch is found by its institution's id", async () => {
      const [file, request] = await transaction(async (tx) => [
        await newBatch(tx, [], "file"),
        await newBatch(tx, []),
      ]);
      const { requestId, batchId } = (await transaction((tx) => tx.batches.find(file))) ?? {};
      const byRequest = (kind: "file" | "request") =>
        transaction((tx) => tx.batches.byRequest("welfare", kind, requestId ?? ""));
      expect([await byRequest("file"), await byRequest("request")]).toEqual([file, undefined]);
      const byBatchId = (institution: string) =>
        transaction((tx) => tx.batches.byBatchId(institution, batchId ?? ""));
      expect([(await byBatchId("welfare"))?.id, await byBatchId("keyless")]).toEqual([file, undefined]);
      expect(request).not.toBe(file);
    });

    test("the time of delivery is that of the first", async () => {
      const batch = await transaction((tx) => newBatch(tx, newInstructions(2)));
      await fulfil(batch, [1, 2]);
      expect(await subject().deliveriesOf(batch)).toEqual([null, null]);
      await transaction((tx) => tx.batches.markDelivered(batch));
      const delivered = await subject().deliveriesOf(batch);
      expect(delivered).toEqual([expect.any(Date), expect.any(Date)]);
      await transaction((tx) => tx.batches.markDelivered(batch));
      expect(await subject().deliveriesOf(batch)).toEqual(delivered);
    });

    test("one worker at a time has a batch, and it stays complete", async ({ skip }) => {
      skip(!subject().isConcurrent, "needs two transactions under way at once");
      const batch = await transaction((tx) => newBatch(tx, newInstructions(1)));
      const order: string[] = [];
      const holding = Promise.withResolvers<void>();
      const waiting = Promise.withResolvers<void>();
      const first = transaction(async (tx) => {
        await tx.batches.lock(batch);
        holding.resolve();
        await waiting.promise;
        await linger(tx);
        await tx.batches.complete(batch);
        order.push("first");
      });
      await holding.promise;
      const second = transaction(async (tx) => {
        await tx.batches.find(batch);
        waiting.resolve();
        await tx.batches.lock(batch);
        order.push("second");
        await tx.batches.complete(batch);
      });
      await Promise.all([first, second]);
      expect(order).toEqual(["first", "second"]);
    });
  });
}

function lines(instructions: readonly VoucherInstruction[]): number[] {
  return instructions.map(({ line }) => line);
}
