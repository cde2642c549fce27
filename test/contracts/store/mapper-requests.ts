import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { emptyItem } from "../../../node-server/mapper/accept-request.ts";
import { runMapperRequest } from "../../../node-server/mapper/run-request.ts";
import type { MapperItem, MapperRequestRow } from "../../../node-server/ports/mapper.ts";
import type { StoreSubject } from "./subject.ts";

export function describeMapperRequests(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);
  const item = (line: number, more: Partial<MapperItem> = {}): MapperItem => ({
    ...emptyItem,
    line,
    payeeIdentity: `P-${randomUUID().slice(0, 12)}`,
    modality: "01",
    address: "+254700000001",
    ...more,
  });
  const stored = async (items: readonly MapperItem[]) => {
    const request: Omit<MapperRequestRow, "id"> = {
      institutionId: "welfare",
      action: "register",
      face: "current",
      requestId: "R-1",
      requestKey: randomUUID(),
      batchId: null,
      programId: "winter",
      callbackUrl: "https://welfare.example/told",
      about: null,
    };
    const id = await transaction(async (tx) => {
      const made = await tx.mapperRequests.insert(request);
      await tx.mapperRequests.addItems({ id: made, institutionId: "welfare" }, items);
      return made;
    });
    return { ...request, id };
  };

  describe("requests of the account mapper", () => {
    test("a request is found by its id, its key and the id of its caller", async () => {
      const request = await stored([item(1)]);
      await transaction(async (tx) => {
        expect(await tx.mapperRequests.find(request.id)).toEqual(request);
        expect(await tx.mapperRequests.lock(request.id)).toEqual(request);
        expect(await tx.mapperRequests.byKey(request)).toBe(request.id);
        expect(await tx.mapperRequests.byRequestId("welfare", "R-1")).toEqual(request);
        expect(await tx.mapperRequests.byRequestId("keyless", "R-1")).toBeUndefined();
        expect(await tx.mapperRequests.byKey({ ...request, face: "1.0" })).toBeUndefined();
      });
    });

    test("items come back as they were asked, lowest line first, until each has its outcome", async () => {
      const whole = item(2, {
        instructionId: "I-2",
        institutionCode: "BANK",
        replaces: "old",
        area: "North",
        active: true,
        prefer: false,
      });
      const items = [item(1), whole, item(3)];
      const request = await stored(items.toReversed());
      await transaction(async (tx) => {
        expect(await tx.mapperRequests.nextOpen(request, 2)).toEqual(items.slice(0, 2));
        await tx.mapperRequests.finish(request.id, [
          { line: 1, failureReason: null },
          { line: 2, failureReason: "Not Registered" },
        ]);
        expect(await tx.mapperRequests.nextOpen(request, 5)).toEqual(items.slice(2));
        const progress = { total: 3, done: 2, failed: 1, complete: false };
        expect(await tx.mapperRequests.progress(request.id)).toEqual(progress);
        const failed = [{ line: 2, failureReason: "Not Registered", instructionId: "I-2" }];
        const page = { index: 0, size: 10 };
        expect(await tx.mapperRequests.failures(request.id, page)).toMatchObject(failed);
        expect(await tx.mapperRequests.results(request.id, { afterLine: 1, limit: 1 })).toMatchObject(failed);
        await tx.mapperRequests.complete(request.id);
        expect((await tx.mapperRequests.progress(request.id)).complete).toBe(true);
      });
    });

    test("an item gets one outcome", async () => {
      const request = await stored([item(1)]);
      const finish = () =>
        transaction((tx) => tx.mapperRequests.finish(request.id, [{ line: 1, failureReason: null }]));
      await finish();
      await expect(finish()).rejects.toThrow("was not open");
    });

    test("worked through by two at once, and again after that, each item is done once and the caller told", async () => {
      const items = [item(1), item(2)];
      const request = await stored([...items, { ...items[0], line: 3 } as MapperItem]);
      await Promise.all([
        runMapperRequest(subject().store, request.id),
        runMapperRequest(subject().store, request.id),
      ]);
      await runMapperRequest(subject().store, request.id);
      const { total, done, failed, complete } = await transaction((tx) =>
        tx.mapperRequests.progress(request.id),
      );
      expect({ total, done, failed, complete }).toEqual({ total: 3, done: 3, failed: 1, complete: true });
      const payee = await transaction((tx) => tx.payees.find("welfare", items[0]?.payeeIdentity ?? ""));
      expect(payee).toMatchObject({ version: 1, programId: "winter" });
      expect((await subject().waitingJobs()).some(({ queue }) => queue === "callback")).toBe(true);
    });
  });
}
