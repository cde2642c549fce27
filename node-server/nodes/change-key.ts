/**
 * A node's key is replaced (`#sync/node-key-change.ts`). What the old key signed before goes on being settled; it signs nothing
 * after, opens no session, and its sessions end.
 */
import {
  decodeEnrolmentCertificate,
  encodeEnrolmentCertificate,
} from "#sync/documents/enrolment-certificate.ts";
import { keyChangeMessage } from "#sync/node-key-change.ts";
import type { SignedKeyChange } from "#sync/node-key-change.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { parseDocument, signDocument } from "#sync/signing/cose.ts";
import { verify } from "#sync/signing/ed25519.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { NodeRow, Store, Tx } from "../ports/store.ts";

export interface NodeKeyDependencies {
  readonly store: Store;
  readonly certificateSigner: Signer;
}

export type NodeKeyRefusal =
  | "unknown-node"
  /** Revoked or frozen: whoever has its key may not go on under another. */
  | "node-stopped"
  /** Not signed by both keys. */
  | "bad-proof"
  /** Operations of after the change are stored already, or the node's history is another. */
  | "other-history";

export type NodeKeyAnswer =
  | { readonly ok: true; readonly certificate: Uint8Array }
  | { readonly ok: false; readonly refusal: NodeKeyRefusal };

export function changeNodeKey(
  { store, certificateSigner }: NodeKeyDependencies,
  change: SignedKeyChange,
): Promise<NodeKeyAnswer> {
  return store.transaction(async (tx): Promise<NodeKeyAnswer> => {
    const node = await tx.nodes.lock(change.nodeId);
    if (!node) return refused("unknown-node");
    const message = keyChangeMessage(change);
    if (!(await verify(change.publicKey, message, change.byNew))) return refused("bad-proof");
    const known = (await keysOf(tx, node)).find((key) => equalBytes(key.publicKey, change.publicKey));
    if (known?.keyFrom === change.keyFrom) return { ok: true, certificate: known.certificate };
    if (node.status !== "active") return refused("node-stopped");
    if (known || !(await verify(node.publicKey, message, change.byOld))) return refused("bad-proof");
    if (!follows(node, change)) return refused("other-history");
    const certificate = await certify(certificateSigner, node, change.publicKey, await tx.now());
    await tx.nodes.changeKey(node, { publicKey: change.publicKey, certificate, keyFrom: change.keyFrom });
    await tx.audit.record({
      actor: `node:${node.id}`,
      action: "node.change-key",
      subject: `node:${node.id}`,
      before: { publicKey: hex(node.publicKey) },
      after: { publicKey: hex(change.publicKey), from: change.keyFrom },
    });
    return { ok: true, certificate };
  });
}

export interface NodeKey {
  readonly publicKey: Uint8Array;
  /** The first operation that it signs; 0 for the key of the enrolment. */
  readonly keyFrom: number;
  readonly certificate: Uint8Array;
}

/** All keys that a node has and had, the present one first. */
export async function keysOf(tx: Tx, node: NodeRow): Promise<readonly NodeKey[]> {
  const { publicKey, keyFrom, certificate } = node;
  const present = { publicKey, keyFrom, certificate };
  return keyFrom === 0 ? [present] : [present, ...(await tx.nodes.earlierKeys(node.id))];
}

/** The key that signs the operation of a sequence number. */
export function keyAt<Key extends NodeKey>(keys: readonly Key[], sequence: number): Key | undefined {
  return keys.find(({ keyFrom }) => sequence >= keyFrom);
}

/** The certificate of the key that signed the operation. */
export async function certificateFor(tx: Tx, node: NodeRow, sequence: number): Promise<Uint8Array> {
  return keyAt(await keysOf(tx, node), sequence)?.certificate ?? node.certificate;
}

function follows(node: NodeRow, { keyFrom, afterHash }: SignedKeyChange): boolean {
  if (keyFrom <= node.lastSequence || keyFrom < node.keyFrom) return false;
  return keyFrom !== node.lastSequence + 1 || equalBytes(afterHash, node.lastHash);
}

/** The node's certificate as it is, for another key. */
function certify(signer: Signer, node: NodeRow, nodePublicKey: Uint8Array, now: Date): Promise<Uint8Array> {
  const parsed = parseDocument(node.certificate);
  const decoded = parsed.ok ? decodeEnrolmentCertificate(parsed.payload) : parsed;
  if (!decoded.ok) throw new Error(`the certificate of node ${node.id} cannot be read`);
  return signDocument(
    signer,
    encodeEnrolmentCertificate({ ...decoded.value, nodePublicKey, issuedAtMs: now.getTime() }),
  );
}

function refused(refusal: NodeKeyRefusal): NodeKeyAnswer {
  return { ok: false, refusal };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
