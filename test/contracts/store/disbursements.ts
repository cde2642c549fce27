import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { NewCreditInstruction, NewDisbursementBatch } from "../../../node-server/ports/disbursement.ts";
import type { StoreSubject } from "./subject.ts";

export function describeDisbursements(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const bytesOf = (length: number) => new Uint8Array(randomBytes(length));

  const newBatch = (changes: Partial<NewDisbursementBatch> = {}): NewDisbursementBatch => ({
    batchId: randomUUID(),
    institutionId: "welfare",
    externalId: null,
    source: "json",
    requestId: "R-1",
    programId: null,
    callbackUrl: null,
    currency: "USD",
    totalCount: 3,
    totalMinor: 300n,
    contentHash: bytesOf(32),
    submittedBy: "welfare",
    executeAt: null,
    afterBatch: null,
    mostFailedPercent: null,
    combined: false,
    ...changes,
  });

  const newInstruction = (
    line: number,
    changes: Partial<NewCreditInstruction> = {},
  ): NewCreditInstruction => ({
    line,
    instructionId: randomUUID().slice(0, 16),
    payeeIdentity: `P-${line}`,
    address: null,
    institutionCode: null,
    payeeIndex: bytesOf(32),
    paymentMode: "",
    payerParty: null,
    amountMinor: 100n,
    feeMinor: 1n,
    narration: "grant",
    fingerprint: bytesOf(32),
    corrections: [],
    ...changes,
  });

  async function stored(
    instructions: readonly NewCreditInstruction[],
    changes: Partial<NewDisbursementBatch> = {},
  ) {
    return transaction(async (tx) => {
      const id = await tx.disbursements.insert(newBatch(changes));
      if (id === undefined) throw new Error("the batch was not stored");
      expect(await tx.disbursements.add({ id, uniqueFor: "welfare" }, instructions)).toEqual([]);
      return id;
    });
  }

  /** Three instructions in one chunk of the receiver. */
  async function planned(): Promise<bigint> {
    const id = await stored([1, 2, 3].map((line) => newInstruction(line)));
    await transaction(async (tx) => {
      const to = { kind: "msisdn", sealed: bytesOf(40) } as const;
      const credits = [1, 2, 3].map((line) => ({ line, to }));
      expect(await tx.execution.plan(id, { institutionId: "MPESA", rail: "non-bank" }, credits)).toBe(1);
    });
    return id;
  }

  const started = (line: number, n = 1) => ({ line, n, key: randomUUID() });
  const ended = (line: number, outcome: "paid" | "failed", n = 1) => ({
    line,
    n,
    outcome,
    reasonCode: outcome === "paid" ? "" : "MS03",
    reason: null,
    transactionId: outcome === "paid" ? "TRANSACTION1" : null,
    reference: null,
  });

  describe("disbursement batches", () => {
    test("an instruction id is used once by an institution, until its batch comes to nothing", async () => {
      const instruction = newInstruction(1);
      const first = await stored([instruction]);
      const again = () =>
        transaction(async (tx) => {
          const id = await tx.disbursements.insert(newBatch());
          return tx.disbursements.add({ id: id ?? 0n, uniqueFor: "welfare" }, [instruction]);
        });
      expect(await again()).toMatchObject([{ line: 1, of: "instruction id", earlier: { line: 1 } }]);
      await transaction((tx) => tx.disbursements.freeIds(first));
      expect(await again()).toEqual([]);
    });

    test("the same payment of another batch is found, and not that of one that was called off", async () => {
      const one = newInstruction(1);
      const first = await stored([one]);
      const second = await stored([{ ...one, instructionId: "other" }]);
      const since = new Date(Date.now() - 60_000);
      const same = () =>
        transaction((tx) =>
          tx.disbursements.samePayments({ id: second, institutionId: "welfare" }, since, 10),
        );
      expect(await same()).toMatchObject([{ line: 1, of: "payment" }]);
      await transaction((tx) => tx.disbursements.setState(first, "cancelled", null));
      expect(await same()).toEqual([]);
    });

    test("nothing goes on without an approval, and nobody approves what they submitted (B1)", async () => {
      const id = await stored([newInstruction(1)], { submittedBy: "Ada" });
      await expect(transaction((tx) => tx.disbursements.setState(id, "running", null))).rejects.toMatchObject(
        { constraint: "nothing_goes_unapproved" },
      );
      const approval = { publicKey: bytesOf(32), signature: bytesOf(64) };
      await expect(
        transaction((tx) => tx.disbursements.approve(id, { by: "Ada", ...approval })),
      ).rejects.toMatchObject({ constraint: "approved_by_another" });
      await transaction((tx) => tx.disbursements.approve(id, { by: "Bo", ...approval }));
      await transaction((tx) => tx.disbursements.setState(id, "authorising", null));
    });

    test("an authorisation is answered once, and the next asked for only then", async () => {
      const id = await stored([newInstruction(1)]);
      const ask = (n: number) => ({
        batch: id,
        n,
        amountMinor: 100n,
        feeMinor: 1n,
        payerBank: null,
        correlationId: randomUUID(),
      });
      await transaction((tx) => tx.funds.ask(ask(1)));
      await expect(transaction((tx) => tx.funds.ask(ask(2)))).rejects.toMatchObject({
        constraint: "one_open_authorisation",
      });
      await transaction((tx) => tx.funds.answer({ batch: id, n: 1 }, "N", "no money"));
      await expect(transaction((tx) => tx.funds.answer({ batch: id, n: 1 }, "Y", ""))).rejects.toThrow(
        /open authorisation/,
      );
      await transaction((tx) => tx.funds.ask(ask(2)));
      expect(await transaction((tx) => tx.funds.last(id))).toMatchObject({ n: 2, answer: null });
    });

    test("reports keep how the batch stood", async () => {
      const id = await planned();
      await transaction((tx) => tx.execution.start(id, [started(1), started(2)]));
      await transaction((tx) => tx.execution.end(id, [ended(1, "paid"), ended(2, "failed")]));
      const report = await transaction((tx) => tx.disbursements.report(id, "a step"));
      expect(report).toMatchObject({ ongoing: 1, failed: 1, completed: 1, completedMinor: 100n });
      await transaction((tx) => tx.disbursements.reopenFailed(id));
      expect(await transaction((tx) => tx.disbursements.findReport(report.id))).toEqual(report);
      expect(await transaction((tx) => tx.disbursements.totals(id))).toMatchObject({ ongoing: 2, failed: 0 });
    });
  });

  describe("credit instructions", () => {
    test("a credit that is noted is told with its key, and its instruction is sent", async () => {
      const id = await planned();
      const credit = started(2);
      await transaction((tx) => tx.execution.start(id, [credit]));
      const credits = await transaction((tx) => tx.execution.lockCredits(id, 1));
      expect(credits.map(({ line, state, key }) => [line, state, key])).toEqual([
        [1, "waiting", null],
        [2, "sent", credit.key],
        [3, "waiting", null],
      ]);
      expect(await transaction((tx) => tx.execution.byKey(credit.key))).toEqual({
        batch: id,
        line: 2,
        chunk: 1,
      });
    });

    test("one has no second credit while the first may have been paid, nor after it was (C1, C2)", async () => {
      const id = await planned();
      const second = () => transaction((tx) => tx.execution.start(id, [started(1, 2)]));
      const refused = { constraint: "one_credit_of_an_instruction" };
      await transaction((tx) => tx.execution.start(id, [started(1)]));
      await expect(second()).rejects.toMatchObject(refused);
      await transaction((tx) => tx.execution.markUnknown(id, [{ line: 1, n: 1, reference: "X" }]));
      await expect(second()).rejects.toMatchObject(refused);
      await transaction((tx) => tx.execution.end(id, [ended(1, "paid")]));
      await expect(second()).rejects.toMatchObject(refused);
    });

    test("a credit ends once, whoever comes first", async () => {
      const id = await planned();
      await transaction((tx) => tx.execution.start(id, [started(1)]));
      const tries = await Promise.allSettled([
        transaction((tx) => tx.execution.end(id, [ended(1, "paid")])),
        transaction((tx) => tx.execution.end(id, [ended(1, "failed")])),
      ]);
      expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    test("one that failed is planned anew, and its next credit has another number (C3)", async () => {
      const id = await planned();
      await transaction((tx) => tx.execution.start(id, [started(1)]));
      await transaction((tx) => tx.execution.end(id, [ended(1, "failed")]));
      expect(await transaction((tx) => tx.disbursements.reopenFailed(id))).toBe(1);
      const unplanned = await transaction((tx) => tx.execution.nextUnplanned(id, 10));
      expect(unplanned.map(({ line }) => line)).toEqual([1]);
      await transaction(async (tx) => {
        const to = { kind: "msisdn", sealed: bytesOf(40) } as const;
        await tx.execution.plan(id, { institutionId: "MPESA", rail: "non-bank" }, [{ line: 1, to }]);
        await tx.execution.start(id, [started(1, 2)]);
      });
      expect(await transaction((tx) => tx.execution.lockCredits(id, 2))).toMatchObject([{ line: 1, n: 2 }]);
    });

    test("combined ones are told as one credit of all their money, and end together", async () => {
      const payeeIndex = bytesOf(32);
      const id = await stored([
        newInstruction(1, { payeeIndex }),
        newInstruction(2),
        newInstruction(3, { payeeIndex, amountMinor: 50n }),
      ]);
      await transaction((tx) => tx.execution.combine(id));
      const unplanned = await transaction((tx) => tx.execution.nextUnplanned(id, 10));
      expect(unplanned.map(({ line, amountMinor }) => [line, amountMinor])).toEqual([
        [1, 150n],
        [2, 100n],
      ]);
      await transaction((tx) => tx.execution.refuse(id, [{ line: 1, reasonCode: "BE06", reason: "nobody" }]));
      expect(await transaction((tx) => tx.disbursements.totals(id))).toMatchObject({ failed: 2, ongoing: 1 });
    });
  });
}
