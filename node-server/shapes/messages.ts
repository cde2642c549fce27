/** Messages of Electric's protocol, with `replica=full`: an update carries the whole row and what its changed columns held. */
import { keyColumns, type TextRow } from "../postgres/shape-columns.ts";
import type { Visible } from "../postgres/shape-snapshot.ts";
import type { ShapeChange } from "../postgres/shape-tail.ts";
import type { ShapeDefinition } from "./definitions.ts";
import { placeInRun } from "./offset.ts";

/** A row of the snapshot. */
export function insertMessage(definition: ShapeDefinition, value: TextRow): object {
  const relation = ["public", definition.table];
  return { key: rowKey(definition, value), value, headers: { relation, operation: "insert" } };
}

/** The end of the snapshot: the list of transactions that its rows include. */
export function snapshotEndMessage({ xmin, xmax, running }: Visible): object {
  return { headers: { control: "snapshot-end", xip_list: running, xmax, xmin } };
}

/** `following` is the change after these, if it is known: it decides whether the last of these ends its transaction. */
export function changeMessages(
  definition: ShapeDefinition,
  changes: readonly ShapeChange[],
  following: ShapeChange | undefined,
): object[] {
  const relation = ["public", definition.table];
  return changes.map((change, index) => ({
    value: change.op === "delete" ? change.oldRow : change.newRow,
    key: change.key,
    headers: {
      ...((changes[index + 1] ?? following)?.run !== change.run && { last: true }),
      relation,
      operation: change.op,
      lsn: String(change.run),
      op_position: placeInRun(change),
      // The protocol has 32 bits for them; clients work the epoch out.
      txids: [Number(BigInt.asUintN(32, change.xid))],
    },
    ...(change.op === "update" && { old_value: changedColumns(change) }),
  }));
}

export function upToDateMessage(lsn: bigint): object {
  return { headers: { control: "up-to-date", global_last_seen_lsn: String(lsn) } };
}

/** The same text as `shape_key` gives in the migration. */
function rowKey(definition: ShapeDefinition, row: TextRow): string {
  const parts = keyColumns(definition).map((name) => `/"${(row[name] ?? "").replaceAll("/", "//")}"`);
  return `"public"."${definition.table}"${parts.join("")}`;
}

function changedColumns({ oldRow, newRow }: ShapeChange): TextRow {
  return Object.fromEntries(Object.entries(oldRow).filter(([name, value]) => value !== newRow[name]));
}
