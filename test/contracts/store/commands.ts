import { describe, expect, test } from "vitest";
import type { CommandItem, ItemOutcome } from "../../../node-server/ports/store.ts";
import type { StoreSubject } from "./subject.ts";

export function describeCommands(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const command = {
    institutionId: "welfare",
    requestId: "R-7",
    batchId: "B-7",
    command: "activate",
    callbackUrl: "https://welfare.example/commands",
  } as const;
  const done = { failureReason: null, pending: null, pendingUntil: null };
  const another = (requestId: string) => ({ ...command, requestId });
  const items: CommandItem[] = [
    { line: 1, action: "activate", serialNumber: "17", leaseTo: null, leaseUntil: null },
    {
      line: 2,
      action: "activate",
      serialNumber: "18",
      leaseTo: "corner",
      leaseUntil: new Date("2030-01-01T00:00:00.123Z"),
    },
    { line: 3, action: "suspend", serialNumber: "no serial", leaseTo: null, leaseUntil: null },
  ];

  describe("commands", () => {
    test("a command is found and locked with what was asked", async () => {
      const id = await transaction((tx) => tx.commands.insert(command, items));
      expect(await transaction((tx) => tx.commands.find(id))).toEqual({ ...command, id });
      expect(await transaction((tx) => tx.commands.lock(id))).toEqual({ ...command, id });
      expect(await transaction((tx) => tx.commands.find(999_999n))).toBeUndefined();
      expect(await transaction((tx) => tx.commands.byRequest("welfare", "activate", "R-7"))).toBe(id);
      expect(await transaction((tx) => tx.commands.byRequest("welfare", "cancel", "R-7"))).toBeUndefined();
    });

    test("items are given out lowest line first until each has its outcome", async () => {
      const id = await transaction((tx) => tx.commands.insert(another("R-8"), items.toReversed()));
      const next = () => transaction((tx) => tx.commands.nextOpen(id));
      const finish = (line: number, outcome: ItemOutcome) =>
        transaction((tx) => tx.commands.finish(id, line, outcome));
      const pendingUntil = new Date("2030-01-02T00:00:00.123Z");
      expect(await next()).toEqual(items[0]);
      await finish(2, { ...done, pending: "cancel", pendingUntil });
      await finish(1, { failureReason: "Blocked" });
      expect(await next()).toEqual(items[2]);
      await finish(3, { failureReason: "Not Existing" });
      expect(await next()).toBeUndefined();
      await transaction((tx) => tx.commands.complete(id));
      expect(await transaction((tx) => tx.commands.results(id))).toEqual([
        { ...items[0], ...done, failureReason: "Blocked" },
        { ...items[1], failureReason: null, pending: "cancel", pendingUntil },
        { ...items[2], ...done, failureReason: "Not Existing" },
      ]);
    });

    test("an item gets one outcome", async () => {
      const id = await transaction((tx) => tx.commands.insert(another("R-9"), items));
      await transaction((tx) => tx.commands.finish(id, 1, done));
      await expect(
        transaction((tx) => tx.commands.finish(id, 1, { failureReason: "Blocked" })),
      ).rejects.toBeInstanceOf(Error);
      const [first] = await transaction((tx) => tx.commands.results(id));
      expect(first?.failureReason).toBeNull();
    });
  });
}
