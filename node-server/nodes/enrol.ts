/**
 * Enrolment: an operator issues a one-time code; the node proves its key and receives its certificate and the key
 * set it will trust (design: "Keys"). A re-enrolled machine is a new node.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { encodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { uuidv7 } from "#sync/ids.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { hashOf, parseDocument, signDocument } from "#sync/signing/cose.ts";
import { verify } from "#sync/signing/ed25519.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { EnrolmentCodeRow, Store, Tx } from "../ports/store.ts";
import { readableCode } from "./readable-code.ts";

export interface EnrolDependencies {
  readonly store: Store;
  readonly certificateSigner: Signer;
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface EnrolRequest {
  readonly code: string;
  readonly publicKey: Uint8Array;
  /** Ed25519 signature by that key over the proof message. */
  readonly proof: Uint8Array;
}

export type EnrolRefusal = "unknown-code" | "used-code" | "expired-code" | "bad-proof";

export type EnrolAnswer =
  | {
      readonly ok: true;
      readonly certificate: Uint8Array;
      readonly keySet: Uint8Array;
      readonly generation: number;
      readonly serverTimeMs: number;
    }
  | { readonly ok: false; readonly refusal: EnrolRefusal };

/** Issues a one-time code. */
export async function issueEnrolmentCode(
  store: Store,
  randomBytes: (length: number) => Uint8Array,
  wish: {
    readonly merchantId: string;
    readonly nodeName: string;
    readonly validHours: number;
    readonly agent?: boolean;
  },
): Promise<string> {
  const code = readableCode(randomBytes);
  await store.transaction(async (tx) => {
    const expiresAt = new Date((await tx.now()).getTime() + wish.validHours * 3_600_000);
    await tx.nodes.insertCode({ agent: false, ...wish, expiresAt, codeHash: codeHash(code) });
    await tx.audit.record({ actor: "operator", action: "node.code", subject: `merchant:${wish.merchantId}` });
  });
  return code;
}

export async function enrolNode(deps: EnrolDependencies, request: EnrolRequest): Promise<EnrolAnswer> {
  const proven = await verify(request.publicKey, proofMessage(request.code), request.proof);
  if (!proven) return { ok: false, refusal: "bad-proof" };
  return deps.store.transaction(async (tx) => {
    const code = await tx.nodes.lockCode(codeHash(request.code));
    if (!code) return { ok: false, refusal: "unknown-code" };
    const now = await tx.now();
    const generation = await tx.registry.generation();
    const answer = { ok: true, generation, serverTimeMs: now.getTime() } as const;
    if (code.nodeId !== null) {
      const node = await tx.nodes.find(code.nodeId);
      if (!node || !equalBytes(node.publicKey, request.publicKey)) return { ok: false, refusal: "used-code" };
      return { ...answer, certificate: node.certificate, keySet: await tx.shapes.tellKeySet(node.id) };
    }
    if (code.expiresAt < now) return { ok: false, refusal: "expired-code" };
    return { ...answer, ...(await createNode(deps, tx, request, code, generation, now)) };
  });
}

/** The message whose signature shows that the node has the private key; the code makes it of use only once. */
export function proofMessage(code: string): Uint8Array {
  return utf8ToBytes(`paypost/1/enrolment-proof/${code}`);
}

async function createNode(
  deps: EnrolDependencies,
  tx: Tx,
  request: EnrolRequest,
  code: Pick<EnrolmentCodeRow, "merchantId" | "nodeName" | "agent">,
  generation: number,
  now: Date,
): Promise<{ readonly certificate: Uint8Array; readonly keySet: Uint8Array }> {
  const merchant = await tx.registry.merchant(code.merchantId);
  if (!merchant) throw new Error(`enrolment code for an unknown merchant ${code.merchantId}`);
  const id = uuidv7(now.getTime(), deps.randomBytes);
  const payload = encodeEnrolmentCertificate({
    nodeId: id,
    nodePublicKey: request.publicKey,
    merchantId: merchant.id,
    merchantName: merchant.name,
    issuedAtMs: now.getTime(),
    generation,
    agent: code.agent,
  });
  const certificate = await signDocument(deps.certificateSigner, payload);
  const parsed = parseDocument(certificate);
  if (!parsed.ok) throw new Error("a certificate of our own cannot be read");
  await tx.nodes.insert({
    id,
    merchantId: merchant.id,
    name: code.nodeName,
    publicKey: request.publicKey,
    certificate,
    lastHash: hashOf("enrolment-certificate", parsed),
  });
  await tx.nodes.useCode(codeHash(request.code), id);
  await tx.shapes.tellNewNode(id);
  const keySet = await tx.shapes.tellKeySet(id);
  await tx.limits.tellPolicy(id);
  await tx.audit.record({ actor: `node:${id}`, action: "node.enrol", subject: `merchant:${merchant.id}` });
  return { certificate, keySet };
}

function codeHash(code: string): Uint8Array {
  return sha256(utf8ToBytes(`paypost/1/enrolment-code/${code.trim().toUpperCase()}`));
}
