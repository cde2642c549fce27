/**
 * Values as Electric writes them: the text of PostgreSQL's own output function, times in UTC. Booleans differ: `true` in
 * a snapshot, where Electric casts to text, and `t` in a change, where it reads the replication stream.
 */
import type { ShapeDefinition } from "../shapes/definitions.ts";

export type TextRow = Readonly<Record<string, string | null>>;

/** To run in a transaction before a query of rows, since the session's own settings may differ. */
export const textSettings = `
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL DateStyle = 'ISO, MDY';
  SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL bytea_output = 'hex';
  SET LOCAL extra_float_digits = 1`;

/**
 * The row that `alias` stands for, as an expression: JSON text that holds each value as text. A boolean of a snapshot is cast,
 * one of a change is as PostgreSQL writes it.
 */
export function rowAsJson(definition: ShapeDefinition, alias: string, from: "snapshot" | "change"): string {
  const columns = Object.entries(definition.columns).map(([name, column]) => {
    const value = `${alias}."${name}"::text`;
    const text = column.type === "bool" && from === "change" ? `left(${value}, 1)` : value;
    const told = plainTypes.has(column.type) ? `'"' || ${text} || '"'` : `to_json(${text})::text`;
    return `'"${name}":', ${column.not_null ? told : `coalesce(${told}, 'null')`}`;
  });
  // Put together by hand, which takes half as long as `to_json` of the row.
  return `concat('{', ${columns.join(", ',', ")}, '}')`;
}

/** Whose text holds nothing that JSON writes in another way. */
const plainTypes = new Set(["int2", "int4", "int8", "timestamptz", "bool"]);

/** The key of a table's row, as an expression: the same text as `shape_key` gives in the migration. */
export function rowKey(definition: ShapeDefinition): string {
  const parts = keyColumns(definition).map((name) => `'/"' || replace("${name}"::text, '/', '//') || '"'`);
  return [`'"public"."${definition.table}"'`, ...parts].join(" || ");
}

export function keyColumns(definition: ShapeDefinition): string[] {
  return Object.entries(definition.columns)
    .filter(([, { pk_index: place }]) => place !== undefined)
    .toSorted(([, a], [, b]) => (a.pk_index ?? 0) - (b.pk_index ?? 0))
    .map(([name]) => name);
}
