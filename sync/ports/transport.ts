/** The one way to the server, so that a test or a simulation can stand in for the network. */

export type Fetch = typeof fetch;

export interface ServerLink {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly fetch: Fetch;
}
