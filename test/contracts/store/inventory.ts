import { expect, test } from "vitest";
import { amountMinor, bytes } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeInventory(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  test("inventory is found by serial and by number, and is no voucher", async () => {
    const row = { serial: 990_001n, numberIndex: bytes(32), groupCode: "AID", amountMinor, currency: "USD" };
    await transaction((tx) => tx.inventory.insert(row));
    const [bySerial, byNumber, unknown, voucher] = await transaction(async (tx) => [
      await tx.inventory.find(row.serial),
      await tx.inventory.byNumber(row.numberIndex),
      await tx.inventory.byNumber(bytes(32)),
      await tx.vouchers.find(row.serial),
    ]);
    expect([bySerial, byNumber, unknown, voucher]).toEqual([row, row, undefined, undefined]);
  });
}
