/**
 * An enrolment certificate: the server's signed word that a node's key belongs to a merchant's node. Its hash is what
 * the node's first operation is linked to (design section 3).
 *
 * Later, readers first: `agent`.
 */
import { decodeDocument, encodeDocument, laterField, mapOf, type Decoded } from "./codec.ts";
import { signingKey, smallCount, text, timeMs, uuid, yesOrNo } from "./fields.ts";

export interface EnrolmentCertificate {
  readonly nodeId: string;
  /** Ed25519; made on the node, which alone has the other half. */
  readonly nodePublicKey: Uint8Array;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly issuedAtMs: number;
  /** The server database's generation at the time. */
  readonly generation: number;
  /** Whether it may pay vouchers out in cash. */
  readonly agent: boolean;
}

/** The payload of a certificate. Throws when a field is out of its range. */
export function encodeEnrolmentCertificate(certificate: EnrolmentCertificate): Uint8Array {
  return encodeDocument(codec, certificate);
}

/** Reads the payload of a certificate, or says what is wrong with it. */
export function decodeEnrolmentCertificate(payload: Uint8Array): Decoded<EnrolmentCertificate> {
  return decodeDocument(codec, payload);
}

const codec = mapOf<EnrolmentCertificate>({
  nodeId: [1, uuid],
  nodePublicKey: [2, signingKey],
  merchantId: [3, text(128)],
  merchantName: [4, text(256)],
  issuedAtMs: [5, timeMs],
  generation: [6, smallCount],
  agent: [7, laterField(yesOrNo, false)],
});
