import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { decideVoucher } from "./decide.ts";
import type { VoucherSnapshot } from "./decide.ts";
import type { PendingEnd, VoucherEvent, VoucherState } from "./voucher.machine.ts";
import { voucherTable } from "./voucher.table.ts";
import type { VoucherCell, VoucherColumn, VoucherRow } from "./voucher.table.ts";

const rows = Object.keys(voucherTable) as VoucherRow[];
const columns = Object.keys(voucherTable.activated) as VoucherColumn[];
const reservedStates: readonly VoucherState[] = [
  "preActivated",
  "activated",
  "leased",
  "suspended",
  "blocked",
];

describe("a voucher's machine and its table say the same", () => {
  test.each(rows.flatMap((row) => columns.map((column) => [row, column] as const)))(
    "%s, %s",
    (row, column) => {
      expect(cellOf(snapshotOf(row), column)).toBe(voucherTable[row][column]);
    },
  );
});

describe("the invariants of a voucher hold over any sequence of events", () => {
  const anyEvents = fc.array(fc.constantFrom(...columns), { maxLength: 30 });

  test("V1: it is consumed at most once and never comes back", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const visited = walk(events).map(({ after }) => after.state);
        const first = visited.indexOf("consumed");
        const rest = first === -1 ? [] : visited.slice(first);
        expect(rest.every((state) => state === "consumed" || state === "purged")).toBe(true);
      }),
    );
  });

  test("V2: funding is released exactly when it stops being reserved without being consumed", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        let reserved = true;
        for (const { before, after, effects } of walk(events)) {
          const returned =
            before.state === "redeeming" && after.state !== "redeeming" && after.state !== "consumed";
          const isHeld = reserved || returned;
          const keeps = reservedStates.includes(after.state) || after.state === "redeeming";
          const consumes = after.state === "consumed";
          const released = effects.filter((effect) => effect === "releaseFunding").length;
          expect(released).toBe(isHeld && !keeps && !consumes ? 1 : 0);
          reserved = reservedStates.includes(after.state);
        }
      }),
    );
  });

  test("V3: nothing is pending but while it is leased or being paid", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        for (const { after } of walk(events)) {
          if (after.pending !== null) expect(["leased", "redeeming"]).toContain(after.state);
        }
      }),
    );
  });

  test("V3: a lease ends by being closed or by an entitled claim, and by nothing else", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        for (const { before, after, effects } of walk(events)) {
          const left = before.state === "leased" && after.state !== "leased";
          expect(effects.includes("endLease")).toBe(left);
        }
      }),
    );
  });
});

function snapshotOf(row: VoucherRow): VoucherSnapshot {
  const [state, rest] = row.split(", ");
  return { state: state as VoucherState, pending: (rest?.split(" ")[0] ?? null) as PendingEnd | null };
}

function rowOf({ state, pending }: VoucherSnapshot): VoucherRow {
  return (pending === null ? state : `${state}, ${pending} pending`) as VoucherRow;
}

function eventOf(column: VoucherColumn): VoucherEvent {
  if (column === "CLAIM_ENTITLED") return { type: "CLAIM", entitled: true };
  if (column === "CLAIM") return { type: "CLAIM", entitled: false };
  return { type: column };
}

function cellOf(current: VoucherSnapshot, column: VoucherColumn): VoucherCell {
  const decision = decideVoucher(current, eventOf(column));
  return decision.ok ? rowOf(decision.next) : `!${decision.refusal.code}`;
}

function walk(events: readonly VoucherColumn[]) {
  let before: VoucherSnapshot = { state: "preActivated", pending: null };
  return events.flatMap((column) => {
    const decision = decideVoucher(before, eventOf(column));
    if (!decision.ok) return [];
    const step = { before, after: decision.next, effects: decision.effects };
    before = decision.next;
    return [step];
  });
}
