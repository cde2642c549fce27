/** The one way to the server, so that a test or a simulation can stand in for the network. */

import type { Allowance } from "./allowance.ts";

export type Fetch = typeof fetch;

export interface ServerLink {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly fetch: Fetch;
  /** What it may cost; nothing limits it where there is none. */
  readonly allowance?: Allowance;
}
