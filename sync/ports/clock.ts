/** The clocks of the machine: what a decision may not read for itself. */

export interface MachineClock {
  /** Wall time in milliseconds since the epoch. Whoever holds the machine can set it. */
  wallMs(): number;
  /** Milliseconds since the machine started, sleep included. Nobody can set it. */
  sinceBootMs(): number;
  /** A lower-case UUID that lasts until the machine is started again. */
  readonly bootId: string;
}

/** Waits between two tries; ends early, without an error, when the signal says so. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;
