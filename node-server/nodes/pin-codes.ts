/**
 * A one-time code of the operator by which a till lets a forgotten PIN be set anew: for the till whose only supervisor has
 * forgotten it and that has no passphrase. The till asks the server about it; nothing but the fact is recorded.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Store } from "../ports/store.ts";
import { readableCode } from "./readable-code.ts";

const validMinutes = 60;

/** Undefined for a node that is not there, or not active. */
export async function issuePinCode(
  store: Store,
  randomBytes: (length: number) => Uint8Array,
  nodeId: string,
): Promise<{ readonly code: string; readonly validMinutes: number } | undefined> {
  const code = readableCode(randomBytes);
  const isIssued = await store.transaction(async (tx) => {
    const node = await tx.nodes.lock(nodeId);
    if (node?.status !== "active") return false;
    const expiresAt = new Date((await tx.now()).getTime() + validMinutes * 60_000);
    await tx.nodeQuestions.insertPinCode({ codeHash: hashOf(code), nodeId, expiresAt });
    await tx.audit.record({ actor: "operator", action: "node.pin-code", subject: `node:${nodeId}` });
    return true;
  });
  return isIssued ? { code, validMinutes } : undefined;
}

/** False for a code that is not this node's, was used for another request, or has run out. */
export function usePinCode(
  store: Store,
  nodeId: string,
  { code, request }: { readonly code: string; readonly request: string },
): Promise<boolean> {
  return store.transaction(async (tx) => {
    if (!(await tx.nodeQuestions.usePinCode(hashOf(code), nodeId, request))) return false;
    await tx.audit.record({ actor: `node:${nodeId}`, action: "node.pin-reset", subject: `node:${nodeId}` });
    return true;
  });
}

function hashOf(code: string): Uint8Array {
  return sha256(utf8ToBytes(`paypost/1/pin-code/${code.trim().toUpperCase()}`));
}
