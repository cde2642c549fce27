/** An agent's till in the test's own process: a desk whose billers, bills and float are as its server would have told them. */
import type { KnownBill, KnownBiller, KnownFloat, ShapeChange } from "#sync/ports/shape-storage.ts";
import { createShapeStorage } from "../../desktop/worker/store/shapes.ts";
import type { TestDesk } from "./desk.ts";

export const power: KnownBiller = {
  billerId: "power",
  name: "Power company",
  prefix: "EL",
  ownDigits: 8,
  checkDigit: "luhn",
  timeZone: "Africa/Nairobi",
  voucherGroups: ["food"],
};

export function dueBill(billId: string, more: Partial<KnownBill> = {}): KnownBill {
  return {
    billId,
    billerId: "power",
    payerName: null,
    area: null,
    currency: "USD",
    amountOnDueMinor: 1250n,
    amountAfterDueMinor: 1500n,
    dueOn: null,
    status: "open",
    ...more,
  };
}

/** Replaces what was told before. */
export function tellBills(
  { stores, clock }: TestDesk,
  told: {
    readonly billers?: readonly KnownBiller[];
    readonly bills: readonly KnownBill[];
    readonly floats?: readonly KnownFloat[];
  },
): void {
  const { database, queue, trust, vault } = stores;
  const nodeId = stores.node.identity()?.certificate?.nodeId ?? "";
  const shapes = createShapeStorage({ database, queue, trust, vault, nodeId, wallMs: () => clock.wallMs() });
  const put = (name: "billers" | "bills" | "floats", changes: readonly ShapeChange[]): void => {
    const from = shapes.head(name);
    const to = { handle: "h", position: `${Number(from?.position.split("_")[0] ?? 0) + 1}_0` };
    if (!shapes.apply({ name, from, load: shapes.beginLoad(name), changes, to }))
      throw new Error(`${name} were not taken`);
    shapes.setAsOf(name, clock.wallMs());
  };
  const { billers = [power], bills, floats = [usd(10_000n)] } = told;
  put(
    "billers",
    billers.map((biller) => ({ type: "biller", key: `billers:${biller.billerId}`, biller })),
  );
  put(
    "bills",
    bills.map((bill) => ({ type: "bill", key: `bills:${bill.billId}`, bill })),
  );
  put(
    "floats",
    floats.map((float) => ({ type: "float", key: `floats:${float.currency}`, float })),
  );
}

export function usd(floatMinor: bigint, counted = 0): KnownFloat {
  return { currency: "USD", floatMinor, debtMinor: 0n, counted };
}
