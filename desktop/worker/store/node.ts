/** The node's one row of identity, and what it remembers of its server, in SQLite. */
import type { ClockAnchor } from "#sync/clock.ts";
import { decodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import type { EnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import type { ContactStorage, NodeStatus } from "#sync/ports/contact-storage.ts";
import { hashOf, parseDocument } from "#sync/signing/cose.ts";
import type { NodeDatabase } from "../database.ts";

export interface StoredKey {
  readonly publicKey: Uint8Array;
  readonly wrappedKey: string;
  readonly serverUrl: string;
  /** Of the enrolment code that is being used, or was. */
  readonly codeHash: Uint8Array;
  /** Where the second record of the last operation lies; null for its place in the data directory. */
  readonly headFile: string | null;
}

export interface NodeIdentity extends StoredKey {
  /** Undefined until the server has answered. */
  readonly certificate: EnrolmentCertificate | undefined;
}

export interface NodeStorage extends ContactStorage {
  identity(): NodeIdentity | undefined;
  /** Keeps the key before anything is sent, or the code and server of another try with the same key. */
  keepKey(key: StoredKey): void;
  /** The same key, wrapped anew. */
  keepWrapped(wrappedKey: string): void;
  keepCertificate(document: Uint8Array, certificate: EnrolmentCertificate): void;
  /** As the server signed it. Throws on a node that is not enrolled. */
  certificateDocument(): Uint8Array;
  /** Whether the head file was ever written. */
  headIsKept(): boolean;
  noteHeadKept(): void;
}

interface NodeRow {
  readonly public_key: Buffer;
  readonly wrapped_key: string;
  readonly server_url: string;
  readonly code_hash: Buffer;
  readonly head_file: string | null;
  readonly certificate: Buffer | null;
  readonly generation: bigint;
  readonly status: NodeStatus;
  readonly stopped: string | null;
  readonly head_kept: bigint;
}

interface AnchorRow {
  readonly server_time_ms: bigint;
  readonly wall_ms: bigint;
  readonly boot_id: string;
  readonly since_boot_ms: bigint;
  readonly policy_version: bigint;
}

export function createNodeStorage(database: NodeDatabase): NodeStorage {
  const select = database.prepare<[], NodeRow>("select * from node");
  const row = (): NodeRow => {
    const found = select.get();
    if (!found) throw new Error("this data directory holds no node yet");
    return found;
  };
  const selectAnchor = database.prepare<[], AnchorRow>("select * from clock_anchor");
  let isKeptForSure = false;
  let read: { readonly document: Buffer; readonly certificate: EnrolmentCertificate } | undefined;
  const certificateOf = (document: Buffer): EnrolmentCertificate => {
    // Every operation asks for it several times, and it hardly ever changes.
    if (!read?.document.equals(document))
      read = { document, certificate: readCertificate(Uint8Array.from(document)) };
    return read.certificate;
  };
  return {
    headIsKept: () => row().head_kept === 1n,
    noteHeadKept() {
      // Asked with every operation, and written once.
      if (!isKeptForSure) database.prepare("update node set head_kept = 1 where head_kept = 0").run();
      isKeptForSure = true;
    },
    identity() {
      const found = select.get();
      return found ? rowToIdentity(found, certificateOf) : undefined;
    },
    keepKey({ publicKey, wrappedKey, serverUrl, codeHash, headFile }) {
      database
        .prepare(
          `insert into node (id, public_key, wrapped_key, server_url, code_hash, head_file) values (1, ?, ?, ?, ?, ?)
           on conflict (id) do update set server_url = excluded.server_url, code_hash = excluded.code_hash,
             head_file = excluded.head_file`,
        )
        .run(publicKey, wrappedKey, serverUrl, codeHash, headFile);
    },
    keepWrapped: (wrappedKey) => void database.prepare("update node set wrapped_key = ?").run(wrappedKey),
    keepCertificate(document, { nodeId, generation }) {
      const hash = certificateHash(document);
      database
        .prepare("update node set certificate = ?, certificate_hash = ?, node_id = ?, generation = ?")
        .run(document, hash, nodeId, generation);
    },
    certificateDocument() {
      const { certificate } = row();
      if (!certificate) throw new Error("this data directory is not enrolled");
      return Uint8Array.from(certificate);
    },
    generation: () => Number(row().generation),
    setGeneration: (generation) => void database.prepare("update node set generation = ?").run(generation),
    countAssertion(seen) {
      const counted = database
        .prepare<[number], { assertion_counter: bigint }>(
          "update node set assertion_counter = max(assertion_counter, ?) + 1 returning assertion_counter",
        )
        .get(seen);
      if (!counted) throw new Error("this data directory holds no node yet");
      return Number(counted.assertion_counter);
    },
    anchor() {
      const anchor = selectAnchor.get();
      return anchor ? rowToAnchor(anchor) : undefined;
    },
    setAnchor({ serverTimeMs, wallMs, bootId, sinceBootMs, policyVersion }) {
      database
        .prepare("insert or replace into clock_anchor values (1, ?, ?, ?, ?, ?)")
        .run(serverTimeMs, wallMs, bootId, sinceBootMs, policyVersion);
    },
    status: () => row().status,
    setStatus: (status) => void database.prepare("update node set status = ?").run(status),
    stopped: () => row().stopped ?? undefined,
    stop: (code) => void database.prepare("update node set stopped = ? where stopped is null").run(code),
  };
}

function rowToIdentity(
  row: NodeRow,
  certificateOf: (document: Buffer) => EnrolmentCertificate,
): NodeIdentity {
  return {
    publicKey: Uint8Array.from(row.public_key),
    wrappedKey: row.wrapped_key,
    serverUrl: row.server_url,
    codeHash: Uint8Array.from(row.code_hash),
    headFile: row.head_file,
    certificate: row.certificate ? certificateOf(row.certificate) : undefined,
  };
}

function rowToAnchor(row: AnchorRow): ClockAnchor {
  return {
    serverTimeMs: Number(row.server_time_ms),
    wallMs: Number(row.wall_ms),
    bootId: row.boot_id,
    sinceBootMs: Number(row.since_boot_ms),
    policyVersion: Number(row.policy_version),
  };
}

// The signature was checked when the certificate came; the database is trusted from then on.
function readCertificate(document: Uint8Array): EnrolmentCertificate {
  const parsed = parseDocument(document);
  const read = parsed.ok ? decodeEnrolmentCertificate(parsed.payload) : parsed;
  if (!read.ok) throw new Error("the stored certificate cannot be read");
  return read.value;
}

function certificateHash(document: Uint8Array): Uint8Array {
  const parsed = parseDocument(document);
  if (!parsed.ok) throw new Error("only a certificate that was read is kept");
  return hashOf("enrolment-certificate", parsed);
}
