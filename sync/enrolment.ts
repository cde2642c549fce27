/**
 * Enrolment, the node's side: prove the key, then check what comes back before any of it is kept (design: "Keys").
 * The same code with the same key may be sent again: the reply may have been lost.
 */
import { toBase64 } from "./base64.ts";
import { decodeEnrolmentCertificate } from "./documents/enrolment-certificate.ts";
import type { EnrolmentCertificate } from "./documents/enrolment-certificate.ts";
import { openSelfSignedKeySet } from "./documents/key-set.ts";
import type { KeySet } from "./documents/key-set.ts";
import { openTrusted } from "./open-trusted.ts";
import type { ServerLink } from "./ports/transport.ts";
import { bytesIn, jsonObject, post } from "./server-call.ts";
import type { CallFailure } from "./server-call.ts";
import { equalBytes } from "./signing/bytes.ts";
import { signWithTweetnacl } from "./signing/ed25519.ts";
import type { Ed25519Key } from "./signing/ed25519.ts";
import { contextOf } from "./signing/realm.ts";

export interface Enrolment {
  readonly certificate: EnrolmentCertificate;
  readonly certificateDocument: Uint8Array;
  /** Trusted from now on: it came over the channel of the enrolment itself. */
  readonly keySet: KeySet;
  readonly keySetDocument: Uint8Array;
}

export type EnrolmentResult =
  | { readonly ok: true; readonly enrolment: Enrolment }
  | { readonly ok: false; readonly failure: CallFailure }
  | {
      readonly ok: false;
      readonly refusal: { readonly code: "answer-not-trusted"; readonly because: string };
    };

export async function requestEnrolment(
  link: ServerLink,
  key: Ed25519Key,
  code: string,
): Promise<EnrolmentResult> {
  const proof = signWithTweetnacl(key, contextOf(`enrolment-proof/${code}`));
  const answer = await post(link, {
    path: "/v1/enrolments",
    contentType: "application/json",
    body: JSON.stringify({ code, publicKey: toBase64(key.publicKey), proof: toBase64(proof) }),
  });
  return answer.ok ? readAnswer(key, answer.body) : answer;
}

async function readAnswer(key: Ed25519Key, body: Uint8Array): Promise<EnrolmentResult> {
  const answer = jsonObject(body);
  const certificateDocument = bytesIn(answer, "certificate");
  const keySetDocument = bytesIn(answer, "keySet");
  if (!certificateDocument || !keySetDocument) return notTrusted("malformed");
  const keySet = await openSelfSignedKeySet(keySetDocument);
  if (!keySet.ok) return notTrusted(`key-set:${keySet.refusal.code}`);
  const kind = "enrolment-certificate";
  const certificate = await openTrusted(keySet.value, kind, decodeEnrolmentCertificate, certificateDocument);
  if (!certificate.ok) return notTrusted(`certificate:${certificate.refusal.code}`);
  if (!equalBytes(certificate.value.nodePublicKey, key.publicKey)) return notTrusted("another-key");
  return {
    ok: true,
    enrolment: { certificate: certificate.value, certificateDocument, keySet: keySet.value, keySetDocument },
  };
}

function notTrusted(because: string): EnrolmentResult {
  return { ok: false, refusal: { code: "answer-not-trusted", because } };
}
