/** Messages of Electric's protocol, with `replica=full`: an update carries the whole row and what its changed columns held. */
import type { TextRow } from "../postgres/shape-columns.ts";
import type { Visible } from "../postgres/shape-snapshot.ts";
import type { ShapeChange } from "../postgres/shape-tail.ts";
import type { ShapeDefinition } from "./definitions.ts";
import { placeInRun } from "./offset.ts";

/** Headers of the messages of a snapshot's rows. */
export function insertHeaders(definition: ShapeDefinition): string {
  return JSON.stringify({ relation: ["public", definition.table], operation: "insert" });
}

/** The end of the snapshot: the list of transactions that its rows include. */
export function snapshotEndMessage({ xmin, xmax, running }: Visible): string {
  return JSON.stringify({ headers: { control: "snapshot-end", xip_list: running, xmax, xmin } });
}

/** `following` is the change after these, if it is known: it decides whether the last of these ends its transaction. */
export function changeMessages(
  definition: ShapeDefinition,
  changes: readonly ShapeChange[],
  following: ShapeChange | undefined,
): string[] {
  const relation = ["public", definition.table];
  return changes.map((change, index) => {
    const headers = {
      ...((changes[index + 1] ?? following)?.run !== change.run && { last: true }),
      relation,
      operation: change.op,
      lsn: String(change.run),
      op_position: placeInRun(change),
      // The protocol has 32 bits for them; clients work the epoch out.
      txids: [Number(BigInt.asUintN(32, change.xid))],
    };
    const before = change.before === null ? "" : `,"old_value":${changedColumns(change.before, change.row)}`;
    return `{"value":${change.row},"key":${JSON.stringify(change.key)},"headers":${JSON.stringify(headers)}${before}}`;
  });
}

export function upToDateMessage(lsn: bigint): string {
  return JSON.stringify({ headers: { control: "up-to-date", global_last_seen_lsn: String(lsn) } });
}

function changedColumns(before: string, row: string): string {
  const [old, now] = [JSON.parse(before) as TextRow, JSON.parse(row) as TextRow];
  return JSON.stringify(
    Object.fromEntries(Object.entries(old).filter(([name, value]) => value !== now[name])),
  );
}
