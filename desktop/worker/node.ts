/** An enrolled node with its key in hand: what a screen or a command can ask of it. */
import { handIn } from "#sync/carrying/hand-in.ts";
import type { HandInResult } from "#sync/carrying/hand-in.ts";
import { trustedTime } from "#sync/clock.ts";
import { follow, syncOnce } from "#sync/node-sync.ts";
import type { SyncParts, SyncReport } from "#sync/node-sync.ts";
import type { MachineClock, Sleep } from "#sync/ports/clock.ts";
import type { Fetch, ServerLink } from "#sync/ports/transport.ts";
import { createSessions } from "#sync/session.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { upload } from "#sync/upload.ts";
import type { UploadProblem, UploadReport } from "#sync/upload.ts";
import type { NodeStores } from "./open.ts";
import { HeadNotWrittenError } from "./record.ts";
import type { RecordStep } from "./record.ts";
import { prepareRedemption } from "./redeem.ts";
import type { Redeemed, RedeemRefusal, RedeemRequest, RedeemResult } from "./redeem.ts";
import { createShapeStorage } from "./store/shapes.ts";

export interface NodeParts {
  readonly stores: NodeStores;
  readonly key: Ed25519Key;
  readonly serverUrl: string;
  readonly clock: MachineClock;
  readonly randomBytes: RandomBytes;
  readonly sleep: Sleep;
  readonly fetch: Fetch;
  readonly onStep?: (step: RecordStep) => void;
}

export type RedeemOutcome =
  /** The goods may be handed over; at risk that is provisional, since another may have been first. */
  | { readonly kind: "accepted"; readonly redeemed: Redeemed; readonly transactionId: string | null }
  /** Recorded, and the server's verdict is not in: no goods may be handed over. */
  | { readonly kind: "not-known-yet"; readonly redeemed: Redeemed; readonly reason: string }
  | { readonly kind: "rejected"; readonly redeemed: Redeemed; readonly reason: string }
  /** Nothing was recorded. */
  | { readonly kind: "refused"; readonly refusal: RedeemRefusal }
  /** Nothing was recorded, since the server could not be asked. */
  | { readonly kind: "offline"; readonly upload: UploadReport };

export interface PaypostNode {
  redeem(request: RedeemRequest): Promise<RedeemOutcome>;
  /** Uploads everything and reads every shape once, with a few tries. */
  sync(signal?: AbortSignal): Promise<SyncReport>;
  /** Hands in what another node exported; gives the server's answer for that node. */
  handIn(file: Uint8Array): Promise<HandInResult>;
  /** Stays in contact until the signal ends it. */
  follow(signal: AbortSignal, onReport: (report: SyncReport) => void): Promise<void>;
}

/** How often a request is tried before its failure is told; a node that follows then begins again by itself. */
const fewAttempts = 4;

export function createNode(parts: NodeParts): PaypostNode {
  const { stores, clock, randomBytes } = parts;
  const nodeId = nodeIdOf(stores);
  // One session for all that this process does; a token is good for a quarter of an hour.
  const link: ServerLink = { baseUrl: parts.serverUrl, fetch: parts.fetch };
  const assertions = createSyncSigner("session-assertion", parts.key.seed);
  const sessions = createSessions({ link, nodeId, assertions, contact: stores.node });
  const { database, queue, trust } = stores;
  const shapes = createShapeStorage({ database, queue, trust, nodeId, wallMs: () => clock.wallMs() });
  const syncParts = (attempts: number, signal?: AbortSignal): SyncParts => ({
    nodeId,
    link,
    sessions,
    queue,
    trust,
    clock,
    shapes,
    contact: stores.node,
    patience: { sleep: parts.sleep, randomBytes, attempts, signal },
  });
  const signer = createSyncSigner("operation", parts.key.seed);
  const redeemParts = { ...parts, nodeId, signer };
  return {
    async redeem(request) {
      let prepared = await prepareRedemption(redeemParts, request);
      if (prepared.ok && prepared.mode === "online") {
        const contact = await upload(syncParts(2));
        if (contact.problem && !(prepared.atRisk && isPassing(contact.problem))) {
          return { kind: "offline", upload: contact };
        }
        // The server cannot be asked: what may be taken at risk is judged as that.
        if (contact.problem) prepared = await prepareRedemption(redeemParts, { ...request, offline: true });
      }
      if (!prepared.ok) return { kind: "refused", refusal: prepared.refusal };
      const recorded = orStopped(() => prepared.record());
      if (!recorded.ok) return { kind: "refused", refusal: recorded.refusal };
      const { redeemed } = recorded;
      if (redeemed.mode !== "online") return { kind: "accepted", redeemed, transactionId: null };
      await upload(syncParts(2));
      return outcomeOf(redeemed, stores);
    },
    sync: (signal) => syncOnce(syncParts(fewAttempts, signal)),
    handIn: (file) => handIn(syncParts(fewAttempts), file),
    follow: (signal, onReport) => follow(syncParts(fewAttempts, signal), signal, onReport),
  };
}

/** The trusted time, as a redemption would see it now. */
export function timeOf(stores: NodeStores, clock: MachineClock) {
  return trustedTime(stores.node.anchor(), clock, stores.redemptions.latestMs());
}

/** What cannot be confirmed twice is not accepted, although it is in the queue. */
function orStopped(record: () => RedeemResult): RedeemResult {
  try {
    return record();
  } catch (error) {
    if (!(error instanceof HeadNotWrittenError)) throw error;
    return { ok: false, refusal: { code: "node-stopped", because: "head-not-written" } };
  }
}

function outcomeOf(redeemed: Redeemed, stores: NodeStores): RedeemOutcome {
  const operation = stores.queue.find(redeemed.sequence);
  if (!operation) throw new Error("a recorded operation is not in the queue");
  const { state, reason, transactionId } = operation;
  if (state === "applied") return { kind: "accepted", redeemed, transactionId };
  if (state === "rejected") return { kind: "rejected", redeemed, reason: reason ?? "unknown" };
  return { kind: "not-known-yet", redeemed, reason: reason ?? "no-verdict" };
}

function isPassing({ code }: UploadProblem): boolean {
  return code === "unreachable" || code === "busy";
}

function nodeIdOf(stores: NodeStores): string {
  const certificate = stores.node.identity()?.certificate;
  if (!certificate) throw new Error("this data directory is not enrolled");
  return certificate.nodeId;
}
