import { describe, expect, test } from "vitest";
import { decideDispute, decideOperation, decideRedemption } from "./decide.ts";
import type { DisputeEvent, DisputeState } from "./dispute.machine.ts";
import { disputeTable } from "./dispute.table.ts";
import type { OperationEvent, OperationState } from "./operation.machine.ts";
import { isOpen } from "./operation.machine.ts";
import { operationTable } from "./operation.table.ts";
import type { RedemptionEvent, RedemptionState } from "./redemption.machine.ts";
import { redemptionTable } from "./redemption.table.ts";

const redemptionRows = (["online", "offline"] as const).flatMap((mode) =>
  Object.entries(redemptionTable[mode]).flatMap(([state, row]) =>
    Object.entries(row).map(([event, expected]) => [mode, state, event, expected] as const),
  ),
);

describe("a redemption's machine and its table say the same", () => {
  test.each(redemptionRows)("%s %s, %s: %s", (mode, state, event, expected) => {
    const decision = decideRedemption(
      state as RedemptionState,
      { offline: mode === "offline" },
      { type: event as RedemptionEvent["type"] },
    );
    expect(decision.ok ? decision.next : "!").toBe(expected);
  });

  test.each(redemptionRows)("R1, %s %s, %s: money moves as the state does", (mode, state, event) => {
    const decision = decideRedemption(
      state as RedemptionState,
      { offline: mode === "offline" },
      { type: event as RedemptionEvent["type"] },
    );
    if (!decision.ok) return;
    expect(decision.effects.includes("creditMerchant")).toBe(decision.next === "paid");
    expect(decision.effects.includes("returnFunding")).toBe(decision.next === "released");
    expect(decision.effects.includes("releaseVoucher")).toBe(decision.next === "released");
    const consumes = state !== "owed" && (decision.next === "paid" || decision.next === "owed");
    expect(decision.effects.includes("consumeVoucher")).toBe(consumes);
  });
});

describe("an operation's machine and its table say the same", () => {
  const cells = Object.entries(operationTable).flatMap(([state, row]) =>
    Object.entries(row).map(([event, expected]) => [state, event, expected] as const),
  );
  test.each(cells)("%s, %s: %s", (state, event, expected) => {
    const decision = decideOperation(state as OperationState, { type: event as OperationEvent["type"] });
    expect(decision.ok ? decision.next : "!").toBe(expected);
    expect(decision.ok).toBe(isOpen(state as OperationState));
  });
});

describe("a dispute's machine and its table say the same", () => {
  const cells = Object.entries(disputeTable).flatMap(([state, row]) =>
    Object.entries(row).map(([event, expected]) => [state, event, expected] as const),
  );
  test.each(cells)("%s, %s: %s", (state, event, expected) => {
    const decision = decideDispute(state as DisputeState, { type: event as DisputeEvent["type"] });
    expect(decision.ok ? decision.next : "!").toBe(expected);
  });

  test("D1: nothing is paid, refused or written off without a proposal", () => {
    for (const state of ["open", "refused", "appealed"] as const) {
      for (const type of ["PAY", "REFUSE", "WRITE_OFF"] as const) {
        expect(decideDispute(state, { type }).ok).toBe(false);
      }
    }
  });
});
