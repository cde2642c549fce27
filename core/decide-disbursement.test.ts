import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BatchEvent, BatchState } from "./batch.machine.ts";
import { batchTable } from "./batch.table.ts";
import type { CreditInstructionEvent, CreditInstructionState } from "./credit-instruction.machine.ts";
import { creditInstructionTable } from "./credit-instruction.table.ts";
import { decideBatch, decideCreditInstruction } from "./decide-disbursement.ts";

const batchStates = Object.keys(batchTable) as BatchState[];
const batchEvents = Object.keys(batchTable.received) as BatchEvent["type"][];
const states = Object.keys(creditInstructionTable) as CreditInstructionState[];
const events = Object.keys(creditInstructionTable.waiting) as CreditInstructionEvent["type"][];

test.each(batchStates.flatMap((state) => batchEvents.map((type) => [state, type] as const)))(
  "a batch's machine and its table say the same: %s, %s",
  (state, type) => {
    const decision = decideBatch(state, { type });
    expect(decision.ok ? decision.next : "!").toBe(batchTable[state][type]);
  },
);

test.each(states.flatMap((state) => events.map((type) => [state, type] as const)))(
  "a credit instruction's machine and its table say the same: %s, %s",
  (state, type) => {
    const decision = decideCreditInstruction(state, { type });
    expect(decision.ok ? decision.next : "!").toBe(creditInstructionTable[state][type]);
  },
);

describe("a batch, over any sequence of events", () => {
  const walks = fc.array(fc.constantFrom(...batchEvents), { maxLength: 40 });

  test("B1: nothing is executed before it was approved and its funds were held", () => {
    fc.assert(
      fc.property(walks, (walk) => {
        let state: BatchState = "received";
        const seen = new Set<string>();
        for (const type of walk) {
          const decision = decideBatch(state, { type });
          if (!decision.ok) continue;
          if (decision.effects.includes("execute")) {
            expect(seen.has("APPROVE")).toBe(true);
            expect(seen.has("FUNDS_YES")).toBe(true);
          }
          seen.add(type);
          state = decision.next;
        }
      }),
    );
  });

  test("B2, B3: funds are held once for each authorisation, and returned once for each holding", () => {
    fc.assert(
      fc.property(walks, (walk) => {
        let state: BatchState = "received";
        let held = 0;
        for (const type of walk) {
          const decision = decideBatch(state, { type });
          if (!decision.ok) continue;
          held += decision.effects.filter((effect) => effect === "holdFunds").length;
          held -= decision.effects.filter((effect) => effect === "returnFunds").length;
          state = decision.next;
          const holds = ["scheduled", "running", "paused", "halted", "ending"].includes(state);
          expect(held).toBe(holds ? 1 : 0);
        }
      }),
    );
  });
});

describe("a credit instruction, over any sequence of events", () => {
  const walks = fc.array(fc.constantFrom(...events), { maxLength: 40 });

  test("C1, C2, C3: it is debited at most once, and noted anew only after the last credit is known to have failed", () => {
    fc.assert(
      fc.property(walks, (walk) => {
        let state: CreditInstructionState = "waiting";
        let debits = 0;
        let open = 0;
        for (const type of walk) {
          const decision = decideCreditInstruction(state, { type });
          if (!decision.ok) continue;
          if (decision.effects.includes("noteCredit")) open += 1;
          if (type === "PAID" || type === "FAILED") open -= 1;
          debits += decision.effects.filter((effect) => effect === "debitBatch").length;
          state = decision.next;
          expect(open).toBe(state === "sent" || state === "unknown" ? 1 : 0);
          expect(debits).toBe(state === "paid" ? 1 : 0);
        }
      }),
    );
  });
});
