/** What a stored operation says. */
import { decodeOperation } from "#sync/documents/operation.ts";
import type { Operation } from "#sync/documents/operation.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { OperationRow } from "../ports/store.ts";

/** Undefined where it cannot be read. */
export function readStored(row: OperationRow): Operation | undefined {
  const parsed = parseDocument(row.signed);
  const decoded = parsed.ok ? decodeOperation(parsed.payload) : undefined;
  return decoded?.ok ? decoded.value : undefined;
}

/** The operation as it was signed; its signature was verified before it was stored. */
export function storedOperation(row: OperationRow): Operation {
  const operation = readStored(row);
  if (!operation) throw new Error(`operation ${row.sequence} of node ${row.nodeId} cannot be read`);
  return operation;
}
