/**
 * What the end of the server's chain means to a node (design: "An upload opens by exchanging last sequence, hash and
 * generation"). A node that is behind its server, or on another branch, signs nothing more: a sequence number used
 * twice would look like a forgery.
 */
import type { ChainHead } from "../chain.ts";
import { fromBase64 } from "../base64.ts";
import { equalBytes } from "../signing/bytes.ts";

export interface ServerHead {
  readonly generation: number;
  readonly lastSequence: number;
  readonly lastHash: Uint8Array;
}

export type ChainStop = "behind-server" | "forked";

export type ServerHeadVerdict =
  /** The server's chain is a part of ours: go on after its last operation. */
  | { readonly verdict: "follows" }
  /** The server runs from a copy older than the one we know; nothing is sent to it. */
  | { readonly verdict: "older-server" }
  | { readonly verdict: "stop"; readonly code: ChainStop };

/** `hashAt` gives our hash of an operation, the certificate's for 0. */
export function judgeServerHead(
  ours: { readonly head: ChainHead; readonly generation: number },
  server: ServerHead,
  hashAt: (sequence: number) => Uint8Array | undefined,
): ServerHeadVerdict {
  if (server.generation < ours.generation) return { verdict: "older-server" };
  if (server.lastSequence > ours.head.sequence) return { verdict: "stop", code: "behind-server" };
  const known = hashAt(server.lastSequence);
  return known && equalBytes(known, server.lastHash)
    ? { verdict: "follows" }
    : { verdict: "stop", code: "forked" };
}

/** The head in a `head-mismatch` answer; undefined when it is not one. */
export function readServerHead(body: Readonly<Record<string, unknown>>): ServerHead | undefined {
  const { generation, lastSequence, lastHash } = body;
  if (!isCount(generation) || !isCount(lastSequence) || typeof lastHash !== "string") return undefined;
  const hash = fromBase64(lastHash);
  return hash?.length === 32 ? { generation, lastSequence, lastHash: hash } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
