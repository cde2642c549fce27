/**
 * The port through which nodes read: Electric's HTTP protocol (electric-sql.com, API of `GET /v1/shape`) less its HTTP.
 * An implementation answers for the shapes that the server defines and for the one node named; `http.ts` has already
 * refused what is malformed.
 */

export interface ShapeRequest {
  readonly shape: string;
  /** The authenticated node: the only one whose rows may be answered. */
  readonly nodeId: string;
  /** `-1`, `now`, `<int>_<int>` or `0_inf`. */
  readonly offset: string;
  /** Present unless the offset is `-1` or `now`. */
  readonly handle?: string;
  readonly live: boolean;
  /** `changes_only` leaves the rows of the snapshot out. */
  readonly log: "full" | "changes_only";
  /** These mean something to caches on the way only; a source that passes requests on passes them too. */
  readonly cursor?: string;
  readonly expiredHandle?: string;
  readonly cacheBuster?: string;
}

export type ShapeAnswer =
  | {
      readonly kind: "messages";
      readonly handle: string;
      /** Where the next request goes on. */
      readonly offset: string;
      readonly upToDate: boolean;
      /** False if a live request was held in vain, or the offset was `now`. */
      readonly hasData: boolean;
      /** The columns, as JSON; it is not told in live answers. */
      readonly schema: string;
      /** A JSON array of messages. */
      readonly body: string | ReadableStream<Uint8Array>;
    }
  /** The reader begins again at offset -1. Without a handle if the shape ended while the request was held. */
  | { readonly kind: "must-refetch"; readonly handle?: string }
  | { readonly kind: "unknown-shape" }
  | {
      readonly kind: "unavailable";
      readonly code: UnavailableCode;
      readonly retryAfterSeconds?: number | undefined;
    }
  | { readonly kind: "invalid"; readonly errors: Readonly<Record<string, readonly string[]>> };

/** Why a source that asks another service has no answer. */
export type UnavailableCode =
  | "electric-unreachable"
  | "electric-not-ready"
  | "electric-too-old"
  | "electric-refused"
  | "electric-failed"
  | "server-busy";

/** A source with connections or requests under way, which somebody starts and ends. */
export interface RunningShapeSource extends ShapeSource {
  start(): void;
  /** Ends held requests at once, with an answer that lets their nodes go on elsewhere. */
  close(): Promise<void>;
}

export interface ShapeSource {
  /** Answers at once, or holds a live request until there is something to tell; rejects when `signal` aborts. */
  fetch(request: ShapeRequest, signal: AbortSignal): Promise<ShapeAnswer>;
}
