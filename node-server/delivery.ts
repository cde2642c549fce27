/** What callbacks and notifications have in common: when the next try comes, and why the last one failed. */

const longestWaitSeconds = 3 * 3600;

/** A dozen tries in the first three hours, then one every three hours. */
export function waitSeconds(tries: number): number {
  return Math.min(longestWaitSeconds, 2 ** Math.min(tries, 20));
}

/** What fetch throws says little; its cause says what happened. Bounded, since it is stored and shown. */
export function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause).slice(0, 200);
  // A name with several addresses, none of which answers, fails without a message.
  const code = "code" in cause ? String(cause.code) : cause.name;
  return (cause.message || code).slice(0, 200);
}
