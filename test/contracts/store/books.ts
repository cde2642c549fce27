import { describe, expect, test } from "vitest";
import { fundGroup } from "../../../node-server/ledger/entries.ts";
import type { Account, JournalEntry } from "../../../node-server/ledger/entries.ts";
import { activated, linger } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeBooks(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const post = (entry: JournalEntry) => transaction((tx) => tx.ledger.post(entry));
  const lockBalance = (id: string) => transaction((tx) => tx.ledger.lockBalance(id));
  const balance = async (id: string) => (await subject().balances()).get(id) ?? 0n;

  describe("the books", () => {
    test("an entry moves the balances of its accounts, once for each idempotency key", async () => {
      const entry = fundGroup("gift-1", "KIT", { amountMinor: 700n, currency: "KES" });
      expect([await post(entry), await post(entry)]).toEqual([true, false]);
      expect(await balance("funding:KIT:KES")).toBe(700n);
      expect(await balance("external:treasury:KES")).toBe(-700n);
    });

    test("of the same entry posted at once, one is booked", async () => {
      const entry = fundGroup("gift-raced", "KIT", { amountMinor: 5n, currency: "EUR" });
      const booked = await Promise.all(Array.from({ length: 6 }, () => post(entry)));
      expect(booked.filter(Boolean)).toHaveLength(1);
      expect(await balance("funding:KIT:EUR")).toBe(5n);
    });

    test("an account never used is empty, and a locked one says what it holds", async () => {
      expect(await lockBalance("funding:LOW:JPY")).toBe(0n);
      await post(fundGroup("gift-2", "LOW", { amountMinor: 42n, currency: "JPY" }));
      expect(await lockBalance("funding:LOW:JPY")).toBe(42n);
    });

    test("who waits for an account sees what its holder booked", async ({ skip }) => {
      skip(!subject().isConcurrent, "needs two transactions under way at once");
      // Both accounts are open already, or else it is their opening that the second waits for.
      await lockBalance("funding:LOW:CHF");
      await lockBalance("funding:LOW:SEK");
      const holding = Promise.withResolvers<void>();
      const waiting = Promise.withResolvers<void>();
      const first = transaction(async (tx) => {
        await tx.ledger.lockBalance("funding:LOW:CHF");
        holding.resolve();
        await waiting.promise;
        await linger(tx);
        await tx.ledger.post(fundGroup("gift-3", "LOW", { amountMinor: 9n, currency: "CHF" }));
      });
      await holding.promise;
      const second = transaction(async (tx) => {
        await tx.ledger.lockBalance("funding:LOW:SEK");
        waiting.resolve();
        return tx.ledger.lockBalance("funding:LOW:CHF");
      });
      expect(await second).toBe(9n);
      await first;
    });

    test("accounts that entries name in any order are booked at the same time", async () => {
      const [a, b, c] = ["A", "B", "C"].map(merchant);
      const turns = [
        [a, b, c],
        [c, b, a],
        [b, c, a],
      ];
      await post(entryOf("seed", [external(), -300n], [a, 100n], [b, 100n], [c, 100n]));
      const rounds = Array.from({ length: 24 }, (_, i) => {
        const [one, two, three] = turns[i % 3] ?? [];
        return post(entryOf(`round-${i}`, [one, -2n], [two, 1n], [three, 1n]));
      });
      expect(await Promise.all(rounds)).not.toContain(false);
      const sums = await Promise.all(["A", "B", "C"].map((id) => balance(`merchant:${id}:USD`)));
      expect(sums.reduce((total, sum) => total + sum, 0n)).toBe(300n);
    });

    test("an entry that does not balance is refused, and so is one without lines", async () => {
      const unbalanced = entryOf("unbalanced", [external(), -5n], [merchant("A"), 4n]);
      const refused = { constraint: "journal_entry_balanced" };
      await expect(post(unbalanced)).rejects.toMatchObject(refused);
      await expect(post({ ...unbalanced, lines: [] })).rejects.toMatchObject(refused);
      const mended = entryOf("unbalanced", [external(), -5n], [merchant("A"), 5n]);
      expect(await post(mended)).toBe(true);
    });

    test("an entry in two currencies is refused", async () => {
      const euros: Account = { kind: "merchant", owner: "A", currency: "EUR" };
      const work = post(entryOf("two-currencies", [external(), -5n], [euros, 5n]));
      await expect(work).rejects.toMatchObject({ constraint: "journal_entry_in_one_currency" });
    });

    test("only the outside may be overdrawn", async () => {
      const funding: Account = { kind: "funding", owner: "LOW", currency: "USD" };
      const work = post(entryOf("overdraft", [funding, -1n], [merchant("A"), 1n]));
      await expect(work).rejects.toMatchObject({ constraint: "account_not_overdrawn" });
    });

    test("a reserve moves with its voucher's name and never without", async () => {
      const serial = await activated(subject());
      const reserved: Account = { kind: "reserved", owner: "AID", currency: "USD" };
      const refused = { constraint: "reserve_names_its_voucher" };
      const nameless = entryOf("nameless", [reserved, -1n], [merchant("A"), 1n]);
      await expect(post(nameless)).rejects.toMatchObject(refused);
      const misnamed = entryOf("misnamed", [external(), -1n], [merchant("A"), 1n]);
      const lines = misnamed.lines.map((line) => ({
        account: line.account,
        amountMinor: line.amountMinor,
        serial,
      }));
      await expect(post({ ...misnamed, lines })).rejects.toMatchObject(refused);
    });
  });
}

function merchant(owner: string): Account {
  return { kind: "merchant", owner, currency: "USD" };
}

function external(): Account {
  return { kind: "external", owner: "treasury", currency: "USD" };
}

function entryOf(key: string, ...lines: (readonly [Account | undefined, bigint])[]): JournalEntry {
  return {
    idempotencyKey: `books:${key}`,
    kind: "test",
    currency: "USD",
    lines: lines.map(([account, amountMinor]) => ({ account: account ?? external(), amountMinor })),
  };
}
