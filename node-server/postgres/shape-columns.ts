/**
 * Values as Electric writes them: the text of PostgreSQL's own output function, times in UTC. Booleans differ: `true` in
 * a snapshot, where Electric casts to text, and `t` in a change, where it reads the replication stream.
 */
import type { CustomTypesConfig } from "pg";
import type { ShapeDefinition } from "../shapes/definitions.ts";

export type TextRow = Readonly<Record<string, string | null>>;

/** For a query whose values are wanted as the database writes them. */
export const asText: CustomTypesConfig = { getTypeParser: () => (value: string | Buffer) => value };

/** To run in a transaction before such a query, since the session's own settings may differ. */
export const textSettings = `
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL DateStyle = 'ISO, MDY';
  SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL bytea_output = 'hex';
  SET LOCAL extra_float_digits = 1`;

/** The columns for a SELECT of a snapshot. */
export function snapshotColumns(definition: ShapeDefinition): string {
  return Object.entries(definition.columns)
    .map(([name, { type }]) => (type === "bool" ? `"${name}"::text` : `"${name}"`))
    .join(", ");
}

/** The columns of the row that `alias` stands for, renamed by a prefix. */
export function changeColumns(definition: ShapeDefinition, alias: string, prefix: string): string {
  return Object.keys(definition.columns)
    .map((name) => `${alias}."${name}" AS "${prefix}${name}"`)
    .join(", ");
}

/** Picks the columns that `changeColumns` renamed. */
export function rowWithPrefix(definition: ShapeDefinition, prefix: string, row: TextRow): TextRow {
  return Object.fromEntries(
    Object.keys(definition.columns).map((name) => [name, row[prefix + name] ?? null]),
  );
}

export function keyColumns(definition: ShapeDefinition): string[] {
  return Object.entries(definition.columns)
    .filter(([, { pk_index: place }]) => place !== undefined)
    .toSorted(([, a], [, b]) => (a.pk_index ?? 0) - (b.pk_index ?? 0))
    .map(([name]) => name);
}
