/**
 * Safeguards that a simulation can take away, one at a time, to show that it would notice: each is taken out of a port
 * from outside, and the production code knows nothing of it. Where two safeguards stand behind one another (the
 * voucher's state and the unique index), both go, since either holds alone.
 */
import { gunzipSync } from "node:zlib";
import type { ChainHead } from "#sync/chain.ts";
import { decodeOperation } from "#sync/documents/operation.ts";
import { decodeUpload } from "#sync/documents/upload.ts";
import { hashOf, parseDocument } from "#sync/signing/cose.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import type { Tx } from "../../node-server/ports/store.ts";
import { replaced } from "./observed-store.ts";

export interface Weakness {
  readonly weaken?: (tx: Tx) => Tx;
  /** Rules of the database that go as well. */
  readonly indexes?: readonly string[];
  /** Shown the body of each request. */
  readonly noteUpload?: (body: Uint8Array) => void;
  /** Whatever number is presented counts as the voucher's. */
  readonly anyNumberFits?: boolean;
  readonly providerForgetsKeys?: boolean;
  readonly graceMs?: number;
  readonly weakenNode?: (stores: NodeStores) => NodeStores;
  readonly nodeIndexes?: readonly string[];
  readonly headFileUnread?: boolean;
  /** The node's disk has not written its last commits when the power goes. */
  readonly nodeCommitsLate?: boolean;
}

export const none: Weakness = {};

export const weaknesses: Readonly<{ [safeguard: string]: Weakness }> = {
  "lease-check": {
    weaken(tx) {
      let asking: string | undefined;
      // Whoever does not hold the lease does not see it.
      const isHidden = async (serial: bigint) => {
        const lease = await tx.leases.open(serial);
        return lease !== undefined && lease.nodeId !== asking;
      };
      return replaced(tx, {
        leases: replaced(tx.leases, {
          open: async (serial) => ((await isHidden(serial)) ? undefined : tx.leases.open(serial)),
          openOf: async (serials) =>
            (await tx.leases.openOf(serials)).filter((lease) => lease.nodeId === asking),
        }),
        vouchers: replaced(tx.vouchers, {
          async lock(serials) {
            const rows = await tx.vouchers.lock(serials);
            for (const [serial, row] of rows)
              if (row.state === "leased" && (await isHidden(serial)))
                rows.set(serial, { ...row, state: "activated" });
            return rows;
          },
        }),
        nodes: replaced(tx.nodes, {
          lock(id) {
            asking = id;
            return tx.nodes.lock(id);
          },
        }),
      });
    },
  },
  "operation-idempotency": {
    indexes: ["one_operation_an_id"],
    weaken: (tx) =>
      replaced(tx, {
        operations: replaced(tx.operations, {
          byHash: async () => undefined,
          byOperationId: async () => undefined,
          knowsAny: async () => false,
        }),
      }),
  },
  "chain-check": {
    indexes: ["one_operation_a_sequence"],
    noteUpload: notePlaces,
    weaken(tx) {
      let settling: Uint8Array | undefined;
      return replaced(tx, {
        operations: replaced(tx.operations, {
          byHash(nodeId, hash) {
            settling = hash;
            return tx.operations.byHash(nodeId, hash);
          },
          bySequence: async () => undefined,
        }),
        nodes: replaced(tx.nodes, {
          async lock(id) {
            const node = await tx.nodes.lock(id);
            // Wherever an operation says that it follows, there the chain is said to end.
            return (
              node && {
                ...node,
                get lastSequence() {
                  return placeOf(settling)?.sequence ?? node.lastSequence;
                },
                get lastHash() {
                  return placeOf(settling)?.hash ?? node.lastHash;
                },
              }
            );
          },
        }),
      });
    },
  },
  "held-claims": {
    weaken: (tx) =>
      replaced(tx, {
        operations: replaced(tx.operations, { heldFor: async () => [], heldForAny: async () => [] }),
      }),
  },
  "lease-grace": { graceMs: -12 * 3_600_000 },
  "provider-idempotency-key": { providerForgetsKeys: true },
  "one-claim-per-voucher": {
    indexes: ["one_live_claim"],
    weaken(tx) {
      // A payout still sees the voucher as it is; whoever wants to claim it sees it free.
      let isClaiming = false;
      return replaced(tx, {
        nodes: replaced(tx.nodes, {
          lock(id) {
            isClaiming = true;
            return tx.nodes.lock(id);
          },
        }),
        requests: replaced(tx.requests, {
          begin(key, bodyHash) {
            isClaiming = true;
            return tx.requests.begin(key, bodyHash);
          },
        }),
        vouchers: replaced(tx.vouchers, {
          async lock(serials) {
            const rows = await tx.vouchers.lock(serials);
            for (const [serial, row] of rows)
              if (isClaiming && (row.state === "redeeming" || row.state === "consumed"))
                rows.set(serial, { ...row, state: "activated" });
            return rows;
          },
        }),
        claims: replaced(tx.claims, { live: async () => undefined, liveOf: async () => [] }),
      });
    },
  },
  "number-proof": { anyNumberFits: true },
  limits: {
    weaken: (tx) =>
      replaced(tx, {
        limits: replaced(tx.limits, { used: async () => ({ count: 0, sumMinor: 0n }) }),
      }),
  },
  "recovery-mode": {
    weaken: (tx) => replaced(tx, { recovery: replaced(tx.recovery, { open: async () => undefined }) }),
  },
  "one-payment-per-bill": {
    indexes: ["one_live_bill_payment"],
    weaken: (tx) =>
      replaced(tx, { billPayments: replaced(tx.billPayments, { live: async () => undefined }) }),
  },
  "node-float": {
    weakenNode: (stores) => ({
      ...stores,
      bills: replaced(stores.bills, {
        float: (currency) => ({ currency, floatMinor: 1_000_000n, debtMinor: 0n, counted: 0 }),
      }),
    }),
  },
  "node-deny-list": {
    weakenNode: (stores) => ({ ...stores, denied: replaced(stores.denied, { isDenied: () => false }) }),
  },
  "node-one-live-redemption": {
    nodeIndexes: ["one_live_redemption"],
    weakenNode: (stores) => ({
      ...stores,
      redemptions: replaced(stores.redemptions, { ofVoucher: () => [] }),
    }),
  },
  "node-head-file": { headFileUnread: true },
  "node-synchronous-full": { nodeCommitsLate: true },
};

/** What each operation that was ever sent says it follows, by its own hash in hexadecimal. */
const places = new Map<string, ChainHead>();

/** Notes what an upload's operations say they follow. */
function notePlaces(body: Uint8Array): void {
  const isPacked = body[0] === 0x1f && body[1] === 0x8b;
  const upload = decodeUpload(isPacked ? Uint8Array.from(gunzipSync(body)) : body);
  for (const { signed } of upload.ok ? upload.value.operations : []) {
    const parsed = parseDocument(signed);
    const operation = parsed.ok ? decodeOperation(parsed.payload) : undefined;
    if (!parsed.ok || !operation?.ok) continue;
    const { sequence, previousHash } = operation.value;
    places.set(hex(hashOf("operation", parsed)), { sequence: sequence - 1, hash: previousHash });
  }
}

function placeOf(hash: Uint8Array | undefined): ChainHead | undefined {
  return hash && places.get(hex(hash));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
