import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changeBeneficiary, replayHistory, unregistered } from "./beneficiary.ts";
import type { Beneficiary, BeneficiaryChange, BeneficiaryStep } from "./beneficiary.ts";
import type { BeneficiaryEvent } from "./beneficiary.machine.ts";
import { beneficiaryTable } from "./beneficiary.table.ts";
import { decideLookUp, decideStanding, newLookUp } from "./decide.ts";
import type { LookUpSnapshot } from "./decide.ts";
import type { LookUpEvent, LookUpState } from "./look-up.machine.ts";
import { lookUpTable } from "./look-up.table.ts";
import type { LookUpRow } from "./look-up.table.ts";
import { modalities, mostAddresses } from "./payee-addresses.ts";

function cellsOf<Row extends string, Cell>(
  table: Readonly<Record<Row, Readonly<Record<string, Cell>>>>,
): readonly (readonly [Row, string, Cell])[] {
  return (Object.keys(table) as Row[]).flatMap((row) =>
    Object.entries<Cell>(table[row]).map(([column, cell]) => [row, column, cell] as const),
  );
}

describe("a payee's machine and its table say the same", () => {
  test.each(cellsOf(beneficiaryTable))("%s, %s: %s", (state, event, cell) => {
    const decision = decideStanding(state, event as BeneficiaryEvent["type"]);
    expect(decision.ok ? decision.next : `!${decision.refusal}`).toBe(cell);
  });
});

describe("a look-up's machine and its table say the same", () => {
  const snapshotOf = (row: LookUpRow): LookUpSnapshot => {
    const [state, revealed] = row.split(", ");
    return { state: state as LookUpState, revealed: revealed !== undefined };
  };
  test("it begins as requested, with nothing revealed", () => {
    expect(newLookUp).toEqual(snapshotOf("requested"));
  });

  const rowOf = ({ state, revealed }: LookUpSnapshot) => (revealed ? `${state}, revealed` : state);

  test.each(cellsOf(lookUpTable))("%s, %s: %s", (row, event, cell) => {
    const decision = decideLookUp(snapshotOf(row), { type: event as LookUpEvent["type"] });
    expect(decision.ok ? rowOf(decision.next) : "!").toBe(cell);
    // L1 and L3: whatever a look-up becomes is audited.
    if (decision.ok) expect(decision.effects).toEqual(["audit"]);
  });
});

const anyModality = fc.constantFrom(...modalities);
const anyAddress = fc.constantFrom("A-1", "A-2", "A-3");
const anyCode = fc.constantFrom("BANK1", "BANK2");
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const anyFields = fc.record({
  modality: anyModality,
  institutionCode: fc.option(anyCode, { nil: null }),
  address: fc.option(anyAddress, { nil: null }),
});

const anyChange: fc.Arbitrary<BeneficiaryChange> = fc.oneof(
  fc.record({ type: fc.constant("REGISTER" as const), address: fc.option(anyFields, { nil: null }) }),
  fc.record({ type: fc.constant("ADD_ADDRESS" as const), address: anyFields, prefer: fc.boolean() }),
  fc.record({
    type: fc.constant("UPDATE_ADDRESS" as const),
    update: fc.record({
      modality: anyModality,
      institutionCode: maybe(anyCode),
      address: maybe(anyAddress),
      replaces: maybe(anyAddress),
      active: maybe(fc.boolean()),
      prefer: maybe(fc.boolean()),
    }),
  }),
  fc.record({ type: fc.constantFrom("ACTIVATE" as const, "DEACTIVATE" as const, "UNLINK" as const) }),
);

/** A life is likely to begin with a registration. */
const anyLife = fc
  .tuple(anyFields, fc.array(anyChange, { maxLength: 40 }))
  .map(([address, changes]): BeneficiaryChange[] => [{ type: "REGISTER", address }, ...changes]);

function live(changes: readonly BeneficiaryChange[]) {
  const visited: Beneficiary[] = [unregistered];
  const steps: BeneficiaryStep[] = [];
  for (const change of changes) {
    const before = visited.at(-1) ?? unregistered;
    const decision = changeBeneficiary(before, [change]);
    visited.push(decision.ok ? decision.next : before);
    if (decision.ok) steps.push(...decision.steps);
  }
  return { visited, steps };
}

describe("the invariants of a payee hold over any sequence of changes", () => {
  test("B1: a payee with addresses has exactly one preferred one, active if any is", () => {
    fc.assert(
      fc.property(anyLife, (changes) => {
        for (const { preferred, addresses } of live(changes).visited) {
          const named = addresses.filter(({ n }) => n === preferred);
          expect(named).toHaveLength(addresses.length === 0 ? 0 : 1);
          if (addresses.length === 0) expect(preferred).toBeNull();
          if (addresses.some(({ active }) => active)) expect(named[0]?.active).toBe(true);
        }
      }),
    );
  });

  test("no two addresses of a payee are the same, and numbers are never used again", () => {
    fc.assert(
      fc.property(anyLife, (changes) => {
        const { visited, steps } = live(changes);
        for (const { addresses, lastN } of visited) {
          const texts = addresses.map(({ modality, institutionCode, address }) =>
            JSON.stringify([modality, institutionCode, address]),
          );
          expect(new Set(texts).size).toBe(texts.length);
          expect(Math.max(0, ...addresses.map(({ n }) => n))).toBeLessThanOrEqual(lastN);
          expect(addresses.length).toBeLessThanOrEqual(mostAddresses);
        }
        const added = steps.flatMap(({ touched }) => (touched ? [touched.n] : []));
        const firsts = added.filter((n, index) => added.indexOf(n) === index);
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
      }),
    );
  });

  test("B2: nothing but an activation or a registration makes a payee active", () => {
    fc.assert(
      fc.property(anyLife, (changes) => {
        const { visited } = live(changes);
        for (const [index, change] of changes.entries()) {
          const became = visited[index]?.state !== "active" && visited[index + 1]?.state === "active";
          if (became) expect(["REGISTER", "ACTIVATE"]).toContain(change.type);
        }
      }),
    );
  });

  test("B3: the history is complete: replayed, it is the payee", () => {
    fc.assert(
      fc.property(anyLife, (changes) => {
        const { visited, steps } = live(changes);
        expect(replayHistory(steps)).toEqual(visited.at(-1));
      }),
    );
  });
});

describe("which address an update means", () => {
  const address = { modality: "00", institutionCode: "BANK1", address: "A-1" } as const;
  const after = (...changes: BeneficiaryChange[]) => live([{ type: "REGISTER", address }, ...changes]);
  const last = (life: ReturnType<typeof live>) => life.visited.at(-1);

  test("the only one of the modality is replaced, and keeps its number", () => {
    const life = after({ type: "UPDATE_ADDRESS", update: { modality: "00", address: "A-2" } });
    expect(last(life)?.addresses).toEqual([{ ...address, address: "A-2", n: 1, active: true }]);
  });

  test("another modality is added and preferred, as the published single-modality clients expect", () => {
    const life = after({ type: "UPDATE_ADDRESS", update: { modality: "01", address: "+254700000001" } });
    expect(last(life)).toMatchObject({ preferred: 2, lastN: 2 });
    expect(last(life)?.addresses).toHaveLength(2);
  });

  test("of several the one to be replaced must be named", () => {
    const second = { ...address, institutionCode: "BANK2", address: "A-2" };
    const two = after({ type: "ADD_ADDRESS", address: second, prefer: false });
    const payee = last(two) ?? unregistered;
    const update = { modality: "00", address: "A-3" } as const;
    const change = (more: object) =>
      changeBeneficiary(payee, [{ type: "UPDATE_ADDRESS", update: { ...update, ...more } }]);
    expect(change({})).toEqual({ ok: false, refusal: "several-addresses" });
    expect(change({ replaces: "A-9" })).toEqual({ ok: false, refusal: "no-such-address" });
    expect(change({ replaces: "A-2" })).toMatchObject({ ok: true, next: { preferred: 2 } });
    expect(change({ institutionCode: "BANK2" })).toMatchObject({ ok: true, next: { preferred: 2 } });
  });

  test("the preferred address is not deactivated while another could be paid to", () => {
    const second = { modality: "01", institutionCode: null, address: "A-2" } as const;
    const payee = last(after({ type: "ADD_ADDRESS", address: second, prefer: false })) ?? unregistered;
    const off = (modality: "00" | "01") =>
      changeBeneficiary(payee, [{ type: "UPDATE_ADDRESS", update: { modality, active: false } }]);
    expect(off("00")).toEqual({ ok: false, refusal: "preferred-stays" });
    expect(off("01")).toMatchObject({ ok: true, next: { preferred: 1 } });
  });

  test("a change of several parts is made whole or not at all", () => {
    const decision = changeBeneficiary(unregistered, [
      { type: "REGISTER", address },
      { type: "ADD_ADDRESS", address, prefer: false },
    ]);
    expect(decision).toEqual({ ok: false, refusal: "address-exists" });
  });

  test("what changes nothing leaves no step in the history", () => {
    const { steps } = after({ type: "ACTIVATE" }, { type: "UPDATE_ADDRESS", update: { modality: "00" } });
    expect(steps).toHaveLength(1);
  });
});
