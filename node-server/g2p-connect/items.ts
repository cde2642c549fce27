/** What the items of a G2P Connect message ask of the mapper, and which of them are rejected before anything is asked. */
import type { z } from "@hono/zod-openapi";
import { emptyItem } from "../mapper/accept-request.ts";
import type { MapperItem, MapperOutcome } from "../ports/mapper.ts";
import type { G2pAction, item } from "./envelope.ts";
import { parseFinancialAddress } from "./financial-address.ts";

export interface ReadItems {
  readonly items: readonly MapperItem[];
  readonly refused: readonly MapperOutcome[];
}

const longestIdentity = 64;

export function readItems(action: G2pAction, asked: readonly z.infer<typeof item>[]): ReadItems {
  const seen = new Set<string>();
  const items: MapperItem[] = [];
  const refused: MapperOutcome[] = [];
  for (const [index, one] of asked.entries()) {
    const line = index + 1;
    const address = one.fa === undefined || one.fa === "" ? undefined : parseFinancialAddress(one.fa);
    items.push({
      ...emptyItem,
      line,
      instructionId: one.reference_id ?? "",
      payeeIdentity: one.id === undefined || one.id === "" ? null : one.id,
      modality: address?.modality ?? null,
      institutionCode: address?.institutionCode ?? null,
      address: address?.address ?? null,
      dated: one.timestamp ?? "",
      details: one.scope === "details",
    });
    const code = refusalOf(action, one, address !== undefined, seen);
    if (code !== undefined) refused.push({ line, reasonCode: code, failureReason: refusals[code] });
    if (one.reference_id) seen.add(one.reference_id);
  }
  return { items, refused };
}

const refusals = {
  "rjct.reference_id.invalid": "The reference_id is missing, or longer than 99 characters",
  "rjct.reference_id.duplicate": "The reference_id was used before in this message",
  "rjct.timestamp.invalid": "The timestamp is no ISO 8601 time with its zone",
  "rjct.id.invalid": "The id is missing, or longer than 64 characters",
  "rjct.fa.invalid": "The fa is missing, or not written as type:id@provider",
} as const;

function refusalOf(
  action: G2pAction,
  { reference_id: reference = "", timestamp = "", id = "", fa = "" }: z.infer<typeof item>,
  hasAddress: boolean,
  seen: ReadonlySet<string>,
): keyof typeof refusals | undefined {
  if (reference === "" || reference.length > 99) return "rjct.reference_id.invalid";
  if (seen.has(reference)) return "rjct.reference_id.duplicate";
  const isDated = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(timestamp);
  if (!isDated || Number.isNaN(Date.parse(timestamp))) return "rjct.timestamp.invalid";
  if (id.length > longestIdentity || (id === "" && action !== "resolve")) return "rjct.id.invalid";
  const needsAddress = action === "link" || action === "update" || (action === "resolve" && id === "");
  return (needsAddress || fa !== "") && !hasAddress ? "rjct.fa.invalid" : undefined;
}
