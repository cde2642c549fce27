/** What a stored operation says. */
import { decodeOperation } from "#sync/documents/operation.ts";
import type { Operation } from "#sync/documents/operation.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { StoredOperation } from "./record.ts";

/** Throws for one that cannot be read: none of those is made here. */
export function operationOf({ row }: Pick<StoredOperation, "row">): Operation {
  const parsed = parseDocument(row.signed);
  const decoded = parsed.ok ? decodeOperation(parsed.payload) : undefined;
  if (!decoded?.ok) throw new Error("a stored operation cannot be read");
  return decoded.value;
}
