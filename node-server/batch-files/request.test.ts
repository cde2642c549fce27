import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { VoucherInstruction } from "../ports/store.ts";
import { FileRefused } from "./refusal.ts";
import { mostItems, readRequestFile } from "./request.ts";

const header = { requestID: "R-1", batchID: "B-1", programID: "p" };

const item = fc.record(
  {
    uniqueId: fc.string({ minLength: 1, maxLength: 16, unit: "grapheme" }).filter((id) => id.length <= 16),
    amount: fc.oneof(fc.nat(), fc.constantFrom("0.5", "12.500", "7")),
    currency: fc.constantFrom("USD", "JPY"),
    voucherGroup: fc.constantFrom("FOO", "Food aid"),
    payeeFunctionalID: fc.string({ maxLength: 5, unit: fc.constantFrom("x", "ü", "\n", '"') }),
    narration: fc.string({ maxLength: 5, unit: fc.constantFrom("x", "食", "\r", "\\") }),
  },
  { requiredKeys: ["uniqueId", "amount", "currency", "voucherGroup"] },
);

test("lines and a document say the same, in whatever pieces they come", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { minLength: 1 }),
      fc.integer({ min: 1, max: 50 }),
      async (items, length) => {
        const lines = [header, ...items].map((value) => JSON.stringify(value)).join("\n");
        const expected = items.map((value, index) => ({
          line: index + 1,
          instructionId: value.uniqueId,
          amount: String(value.amount),
          currency: value.currency,
          groupCode: value.voucherGroup,
          payeeFunctionalId: value.payeeFunctionalID ?? null,
          narration: value.narration ?? "",
        }));
        const document = { ...header, vouchers: items };
        for (const text of [lines, `${lines}\n`, JSON.stringify(document), JSON.stringify(document, null, 1)])
          expect(await itemsOf(text, length)).toEqual(expected);
      },
    ),
  );
});

test("an amount with more digits than a double has is kept as it was written", async () => {
  const line = '{"uniqueId":"1","amount":12345678901234567.89,"currency":"USD","voucherGroup":"FOO"}';
  expect(await itemsOf(`${JSON.stringify(header)}\n${line}`)).toMatchObject([
    { amount: "12345678901234567.89" },
  ]);
});

test("whatever it holds, a file is read or refused", async () => {
  const damaged = fc
    .tuple(
      fc.array(
        fc.oneof(
          item.map((value) => JSON.stringify(value)),
          fc.json(),
          fc.string(),
        ),
      ),
      fc.nat(),
    )
    .map(([lines, cut]) => [JSON.stringify(header), ...lines].join("\n").slice(0, -1 - (cut % 20)));
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, fc.json(), fc.string({ unit: "binary" })), async (text) => {
      const outcome = await itemsOf(text).catch((error: unknown) => error);
      expect(Array.isArray(outcome) || outcome instanceof FileRefused).toBe(true);
    }),
  );
});

test("there is a limit to its items", async () => {
  const lines = Array.from(
    { length: mostItems + 1 },
    (_, index) => `{"uniqueId":"${index}","amount":1,"currency":"USD","voucherGroup":"FOO"}`,
  );
  const refused = itemsOf(`${JSON.stringify(header)}\n${lines.join("\n")}`, 65_536);
  await expect(refused).rejects.toMatchObject({ refusal: { place: `line ${mostItems + 2}` } });
});

async function itemsOf(text: string, length = 1_000): Promise<VoucherInstruction[]> {
  const items: VoucherInstruction[] = [];
  for await (const item of (await readRequestFile(piecesOf(text, length))).items) items.push(item);
  return items;
}

async function* piecesOf(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}
