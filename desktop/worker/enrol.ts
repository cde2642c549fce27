/** Enrols this data directory as a node. The key is on the disk before anything is sent, so that no step can lose it. */
import { createHash } from "node:crypto";
import { requestEnrolment } from "#sync/enrolment.ts";
import type { EnrolmentResult } from "#sync/enrolment.ts";
import type { EnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import type { Fetch } from "#sync/ports/transport.ts";
import { parseServerUrl } from "#sync/server-url.ts";
import type { ServerUrl } from "#sync/server-url.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import { createSeed } from "#sync/signing/signers.ts";
import type { KeyStore } from "../thread-line.ts";
import { shortestPassphrase, unwrapByStore, unwrapKey, wrapKey } from "./keys.ts";
import type { NodeStores } from "./open.ts";

export interface EnrolParts {
  readonly stores: NodeStores;
  readonly fetch: Fetch;
  readonly randomBytes: RandomBytes;
  /** Where the machine has one, no passphrase is needed. */
  readonly keyStore?: KeyStore | undefined;
}

export interface EnrolRequest {
  readonly serverUrl: string;
  readonly code: string;
  readonly passphrase: string | null;
  readonly headFile: string | null;
}

export type EnrolResult =
  | { readonly ok: true; readonly certificate: EnrolmentCertificate; readonly again: boolean }
  | Extract<EnrolmentResult, { readonly ok: false }>
  | {
      readonly ok: false;
      readonly refusal: Extract<ServerUrl, { ok: false }>["refusal"] | { readonly code: EnrolRefusal };
    };

export type EnrolRefusal = "already-enrolled" | KeyRefusal;

type KeyRefusal = "wrong-passphrase" | "passphrase-too-short" | "passphrase-needed" | "key-store-failed";

export async function enrol(parts: EnrolParts, request: EnrolRequest): Promise<EnrolResult> {
  const { stores } = parts;
  const server = parseServerUrl(request.serverUrl);
  if (!server.ok) return server;
  const code = request.code.trim();
  const codeHash = hashOfCode(code);
  const known = stores.node.identity();
  if (known?.certificate) {
    const again = equalBytes(known.codeHash, codeHash);
    return again ? { ok: true, certificate: known.certificate, again } : refused("already-enrolled");
  }
  const key = await keyFor(parts, request);
  if (typeof key === "string") return refused(key);
  const { publicKey } = key.key;
  const { headFile } = request;
  stores.node.keepKey({ publicKey, wrappedKey: key.wrapped, serverUrl: server.url, codeHash, headFile });
  const result = await requestEnrolment({ baseUrl: server.url, fetch: parts.fetch }, key.key, code);
  if (!result.ok) return result;
  const { certificate, certificateDocument, keySet, keySetDocument } = result.enrolment;
  stores.queue.transaction(() => {
    stores.node.keepCertificate(certificateDocument, certificate);
    stores.trust.keepKeySet(keySet, keySetDocument);
  });
  stores.writeHead(certificate.nodeId, stores.queue.head());
  return { ok: true, certificate, again: false };
}

interface KeptKey {
  readonly key: Ed25519Key;
  readonly wrapped: string;
}

/** The key of an earlier try, so that the same code works again after a lost reply; otherwise a new one. */
async function keyFor(
  { stores, randomBytes, keyStore }: EnrolParts,
  { passphrase }: EnrolRequest,
): Promise<KeptKey | KeyRefusal> {
  const known = stores.node.identity();
  if (known) {
    const byStore = keyStore && (await unwrapByStore(known.wrappedKey, keyStore));
    const key = byStore ?? (passphrase === null ? undefined : unwrapKey(known.wrappedKey, passphrase));
    return key ? { key, wrapped: known.wrappedKey } : "wrong-passphrase";
  }
  if (passphrase === null && !keyStore) return "passphrase-needed";
  if (passphrase !== null && passphrase.length < shortestPassphrase) return "passphrase-too-short";
  const key = ed25519Key(createSeed(randomBytes));
  try {
    return { key, wrapped: await wrapKey(key, { passphrase, keyStore }, randomBytes) };
  } catch (error) {
    if (!keyStore) throw error;
    return "key-store-failed";
  }
}

/** As the server reads codes: in whatever case they are typed. */
function hashOfCode(code: string): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(code.toUpperCase()).digest());
}

function refused(code: EnrolRefusal): EnrolResult {
  return { ok: false, refusal: { code } };
}
