/** Looks again at rows that failed their check: a new key set may have brought the key that was missing. */
import type { RowValue, ShapeChange, ShapeName, ShapeStorage } from "../ports/shape-storage.ts";
import { checkRow } from "./check-row.ts";
import type { RowContext } from "./check-row.ts";

export async function recheckAside(
  storage: ShapeStorage,
  name: ShapeName,
  context: () => RowContext,
): Promise<void> {
  const passed: ShapeChange[] = [];
  for (const { key, value } of storage.aside(name)) {
    const row = { key: key.slice(name.length + 1), value: JSON.parse(value) as RowValue };
    const change = await checkRow(name, { ...row, operation: "insert" }, context());
    if (change && change.type !== "aside") passed.push(change);
  }
  if (passed.length > 0) storage.amend(name, passed);
}
