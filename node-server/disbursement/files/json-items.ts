/** Items out of a JSON array (GovStack `POST /batchtransactions?type=raw`); their number stands for a line. */
import { DecimalText } from "#core/json.ts";
import { FileMistakes, mostItems } from "./raw-item.ts";
import type { Mistake, Party, RawItem } from "./raw-item.ts";

/** Throws FileMistakes where the value is no array of objects, or a field is of another kind than it should be. */
export function itemsOfJson(value: unknown): RawItem[] {
  if (!Array.isArray(value)) throw new FileMistakes([{ line: 1, field: "body", reason: "must be an array" }]);
  if (value.length > mostItems)
    throw new FileMistakes([{ line: mostItems + 1, field: "", reason: `a batch has at most ${mostItems}` }]);
  const mistakes: Mistake[] = [];
  const items = value.map((item: unknown, index) => itemOf(item, index + 1, mistakes));
  if (mistakes.length > 0) throw new FileMistakes(mistakes);
  return items;
}

function itemOf(value: unknown, line: number, mistakes: Mistake[]): RawItem {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) mistakes.push({ line, field: "", reason: "must be an object" });
  const fields = new Map(
    isObject ? Object.entries(value).map(([name, field]) => [name.toLowerCase(), field as unknown]) : [],
  );
  const text = (field: string): string | undefined => {
    const found = fields.get(field.toLowerCase());
    if (found === undefined || found === null || found === "") return undefined;
    const written = textOf(found);
    if (written === undefined) mistakes.push({ line, field, reason: "must be text" });
    return written;
  };
  const parties = (field: string): Party[] => {
    const found = fields.get(field.toLowerCase());
    if (found === undefined || found === null) return [];
    const party = Array.isArray(found) ? found.map(partyOf) : [undefined];
    if (party.every((one) => one !== undefined)) return party;
    mistakes.push({ line, field, reason: "must be an array of {key, value}, both text" });
    return [];
  };
  return {
    line,
    requestId: text("requestId"),
    payee: parties("creditParty"),
    payer: parties("debitParty"),
    paymentMode: text("paymentMode"),
    amount: text("amount"),
    currency: text("currency"),
    description: text("descriptionText"),
  };
}

function partyOf(value: unknown): Party | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { key, value: held } = value as { readonly key?: unknown; readonly value?: unknown };
  const text = textOf(held);
  return typeof key === "string" && text !== undefined ? { key, value: text } : undefined;
}

/** Numbers are taken as they were written. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return value instanceof DecimalText ? value.text : undefined;
}
