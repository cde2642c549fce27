/** Replaces the key that the till signs with (`#sync/node-key-change.ts`): kept, then told to the server. */
import { keyChangeMessage } from "#sync/node-key-change.ts";
import type { CallFailure } from "#sync/server-call.ts";
import type { Sessions } from "#sync/session.ts";
import { ed25519Key, signWithTweetnacl } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import { createSeed } from "#sync/signing/signers.ts";
import type { NodeStores } from "./open.ts";

export interface RotateKeyParts {
  readonly stores: NodeStores;
  readonly nodeId: string;
  readonly sessions: Sessions;
  readonly randomBytes: RandomBytes;
  /** The key that signs now. */
  readonly key: Ed25519Key;
  /** Told once the new key is kept, before anything else is signed. */
  readonly onKept: () => void;
}

export type RotateKeyResult =
  | { readonly ok: true; readonly keyFrom: number }
  | { readonly ok: false; readonly refusal: { readonly code: "node-stopped" } }
  /** `isKept`: the new key signs already, and the server hears of it with the next sync. */
  | { readonly ok: false; readonly failure: CallFailure; readonly isKept: boolean };

export async function rotateKey(parts: RotateKeyParts): Promise<RotateKeyResult> {
  const { stores, nodeId, sessions, randomBytes } = parts;
  if (stores.stopped() !== undefined) return { ok: false, refusal: { code: "node-stopped" } };
  // Opens with the present key: it is one that the server knows, and it can be reached.
  sessions.renew();
  const reached = await sessions.token();
  if (!reached.ok) return { ok: false, failure: reached.failure, isKept: false };
  if (stores.node.status() !== "active") return { ok: false, refusal: { code: "node-stopped" } };
  const next = ed25519Key(createSeed(randomBytes));
  const { sequence, hash: afterHash } = stores.queue.head();
  const change = { nodeId, publicKey: next.publicKey, keyFrom: sequence + 1, afterHash };
  const message = keyChangeMessage(change);
  const byOld = signWithTweetnacl(parts.key, message);
  const byNew = signWithTweetnacl(next, message);
  stores.signingKeys.keep({ ...change, byOld, byNew }, next);
  parts.onKept();
  sessions.renew();
  const told = await sessions.token();
  return told.ok ? { ok: true, keyFrom: change.keyFrom } : { ok: false, failure: told.failure, isKept: true };
}
