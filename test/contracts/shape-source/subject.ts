/** A shape source held to the contract, served over HTTP by the server's own code. */
import type { Pool } from "pg";

export interface ShapeSourceSubject {
  /** The shape is at `{address}/leases`; the bearer token is the node's id. */
  readonly address: string;
  /** Another server process over the same rows, which holds requests for as short as it can. */
  readonly hastyAddress: string;
  /** Nobody else's reading of the shape is gone on with: `now` is the end of a snapshot of one's own. */
  readonly isNowSnapshotEnd: boolean;
  /** Commits the statements in one transaction when the request is held. */
  commitWhileHeld(statements: readonly string[], request: () => Promise<Response>): Promise<Response>;
  close(): Promise<void>;
}

/** A source that reads real rows. */
export interface LiveShapeSourceSubject extends ShapeSourceSubject {
  readonly pool: Pool;
  readonly table: string;
}

export interface Asked {
  readonly nodeId: string;
  readonly query: URLSearchParams;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function ask(
  address: string,
  { nodeId, query, method = "GET", headers = {} }: Asked,
): Promise<Response> {
  return fetch(`${address}/leases?${query.toString()}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${nodeId}` },
  });
}
