/**
 * A file of operations that somebody carried here (design: "Carrying"): settled like an upload, and acknowledged. It may
 * be old, come again, or come while its node syncs by itself: an operation that is stored gets its first verdict again.
 */
import { encodeAcknowledgement } from "#sync/documents/acknowledgement.ts";
import { encodeBundle } from "#sync/documents/bundle.ts";
import { decodeCarriedQueue } from "#sync/documents/carried-queue.ts";
import type { CarriedQueue } from "#sync/documents/carried-queue.ts";
import { decodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { openAs } from "#sync/documents/open.ts";
import { decodeUpload } from "#sync/documents/upload.ts";
import type { ReadUpload, UploadRequest } from "#sync/documents/upload.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { keyIdOf, parseDocument, signDocument } from "#sync/signing/cose.ts";
import { openSealed } from "#sync/signing/sealed.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { CarriedFileRow, NodeRow, Store } from "../ports/store.ts";
import { evidenceIn } from "../recovery/evidence.ts";
import type { OperationContext } from "./context.ts";
import { keysOf } from "../nodes/change-key.ts";
import type { NodeKey } from "../nodes/change-key.ts";
import { beginsTooLate, settleAll, verifyAll } from "./receive.ts";
import type { SettledOperation } from "./settle.ts";
import { signVerdicts } from "./verdicts.ts";

export interface CarriedDependencies {
  readonly store: Store;
  readonly context: OperationContext;
  readonly acknowledgementSigner: Signer;
  /** The signed key set that goes back with the answer. */
  readonly keySet: { readonly document: Uint8Array };
}

export type CarriedRefusal =
  /** Not a carried queue, or only a part of one. */
  | { readonly code: "malformed" }
  | { readonly code: "unknown-node" }
  /** Changed on its way, or not made by the node that it names. */
  | { readonly code: "bad-signature" }
  | { readonly code: "another-server" }
  /** The file begins after operations that are not stored here. */
  | { readonly code: "gap"; readonly lastSequence: number };

export type CarriedAnswer =
  | {
      readonly ok: true;
      readonly node: NodeRow;
      readonly firstSequence: number;
      readonly lastSequence: number;
      readonly decided: readonly SettledOperation[];
      /** For the node, as a file. */
      readonly answer: Uint8Array;
    }
  | { readonly ok: false; readonly refusal: CarriedRefusal };

/** `handedInBy` names who brought it, for the record: `node:<id>` or `operator`. */
export async function receiveCarried(
  deps: CarriedDependencies,
  file: Uint8Array,
  handedInBy: string,
): Promise<CarriedAnswer> {
  const read = await openFile(deps, file);
  if (!read.ok) return read;
  const { node, keys, carried, upload, hash } = read;
  const verified = await verifyAll(node, keys, upload);
  if (!verified.ok)
    return refused({ code: verified.refusal.code === "bad-signature" ? "bad-signature" : "malformed" });
  if (await deps.store.transaction((tx) => beginsTooLate(tx, node, upload)))
    return refused({ code: "gap", lastSequence: await storedUpTo(deps, node.id) });
  const evidence = await evidenceIn(deps, node.id, upload);
  const decided = await settleAll(deps, node.id, verified.operations, evidence);
  const last = decided?.at(-1);
  if (!decided || !last) return refused({ code: "gap", lastSequence: await storedUpTo(deps, node.id) });
  const { firstSequence, lastSequence } = carried;
  const stored = { nodeId: node.id, hash, firstSequence, lastSequence, handedInBy };
  const acknowledgement = await acknowledge(deps, stored, last.row.hash);
  const verdictList = await deps.store.transaction((tx) => signVerdicts(deps.context, tx, node.id, decided));
  const keySet = deps.keySet.document;
  const answer = encodeBundle({ type: "answer", keySet, acknowledgement, verdictList });
  return { ok: true, node, firstSequence, lastSequence, decided, answer };
}

type ReadFile =
  | {
      readonly ok: true;
      readonly node: NodeRow;
      readonly keys: readonly NodeKey[];
      readonly carried: CarriedQueue;
      readonly upload: ReadUpload;
      readonly hash: Uint8Array;
    }
  | { readonly ok: false; readonly refusal: CarriedRefusal };

/** The key that counts is the one that this server enrolled, whatever certificate the file holds. */
async function openFile({ store, context }: CarriedDependencies, file: Uint8Array): Promise<ReadFile> {
  const nodeId = nodeNamedBy(file);
  if (nodeId === undefined) return refused({ code: "malformed" });
  const node = await store.transaction((tx) => tx.nodes.find(nodeId));
  if (!node) return refused({ code: "unknown-node" });
  const keys = await store.transaction((tx) => keysOf(tx, node));
  const opened = await openAs(
    "carried-queue",
    decodeCarriedQueue,
    file,
    (wanted) =>
      keys.find(({ publicKey }) => equalBytes(keyIdOf("carried-queue", publicKey), wanted))?.publicKey,
  );
  if (!opened.ok) return refused({ code: "bad-signature" });
  const carried = opened.value;
  if (!equalBytes(carried.serverBoxKey, context.boxKeys.publicKey))
    return refused({ code: "another-server" });
  const body = openSealed(context.boxKeys, carried.sealed);
  const upload = body && decodeUpload(body);
  if (!upload?.ok || !isWhatItSays(carried, upload.value)) return refused({ code: "malformed" });
  return { ok: true, node, keys, carried, upload: upload.value, hash: opened.hash };
}

function nodeNamedBy(file: Uint8Array): string | undefined {
  const parsed = parseDocument(file);
  const carried = parsed.ok ? decodeCarriedQueue(parsed.payload) : undefined;
  const certificate = carried?.ok ? parseDocument(carried.value.certificate) : undefined;
  const named = certificate?.ok ? decodeEnrolmentCertificate(certificate.payload) : undefined;
  return named?.ok ? named.value.nodeId : undefined;
}

function isWhatItSays({ firstSequence, lastSequence }: CarriedQueue, upload: UploadRequest): boolean {
  const { afterSequence, operations } = upload;
  return firstSequence === afterSequence + 1 && lastSequence === afterSequence + operations.length;
}

/** The same file is acknowledged once: whoever hands it in again is told the same. */
function acknowledge(
  { store, acknowledgementSigner }: CarriedDependencies,
  stored: Omit<CarriedFileRow, "acknowledgement">,
  lastHash: Uint8Array,
): Promise<Uint8Array> {
  return store.transaction(async (tx) => {
    const known = await tx.carried.find(stored.hash);
    if (known) return known.acknowledgement;
    const { nodeId, hash, firstSequence, lastSequence, handedInBy } = stored;
    const payload = encodeAcknowledgement({
      nodeId,
      generation: await tx.registry.generation(),
      fileHash: hash,
      firstSequence,
      lastSequence,
      lastHash,
      serverTimeMs: (await tx.now()).getTime(),
    });
    const acknowledgement = await signDocument(acknowledgementSigner, payload);
    await tx.carried.keep({ ...stored, acknowledgement });
    await tx.audit.record({
      actor: handedInBy,
      action: "carried.hand-in",
      subject: `node:${nodeId}`,
      after: { file: Buffer.from(hash).toString("hex"), firstSequence, lastSequence },
    });
    const kept = await tx.carried.find(hash);
    if (!kept) throw new Error(`the file of node ${nodeId} was not kept`);
    return kept.acknowledgement;
  });
}

function storedUpTo({ store }: CarriedDependencies, nodeId: string): Promise<number> {
  return store.transaction(async (tx) => (await tx.nodes.find(nodeId))?.lastSequence ?? 0);
}

function refused(refusal: CarriedRefusal): { readonly ok: false; readonly refusal: CarriedRefusal } {
  return { ok: false, refusal };
}
