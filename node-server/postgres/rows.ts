/** What the row files share: the transaction they run in, and the two conversions that every one of them needs. */
import type { Transaction } from "kysely";
import type { Database } from "./schema.ts";

export type Trx = Transaction<Database>;

/** A plain Uint8Array of its own, since the driver's Buffer compares and prints differently. */
export function bytes(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}

export function bytesOrNull(value: Uint8Array | null): Uint8Array | null {
  return value && bytes(value);
}

/** Throws unless the statement changed so many rows: the caller has read them under locks. */
export function expectAll(
  { numAffectedRows = 0n }: { readonly numAffectedRows?: bigint | undefined },
  count: number,
  what: string,
): void {
  if (numAffectedRows !== BigInt(count))
    throw new Error(`${numAffectedRows} ${what} were changed in place of ${count}`);
}

/** Throws unless the statement changed exactly one row: the caller has read that row under a lock. */
export function expectOne(result: { readonly numUpdatedRows: bigint }, what: string): void {
  if (result.numUpdatedRows !== 1n) throw new Error(`${what}: ${result.numUpdatedRows} rows were changed`);
}
