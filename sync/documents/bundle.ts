/**
 * Bundles: signed things that are of use only together, in one file with the key set to check them by. A bundle is not
 * signed itself; it proves what the things in it prove.
 *
 * - `answer`: what a node is told about a carried queue: the acknowledgement, and the verdict on each operation.
 * - `receipt`: one operation with its verdict: the merchant's proof.
 * - `evidence`: of a dispute: the operation that lost with its verdict, which names the one that won; and that one, where it
 *   was a node's.
 *
 * Format 1: first one. Later, readers first: `evidence`.
 */
import { decodeDocument, encodeDocument, mapOf, nullable, rowOf, variantsOf, type Decoded } from "./codec.ts";
import { blob, formatVersion, oneOf } from "./fields.ts";

export interface AnswerBundle {
  readonly type: "answer";
  readonly keySet: Uint8Array;
  readonly acknowledgement: Uint8Array;
  readonly verdictList: Uint8Array;
}

export interface ReceiptBundle {
  readonly type: "receipt";
  readonly keySet: Uint8Array;
  /** Of the node that signed the operation. */
  readonly certificate: Uint8Array;
  readonly operation: Uint8Array;
  /** Holds the operation's verdict, perhaps among others. */
  readonly verdictList: Uint8Array;
}

export interface EvidenceBundle {
  readonly type: "evidence";
  readonly keySet: Uint8Array;
  /** Of the node that signed the operation that lost. */
  readonly certificate: Uint8Array;
  readonly operation: Uint8Array;
  readonly verdictList: Uint8Array;
  /** Null where the voucher was redeemed through the API: nobody's node signed for it. */
  readonly winner: SignedByNode | null;
}

/** An operation with the certificate of the node that signed it. */
export interface SignedByNode {
  readonly certificate: Uint8Array;
  readonly operation: Uint8Array;
}

export type Bundle = AnswerBundle | ReceiptBundle | EvidenceBundle;

/** The bytes of a bundle. Throws when a part is out of its range. */
export function encodeBundle(bundle: Bundle): Uint8Array {
  return encodeDocument(codec, { version: 1, ...bundle });
}

/** Reads a bundle, or says what is wrong with it; nothing in it is verified yet. */
export function decodeBundle(bytes: Uint8Array): Decoded<Bundle> {
  const decoded = decodeDocument(codec, bytes);
  if (!decoded.ok) return decoded;
  const { version: _, ...bundle } = decoded.value;
  return { ok: true, value: bundle };
}

type Versioned<T> = T & { readonly version: 1 };

const verdictList = blob(500_000);
const keySet = blob(16_384);

const codec = variantsOf<Versioned<AnswerBundle> | Versioned<ReceiptBundle> | Versioned<EvidenceBundle>>({
  answer: mapOf<Versioned<AnswerBundle>>({
    type: [0, oneOf("answer")],
    version: [1, formatVersion(1)],
    keySet: [2, keySet],
    acknowledgement: [3, blob(4096)],
    verdictList: [4, verdictList],
  }),
  receipt: mapOf<Versioned<ReceiptBundle>>({
    type: [0, oneOf("receipt")],
    version: [1, formatVersion(1)],
    keySet: [2, keySet],
    certificate: [3, blob(4096)],
    operation: [4, blob(4096)],
    verdictList: [5, verdictList],
  }),
  evidence: mapOf<Versioned<EvidenceBundle>>({
    type: [0, oneOf("evidence")],
    version: [1, formatVersion(1)],
    keySet: [2, keySet],
    certificate: [3, blob(4096)],
    operation: [4, blob(4096)],
    verdictList: [5, verdictList],
    winner: [6, nullable(rowOf<SignedByNode>({ certificate: blob(4096), operation: blob(4096) }))],
  }),
});
