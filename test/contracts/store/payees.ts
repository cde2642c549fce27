import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replayHistory } from "#core/beneficiary.ts";
import type { Beneficiary, BeneficiaryChange } from "#core/beneficiary.ts";
import { changePayees } from "../../../node-server/mapper/change-payees.ts";
import { resolvePayee, resolvePayees } from "../../../node-server/mapper/resolve.ts";
import type { PayeeRow } from "../../../node-server/ports/mapper.ts";
import type { Tx } from "../../../node-server/ports/store.ts";
import { linger } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describePayees(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const bank = { modality: "00", institutionCode: "BANK1", address: "NL87ABNA4193835510" } as const;
  const phone = { modality: "01", institutionCode: null, address: "+254700000001" } as const;
  const work = { institutionId: "welfare", programId: null, actor: "institution:welfare", cause: "test" };

  const change = (payeeIdentity: string, changes: readonly BeneficiaryChange[], institutionId = "welfare") =>
    transaction((tx) =>
      changePayees(tx, { ...work, institutionId }, [{ line: 1, payeeIdentity, changes, area: null }]),
    );
  const find = (identity: string, institutionId = "welfare") =>
    transaction((tx) => tx.payees.find(institutionId, identity));
  const resolve = (payeeIdentity: string, institutionId = "welfare") =>
    transaction((tx) => resolvePayee(tx, { institutionId, payeeIdentity }));
  const found = async (identity: string): Promise<PayeeRow> => {
    const row = await find(identity);
    if (!row) throw new Error(`no payee ${identity}`);
    return row;
  };

  describe("payees", () => {
    test("a registered payee is found with its address, and paid there", async () => {
      const identity = newIdentity();
      await change(identity, [{ type: "REGISTER", address: bank }]);
      expect(await find(identity)).toMatchObject({
        payeeIdentity: identity,
        state: "active",
        preferred: 1,
        lastN: 1,
        version: 1,
        addresses: [{ ...bank, n: 1, active: true }],
      });
      expect(await resolve(identity)).toEqual({ kind: "bank", fspId: "BANK1", account: bank.address });
    });

    test("a payee is one institution's only", async () => {
      const identity = newIdentity();
      await change(identity, [{ type: "REGISTER", address: bank }]);
      expect(await find(identity, "keyless")).toBeUndefined();
      expect(await resolve(identity, "keyless")).toEqual({ kind: "unknown" });
      expect(await change(identity, [{ type: "DEACTIVATE" }], "keyless")).toEqual(
        new Map([[1, "not-registered"]]),
      );
      await change(identity, [{ type: "REGISTER", address: phone }], "keyless");
      expect(await resolve(identity)).toMatchObject({ kind: "bank" });
      const byAddress = await transaction((tx) =>
        tx.payees.byAddress("keyless", [bank.address, phone.address]),
      );
      expect(byAddress.get(bank.address)).toEqual([]);
      expect(byAddress.get(phone.address)?.map((row) => row.payeeIdentity)).toContain(identity);
    });

    test("who has no active address is not paid, each for a reason of its own", async () => {
      const [none, off, gone, given] = [newIdentity(), newIdentity(), newIdentity(), newIdentity()];
      await change(none, [{ type: "REGISTER", address: null }]);
      await change(off, [{ type: "REGISTER", address: bank }, { type: "DEACTIVATE" }]);
      await change(gone, [{ type: "REGISTER", address: bank }, { type: "UNLINK" }]);
      await change(given, [
        { type: "REGISTER", address: { modality: "02", institutionCode: null, address: null } },
      ]);
      expect(await resolve(none)).toEqual({ kind: "unaddressed" });
      expect(await resolve(off)).toEqual({ kind: "inactive" });
      expect(await resolve(gone)).toEqual({ kind: "unknown" });
      expect(await resolve(given)).toEqual({ kind: "voucher" });
      const asked = [given, off, "nobody"];
      const together = await transaction((tx) => resolvePayees(tx, "welfare", asked));
      expect([...together.values()].map(({ kind }) => kind)).toEqual(["voucher", "inactive", "unknown"]);
    });

    test("a page is in the order of registration and counts all", async () => {
      const identities = [newIdentity(), newIdentity(), newIdentity()];
      for (const identity of identities) await change(identity, [{ type: "REGISTER", address: phone }]);
      const read = (index: number) => transaction((tx) => tx.payees.page("welfare", { index, size: 2 }));
      const { total } = await read(0);
      const pages = Array.from({ length: Math.ceil(total / 2) }, (_, index) => index);
      const all: string[] = [];
      for (const index of pages) all.push(...(await read(index)).rows.map((row) => row.payeeIdentity));
      expect(all).toHaveLength(total);
      expect(all.slice(-3)).toEqual(identities);
    });

    test("of two that register a payee at once one has made it", async ({ skip }) => {
      skip(!subject().isConcurrent, "needs two transactions under way at once");
      const identity = newIdentity();
      const register = (tx: Tx, address: typeof bank | typeof phone) =>
        changePayees(tx, work, [
          { line: 1, payeeIdentity: identity, area: null, changes: [{ type: "REGISTER", address }] },
        ]);
      const inserted = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const first = transaction(async (tx) => {
        const outcomes = await register(tx, bank);
        inserted.resolve();
        await begun.promise;
        await linger(tx);
        return outcomes;
      });
      await inserted.promise;
      const second = transaction(async (tx) => {
        await tx.now();
        begun.resolve();
        return register(tx, phone);
      });
      expect(await first).toEqual(new Map([[1, null]]));
      // Told so when it could read the first, else left to ask again; made it has nothing.
      expect((await second).get(1)).not.toBeNull();
      expect((await found(identity)).version).toBe(1);
    });

    test("two changes of one payee at once are both made, one after the other", async () => {
      const identity = newIdentity();
      await change(identity, [{ type: "REGISTER", address: bank }]);
      const add = (address: typeof phone) =>
        change(identity, [{ type: "ADD_ADDRESS", address, prefer: false }]);
      await Promise.all([add(phone), add({ ...phone, address: "+254700000002" as typeof phone.address })]);
      const payee = await found(identity);
      expect(payee.addresses.map(({ n }) => n)).toEqual([1, 2, 3]);
      expect(payee.version).toBe(3);
    });

    test("an item that repeats a payee of its request is judged by what came before it", async () => {
      const identity = newIdentity();
      const item = (line: number, changes: BeneficiaryChange[]) => ({
        line,
        payeeIdentity: identity,
        area: null,
        changes,
      });
      const outcomes = await transaction((tx) =>
        changePayees(tx, work, [
          item(1, [{ type: "REGISTER", address: bank }]),
          item(2, [{ type: "REGISTER", address: phone }]),
          item(3, [{ type: "ADD_ADDRESS", address: phone, prefer: true }]),
        ]),
      );
      expect([...outcomes.values()]).toEqual([null, "already-registered", null]);
      expect(await resolve(identity)).toMatchObject({ kind: "mobile-money" });
    });

    test("B3: the history is complete, whatever was done: replayed, it is the payee", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyChange, { maxLength: 12 }), async (changes) => {
          const identity = newIdentity();
          await change(identity, [{ type: "REGISTER", address: bank }]);
          for (const one of changes) await change(identity, [one]);
          const payee = await found(identity);
          const history = await transaction((tx) => tx.payees.history(payee));
          const { state, preferred, addresses, lastN }: Beneficiary = payee;
          expect(replayHistory(history)).toEqual({ state, preferred, addresses, lastN });
          expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
          expect(history.every(({ actor, cause }) => actor === work.actor && cause === "test")).toBe(true);
        }),
        { numRuns: 25 },
      );
    });
  });
}

const anyAddress = fc.record({
  modality: fc.constantFrom("00" as const, "01" as const, "02" as const),
  institutionCode: fc.constantFrom(null, "BANK2"),
  address: fc.constantFrom("A-1", "A-2"),
});

const anyChange: fc.Arbitrary<BeneficiaryChange> = fc.oneof(
  fc.record({ type: fc.constant("REGISTER" as const), address: anyAddress }),
  fc.record({ type: fc.constant("ADD_ADDRESS" as const), address: anyAddress, prefer: fc.boolean() }),
  fc.record({
    type: fc.constant("UPDATE_ADDRESS" as const),
    update: fc.record({
      modality: fc.constantFrom("00" as const, "01" as const, "02" as const),
      address: fc.constantFrom(undefined, "A-2", "A-3"),
      active: fc.constantFrom(undefined, true, false),
    }),
  }),
  fc.record({ type: fc.constantFrom("ACTIVATE" as const, "DEACTIVATE" as const, "UNLINK" as const) }),
);

function newIdentity(): string {
  return `P-${randomUUID().slice(0, 18)}`;
}
