/**
 * What is kept for a time only, and how long unless operators say otherwise. What is not here stays: money, vouchers, operations
 * as they were signed, and the audit trail. What must go early for its own safety (encrypted voucher numbers) has rules of its own.
 */

export interface RetentionSubject {
  readonly days: number;
  /** Shorter than this would take away what the server still works with. */
  readonly leastDays: number;
  readonly what: string;
}

export const retentionSubjects = {
  "operation-secrets": {
    days: 90,
    leastDays: 30,
    what: "voucher numbers and people's data that nodes sealed beside operations which have ended, with no dispute open",
  },
  callbacks: { days: 90, leastDays: 7, what: "callbacks that were taken" },
  "lost-callbacks": { days: 365, leastDays: 30, what: "callbacks that were given up" },
  notifications: { days: 90, leastDays: 31, what: "messages that were sent or given up" },
  "wrong-numbers": { days: 90, leastDays: 7, what: "tries with wrong voucher numbers" },
  alerts: { days: 730, leastDays: 90, what: "alerts that were looked into" },
  sessions: { days: 1, leastDays: 1, what: "sessions of nodes that have ended" },
  "enrolment-codes": { days: 90, leastDays: 1, what: "enrolment codes that were used or have run out" },
} as const satisfies Readonly<Record<string, RetentionSubject>>;

export type RetentionName = keyof typeof retentionSubjects;

export const retentionNames = Object.keys(retentionSubjects) as RetentionName[];

export function isRetentionName(text: string): text is RetentionName {
  return Object.hasOwn(retentionSubjects, text);
}
