import { describe, expect, test } from "vitest";
import { bytes } from "./fixture.ts";
import type { StoreSubject } from "./subject.ts";

export function describeSealedAnswers(subject: () => StoreSubject): void {
  const transaction: StoreSubject["store"]["transaction"] = (work) => subject().store.transaction(work);

  describe("sealed answers", () => {
    test("an answer is found until it is erased, and after that is known to have been there", async () => {
      const [key, sealed] = [keyOf("R-sealed"), bytes(40)];
      await transaction(async (tx) => {
        await tx.requests.begin(key, bytes(32));
        await tx.sealedAnswers.put(key, sealed);
      });
      expect(await transaction((tx) => tx.sealedAnswers.find(key))).toEqual(sealed);
      const erased = await transaction(async (tx) => tx.sealedAnswers.eraseBefore(await tx.now()));
      expect(erased).toBe(1);
      expect(await transaction((tx) => tx.sealedAnswers.find(key))).toBeNull();
      expect(await transaction((tx) => tx.sealedAnswers.find(keyOf("R-never")))).toBeUndefined();
    });

    test("a younger answer is not erased", async () => {
      const key = keyOf("R-young");
      const before = await transaction(async (tx) => {
        const now = await tx.now();
        await tx.requests.begin(key, bytes(32));
        await tx.sealedAnswers.put(key, bytes(40));
        return now;
      });
      expect(await transaction((tx) => tx.sealedAnswers.eraseBefore(before))).toBe(0);
      expect(await transaction((tx) => tx.sealedAnswers.find(key))).toHaveLength(40);
    });
  });
}

function keyOf(requestId: string) {
  return { institutionId: "welfare", call: "voucher_preactivation", requestId };
}
