/**
 * Sessions: one assertion signed by the node buys a bearer token for 15 minutes (design: "Writing: signed
 * operations"). Assertions carry a counter, so that a recorded one buys nothing.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { decodeSessionAssertion } from "#sync/documents/session-assertion.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { keyIdOf, openDocument, parseDocument } from "#sync/signing/cose.ts";
import type { NodeRow, Store } from "../ports/store.ts";

export const sessionSeconds = 900;

export type SessionAnswer =
  | {
      readonly ok: true;
      readonly token: string;
      readonly expiresInSeconds: number;
      readonly serverTimeMs: number;
      readonly status: NodeRow["status"];
    }
  | { readonly ok: false; readonly refusal: { readonly code: "bad-assertion" | "unknown-node" } }
  | {
      readonly ok: false;
      readonly refusal: {
        readonly code: "stale-assertion";
        /** What the next assertion must name and exceed: a node that was restored from a copy does not know. */
        readonly generation: number;
        readonly counter: number;
      };
    };

export async function openSession(
  store: Store,
  randomBytes: (length: number) => Uint8Array,
  assertion: Uint8Array,
): Promise<SessionAnswer> {
  const parsed = parseDocument(assertion);
  const claimed = parsed.ok ? decodeSessionAssertion(parsed.payload) : undefined;
  if (!claimed?.ok) return { ok: false, refusal: { code: "bad-assertion" } };
  const { nodeId, counter, audience, report } = claimed.value;
  const node = await store.transaction((tx) => tx.nodes.find(nodeId));
  if (!node) return { ok: false, refusal: { code: "unknown-node" } };
  const keyId = keyIdOf("session-assertion", node.publicKey);
  const opened = await openDocument("session-assertion", assertion, (wanted) =>
    equalBytes(wanted, keyId) ? node.publicKey : undefined,
  );
  if (!opened.ok) return { ok: false, refusal: { code: "bad-assertion" } };
  return store.transaction(async (tx) => {
    const generation = await tx.registry.generation();
    const isOurs = audience === String(generation);
    if (!isOurs || !(await tx.nodes.countAssertion(nodeId, counter))) {
      const seen = (await tx.nodes.find(nodeId))?.assertionCounter ?? 0;
      return { ok: false, refusal: { code: "stale-assertion", generation, counter: seen } };
    }
    const token = Buffer.from(randomBytes(32)).toString("base64url");
    const now = await tx.now();
    if (report) await tx.nodes.report(nodeId, report);
    await tx.nodes.openSession(nodeId, tokenHash(token), new Date(now.getTime() + sessionSeconds * 1000));
    return {
      ok: true,
      token,
      expiresInSeconds: sessionSeconds,
      serverTimeMs: now.getTime(),
      status: node.status,
    };
  });
}

/** The node of a bearer token, or undefined when the token is unknown or has run out. */
export function nodeOfSession(store: Store, token: string): Promise<NodeRow | undefined> {
  return store.transaction((tx) => tx.nodes.bySession(tokenHash(token)));
}

function tokenHash(token: string): Uint8Array {
  return sha256(utf8ToBytes(`paypost/1/node-session/${token}`));
}
