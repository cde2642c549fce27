/** Tells a database that cannot be reached now from one that refuses what it is asked. */

/** SQLSTATE classes and codes (PostgreSQL, appendix A), and what the network says. */
const awayCodes =
  /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND)$/;

export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  return error instanceof Error && "code" in error && awayCodes.test(String(error.code));
}
