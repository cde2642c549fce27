/** Tells apart two times that a callback or notification was asked for. */
import { sql } from "kysely";
import type { RawBuilder } from "kysely";

/** Whether `requested_at` is the time that was read; the column is finer than a Date. */
export function isOf(requestedAt: Date): RawBuilder<boolean> {
  return sql<boolean>`abs(extract(epoch from requested_at - ${requestedAt}::timestamptz)) < 0.002`;
}
