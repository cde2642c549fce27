/** Looks again at rows that failed their check: a new key set may have brought the key that was missing. */
import type { RowValue, ShapeChange, ShapeName, ShapeStorage } from "../ports/shape-storage.ts";
import { checkKept } from "./check-row.ts";
import type { RowContext } from "./check-row.ts";

export async function recheckAside(
  storage: ShapeStorage,
  name: ShapeName,
  context: () => RowContext,
): Promise<void> {
  const passed: ShapeChange[] = [];
  for (const { key, value } of storage.aside(name)) {
    const change = await checkKept(name, { key, value: JSON.parse(value) as RowValue }, context());
    if (change && change.type !== "aside") passed.push(change);
  }
  if (passed.length > 0) storage.amend(name, passed);
}
