/**
 * COSE_Sign1 (RFC 9052 section 4.2) for every signed thing of Paypost: EdDSA only, everything in the protected
 * header, and the kind as external data, so that a thing of one kind can never be passed off as another.
 *
 * S1  A key id names one key and one kind; the verifier computes it again from the key it was given.
 * S2  Exactly one byte string is accepted for a given content: no other encoding, header or trailing byte.
 * S3  A thing's hash is that of its Sig_structure, never of signature bytes.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { equalBytes } from "./bytes.ts";
import { decodeCbor, encodeCbor, type CborValue } from "./cbor.ts";
import { verify } from "./ed25519.ts";
import { keyIdOf, type SignedKind } from "./kinds.ts";
import { contextOf } from "./realm.ts";
import type { Signer, SyncSigner } from "./signers.ts";

export { keyIdOf, serverKinds, signedKinds, type ServerKind, type SignedKind } from "./kinds.ts";
export { createSigner, createSyncSigner, type Signer, type SyncSigner } from "./signers.ts";

export type CoseRefusal =
  /** Not a COSE_Sign1 of the expected shape. */
  | { readonly code: "malformed" }
  /** A second encoding of something that has one, in the envelope, the header or the payload. */
  | { readonly code: "not-canonical" }
  /** A header label other than 1 and 4, protected or not; `crit` is one. */
  | { readonly code: "unknown-header" }
  | { readonly code: "unsupported-algorithm" }
  | { readonly code: "unknown-key"; readonly keyId: Uint8Array }
  /** The key is known, but not for this kind. */
  | { readonly code: "wrong-kind"; readonly keyId: Uint8Array }
  | { readonly code: "bad-signature"; readonly keyId: Uint8Array };

export interface OpenedDocument {
  readonly ok: true;
  /** Deterministic CBOR, already checked to be so. */
  readonly payload: Uint8Array;
  readonly keyId: Uint8Array;
  /** SHA-256 of the Sig_structure. */
  readonly hash: Uint8Array;
}

/** The parts of a signed thing whose signature has not been looked at. */
export interface ParsedDocument {
  readonly ok: true;
  readonly protectedHeader: Uint8Array;
  readonly keyId: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** A signed thing of one kind that was taken apart, and whose signature has not been looked at. */
export interface ReadDocument extends ParsedDocument {
  readonly kind: SignedKind;
  /** The Sig_structure: what its signature is over. */
  readonly message: Uint8Array;
  /** SHA-256 of the Sig_structure. */
  readonly hash: Uint8Array;
}

export interface RefusedDocument {
  readonly ok: false;
  readonly refusal: CoseRefusal;
}

/** Gives the public key for a key id, or undefined when none is trusted. */
export type FindKey = (keyId: Uint8Array) => Uint8Array | undefined;

/** Signs a payload, which must be deterministic CBOR, as the signer's kind. */
export async function signDocument(signer: Signer, payload: Uint8Array): Promise<Uint8Array> {
  const header = protectedHeader(signer.keyId);
  return envelope(header, payload, await signer.sign(toBeSigned(signer.kind, header, payload)));
}

/** `signDocument` without a promise, with the hash that the next operation will name. */
export function signDocumentSync(
  signer: SyncSigner,
  payload: Uint8Array,
): { readonly bytes: Uint8Array; readonly hash: Uint8Array } {
  const header = protectedHeader(signer.keyId);
  const message = toBeSigned(signer.kind, header, payload);
  return { bytes: envelope(header, payload, signer.sign(message)), hash: sha256(message) };
}

/** Opens a signed thing as one of `kind`. Nothing in it is to be believed unless this says `ok`. */
export function openDocument(
  kind: SignedKind,
  bytes: Uint8Array,
  findKey: FindKey,
): Promise<OpenedDocument | RefusedDocument> {
  return openRead(readDocument(kind, bytes), findKey);
}

/** Takes a signed thing apart as one of `kind`, for `openRead`. */
export function readDocument(kind: SignedKind, bytes: Uint8Array): ReadDocument | RefusedDocument {
  const parsed = parseDocument(bytes);
  if (!parsed.ok) return parsed;
  const message = sigStructure(kind, parsed.protectedHeader, parsed.payload);
  return { ...parsed, kind, message, hash: sha256(message) };
}

/** `openDocument` for what was read before. */
export async function openRead(
  read: ReadDocument | RefusedDocument,
  findKey: FindKey,
): Promise<OpenedDocument | RefusedDocument> {
  if (!read.ok) return read;
  const { kind, keyId, payload, message, signature, hash } = read;
  const publicKey = findKey(keyId);
  if (!publicKey) return refused({ code: "unknown-key", keyId });
  if (!equalBytes(keyIdOf(kind, publicKey), keyId)) return refused({ code: "wrong-kind", keyId });
  if (!(await verify(publicKey, message, signature))) return refused({ code: "bad-signature", keyId });
  return { ok: true, payload, keyId, hash };
}

/** Takes a signed thing apart and checks its form (S2), but not who signed it. */
export function parseDocument(bytes: Uint8Array): ParsedDocument | RefusedDocument {
  // Tag 18 fits in one byte; 0xd8 0x12 would be a longer form of the same.
  if (bytes[0] === 0xd8 && bytes[1] === sign1Tag) return refused({ code: "not-canonical" });
  if (bytes[0] !== (0xc0 | sign1Tag)) return refused({ code: "malformed" });
  const outer = decodeCbor(bytes.subarray(1));
  if (!outer.ok) return refused(cborRefusal(outer.refusal));
  if (!Array.isArray(outer.value) || outer.value.length !== 4) return refused({ code: "malformed" });
  const [header, unprotected, payload, signature] = outer.value as readonly CborValue[];
  if (!(header instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array)) {
    return refused({ code: "malformed" });
  }
  if (!(unprotected instanceof Map) || signature.length !== 64) return refused({ code: "malformed" });
  if (unprotected.size > 0) return refused({ code: "unknown-header" });
  const content = decodeCbor(payload);
  if (!content.ok) return refused(cborRefusal(content.refusal));
  const keyId = readHeader(header);
  return keyId instanceof Uint8Array
    ? { ok: true, protectedHeader: header, keyId, payload, signature }
    : refused(keyId);
}

/** The hash (S3) of a parsed thing read as one of `kind`. */
export function hashOf(
  kind: SignedKind,
  parsed: Pick<ParsedDocument, "protectedHeader" | "payload">,
): Uint8Array {
  return sha256(sigStructure(kind, parsed.protectedHeader, parsed.payload));
}

function toBeSigned(kind: SignedKind, header: Uint8Array, payload: Uint8Array): Uint8Array {
  if (!decodeCbor(payload).ok) throw new Error("only deterministic CBOR is signed");
  return sigStructure(kind, header, payload);
}

/** RFC 9052 section 4.4. */
function sigStructure(kind: SignedKind, header: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(["Signature1", header, contextOf(kind), payload]);
}

function protectedHeader(keyId: Uint8Array): Uint8Array {
  return encodeCbor(
    new Map<number, CborValue>([
      [1, edDsa],
      [4, keyId],
    ]),
  );
}

function envelope(header: Uint8Array, payload: Uint8Array, signature: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0xc0 | sign1Tag), encodeCbor([header, new Map(), payload, signature]));
}

/** The key id of a protected header that holds the algorithm and the key id, and nothing else. */
function readHeader(bytes: Uint8Array): Uint8Array | CoseRefusal {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok) return cborRefusal(decoded.refusal);
  if (!(decoded.value instanceof Map)) return { code: "malformed" };
  const header = decoded.value as ReadonlyMap<unknown, CborValue>;
  if ([...header.keys()].some((label) => label !== 1 && label !== 4)) return { code: "unknown-header" };
  if (header.get(1) !== edDsa) return { code: "unsupported-algorithm" };
  const keyId = header.get(4);
  return keyId instanceof Uint8Array && keyId.length === 8 ? keyId : { code: "malformed" };
}

function cborRefusal(refusal: string): CoseRefusal {
  return refusal === "not-canonical" ? { code: "not-canonical" } : { code: "malformed" };
}

function refused(refusal: CoseRefusal): RefusedDocument {
  return { ok: false, refusal };
}

const sign1Tag = 18;
const edDsa = -8;
