/** The machines of bills against their tables, and their invariants over random events. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BillPaymentEvent, BillPaymentState } from "./bill-payment.machine.ts";
import { billPaymentTable } from "./bill-payment.table.ts";
import { decideBillPayment, decideRequestToPay } from "./decide-bill.ts";
import type { RequestToPaySnapshot } from "./decide-bill.ts";
import type { RequestToPayEvent, RequestToPayState } from "./request-to-pay.machine.ts";
import { requestToPayTable } from "./request-to-pay.table.ts";
import type { RequestToPayRow } from "./request-to-pay.table.ts";

const paymentCells = Object.entries(billPaymentTable).flatMap(([state, row]) =>
  Object.entries(row).map(([event, cell]) => [state, event, cell] as const),
);
const paymentEvents = fc.array(
  fc.constantFrom(...(Object.keys(billPaymentTable.received) as BillPaymentEvent["type"][])),
  { maxLength: 12 },
);

describe("a bill's payment", () => {
  test.each(paymentCells)("%s, %s: %s", (state, event, cell) => {
    for (const cash of [false, true]) {
      const decision = decideBillPayment(
        state as BillPaymentState,
        { cash },
        { type: event as BillPaymentEvent["type"] },
      );
      expect(decision.ok ? decision.next : `!${decision.code}`).toBe(cell);
    }
  });

  test("B2, B4, B5: holds money once, moves it on once, tells the payer once and lists cash that ends in nothing", () => {
    fc.assert(
      fc.property(paymentEvents, fc.boolean(), (events, cash) => {
        let state: BillPaymentState = "received";
        const effects: string[] = [];
        for (const type of events) {
          const decision = decideBillPayment(state, { cash }, { type });
          if (!decision.ok) continue;
          state = decision.next;
          effects.push(...decision.effects);
        }
        const count = (...names: readonly string[]) => effects.filter((name) => names.includes(name)).length;
        const isFinal = ["acknowledged", "rejected", "refused"].includes(state);
        expect(count("holdMoney")).toBe(["received", "refused"].includes(state) ? 0 : 1);
        expect(count("creditBiller", "returnMoney")).toBe(
          ["acknowledged", "rejected"].includes(state) ? 1 : 0,
        );
        expect(count("tellPayer")).toBe(isFinal ? 1 : 0);
        expect(count("listRefund")).toBe(cash && ["rejected", "refused"].includes(state) ? 1 : 0);
      }),
    );
  });
});

const requestCells = Object.entries(requestToPayTable).flatMap(([state, row]) =>
  Object.entries(row).map(([event, cell]) => [state, event, cell] as const),
);

describe("a request to pay", () => {
  test.each(requestCells)("%s, %s: %s", (row, event, cell) => {
    const decision = decideRequestToPay(snapshotOf(row as RequestToPayRow), {
      type: event as RequestToPayEvent["type"],
    });
    expect(decision.ok ? rowOf(decision.next) : `!${decision.code}`).toBe(cell);
  });

  test("Q1, Q3, Q4: ends once, is completed out of a payment only, and tells the biller of what others decided", () => {
    const types = Object.keys(requestToPayTable.pending) as RequestToPayEvent["type"][];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...types), { maxLength: 20 }), (events) => {
        let current: RequestToPaySnapshot = { state: "pending", isAccepted: false };
        let ends = 0;
        for (const type of events) {
          const decision = decideRequestToPay(current, { type });
          if (!decision.ok) continue;
          if (decision.next.state === "completed") expect(current.state).toBe("paying");
          if (decision.effects.includes("forgetAddress")) ends += 1;
          expect(decision.effects.includes("tellBiller")).toBe(["ACCEPT", "REJECT", "EXPIRE"].includes(type));
          expect(decision.effects.includes("tellPayerFi")).toBe(type === "CANCEL");
          current = decision.next;
        }
        expect(ends).toBe(["pending", "accepted", "paying"].includes(current.state) ? 0 : 1);
      }),
    );
  });
});

function snapshotOf(row: RequestToPayRow): RequestToPaySnapshot {
  const [state, accepted] = row.split(", ") as [RequestToPayState, string?];
  return { state, isAccepted: accepted !== undefined || state === "accepted" };
}

function rowOf({ state, isAccepted }: RequestToPaySnapshot): RequestToPayRow {
  return state === "paying" && isAccepted ? "paying, accepted" : state;
}
