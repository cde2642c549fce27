/**
 * What a link may cost in a day, for a node whose connection is paid for by the byte (design section 2: "On metered links").
 *
 * A1  Reading stops at four fifths of the day's bytes: the rest is kept for operations and their verdicts.
 * A2  A request that has begun is ended, so a day may exceed its bytes by one request.
 */
export interface Allowance {
  /** Whether the link is paid for by the byte: then nothing is followed live. */
  isMetered(): boolean;
  /** Whether nothing more may go over the link today, for what it is for. */
  isSpent(use: "operations" | "reading"): boolean;
}

/** A link that costs nothing. */
export const unmetered: Allowance = { isMetered: () => false, isSpent: () => false };
