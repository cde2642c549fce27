import { describe, expect, test } from "vitest";
import { registry } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeRegistry(subject: () => StoreSubject): void {
  describe("registry", () => {
    test("an institution is found with its callback and its key", async () => {
      const [welfare, keyless, nobody] = await subject().store.transaction(async (tx) => [
        await tx.registry.institution("welfare"),
        await tx.registry.institution("keyless"),
        await tx.registry.institution("nobody"),
      ]);
      expect(welfare).toEqual({
        id: "welfare",
        name: "welfare",
        callbackBaseUrl: "https://welfare.example/",
        callbackMethod: "POST",
        profile: "govstack",
        boxPublicKey: new Uint8Array(registry.institutions[0]?.boxPublicKey ?? []),
      });
      expect(keyless).toEqual({
        id: "keyless",
        name: "keyless",
        callbackBaseUrl: null,
        callbackMethod: "POST",
        profile: "govstack",
        boxPublicKey: null,
      });
      expect(nobody).toBeUndefined();
    });

    test("an institution is found by its registered name", async () => {
      const [welfare, nobody] = await subject().store.transaction(async (tx) => [
        await tx.registry.institutionByName("welfare"),
        await tx.registry.institutionByName("Nobody"),
      ]);
      expect(welfare?.id).toBe("welfare");
      expect(nobody).toBeUndefined();
    });

    test("a voucher group is found by code or name, and the code goes first", async () => {
      const groups = await subject().store.transaction(async (tx) => [
        await tx.registry.voucherGroup("Food aid"),
        await tx.registry.voucherGroup("AID"),
        await tx.registry.voucherGroup("KIT"),
        await tx.registry.voucherGroup("food aid"),
      ]);
      expect(groups.map((group) => group?.code)).toEqual(["AID", "AID", "KIT", undefined]);
      expect(groups[0]).toEqual({
        code: "AID",
        name: "Food aid",
        validityDays: 90,
        reservationDays: 30,
        atRisk: false,
      });
    });

    test("a merchant accepts the groups of its merchant groups and no others", async () => {
      const accepted = await subject().store.transaction(async (tx) => [
        await tx.registry.accepts("corner", "AID"),
        await tx.registry.accepts("corner", "KIT"),
        await tx.registry.accepts("gone", "AID"),
        await tx.registry.accepts("nobody", "AID"),
      ]);
      expect(accepted).toEqual([true, false, false, false]);
    });

    test("merchants are found with their status, and the database has a generation", async () => {
      const [corner, gone, nobody, generation] = await subject().store.transaction(async (tx) => [
        await tx.registry.merchant("corner"),
        await tx.registry.merchant("gone"),
        await tx.registry.merchant("nobody"),
        await tx.registry.generation(),
      ]);
      expect(corner).toEqual({ id: "corner", name: "Corner shop", status: "active", account: "ACC-7" });
      expect(gone).toEqual({ id: "gone", name: "Closed shop", status: "closed", account: null });
      expect(nobody).toBeUndefined();
      expect(generation).toBe(1);
    });
  });
}
