/** Tells a database that cannot be reached now from one that refuses what it is asked. */

import { DatabaseError } from "pg";

/** SQLSTATE classes and codes (PostgreSQL, appendix A; 53: a disk that is full, memory, connections), and what the network says. */
const awayCodes =
  /^(08...|57P0[123]|53[1234]00|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND)$/;

export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  return error instanceof Error && "code" in error && awayCodes.test(String(error.code));
}

/** Of the classes that say nothing of what was asked: connections, resources, locks, operators and the system. */
const passingClasses = /^(08|25|40|53|55|57|58)/;

/** Whether the same transaction may do better later. */
export function isPassingFailure(error: unknown): boolean {
  if (isDatabaseAway(error)) return true;
  return error instanceof DatabaseError && passingClasses.test(error.code ?? "");
}
