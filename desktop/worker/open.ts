/**
 * Opens a data directory: takes its lock, its database, and compares the two records of the last operation before
 * anything can be signed.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ChainHead } from "#sync/chain.ts";
import type { QueueStorage } from "#sync/ports/queue-storage.ts";
import type { TrustStorage } from "#sync/ports/trust-storage.ts";
import { checkHead } from "#sync/queue/head.ts";
import type { HeadStop } from "#sync/queue/head.ts";
import { FileNotWrittenError, openDatabase } from "./database.ts";
import type { NodeDatabase } from "./database.ts";
import { readHeadFile, writeHeadFile } from "./head-file.ts";
import type { HeadFileStep } from "./head-file.ts";
import { lockDirectory } from "./lock.ts";
import { createAcknowledgementStorage } from "./store/acknowledgements.ts";
import type { AcknowledgementStorage } from "./store/acknowledgements.ts";
import { createBillHistoryStorage } from "./store/bill-history.ts";
import type { BillHistoryStorage } from "./store/bill-history.ts";
import { createBillStorage } from "./store/bills.ts";
import type { BillStorage } from "./store/bills.ts";
import { createDeniedStorage } from "./store/denied.ts";
import type { DeniedStorage } from "./store/denied.ts";
import { createHistoryStorage } from "./store/history.ts";
import type { HistoryStorage } from "./store/history.ts";
import { createLeaseStorage } from "./store/leases.ts";
import type { LeaseStorage } from "./store/leases.ts";
import { createNodeStorage } from "./store/node.ts";
import type { NodeStorage } from "./store/node.ts";
import { createPeopleStorage } from "./store/people.ts";
import type { PeopleStorage } from "./store/people.ts";
import { createPayeeStorage } from "./store/payees.ts";
import type { PayeeStorage } from "./store/payees.ts";
import { createQueueStorage } from "./store/queue.ts";
import { createRedemptionStorage } from "./store/redemptions.ts";
import type { RedemptionStorage } from "./store/redemptions.ts";
import { createRequestStorage } from "./store/requests.ts";
import type { RequestStorage } from "./store/requests.ts";
import { createRefundStorage } from "./store/refunds.ts";
import type { RefundStorage } from "./store/refunds.ts";
import { createSettingStorage } from "./store/settings.ts";
import type { SettingStorage } from "./store/settings.ts";
import { createShiftStorage } from "./store/shifts.ts";
import type { ShiftStorage } from "./store/shifts.ts";
import { createSigningKeyStorage } from "./store/signing-keys.ts";
import type { SigningKeyStorage } from "./store/signing-keys.ts";
import { createStatementStorage } from "./store/statements.ts";
import type { StatementStorage } from "./store/statements.ts";
import { createTrustStorage } from "./store/trust.ts";
import { createVault } from "./vault.ts";
import type { Vault } from "./vault.ts";

export interface NodeStores {
  readonly database: NodeDatabase;
  readonly node: NodeStorage;
  readonly queue: QueueStorage;
  readonly redemptions: RedemptionStorage;
  readonly leases: LeaseStorage;
  readonly denied: DeniedStorage;
  readonly bills: BillStorage;
  readonly refunds: RefundStorage;
  readonly billHistory: BillHistoryStorage;
  readonly trust: TrustStorage;
  readonly acknowledgements: AcknowledgementStorage;
  readonly settings: SettingStorage;
  readonly people: PeopleStorage;
  readonly shifts: ShiftStorage;
  readonly statements: StatementStorage;
  readonly requests: RequestStorage;
  /** Opens what is sealed, once it has the node's key. */
  readonly vault: Vault;
  readonly history: HistoryStorage;
  readonly payees: PayeeStorage;
  readonly signingKeys: SigningKeyStorage;
  /** As of when a shape was known to be complete; undefined where it never was. */
  shapeAge(shape: string): number | undefined;
  headFile(): string;
  writeHead(nodeId: string, head: ChainHead, onStep?: (step: HeadFileStep) => void): void;
  /** Why nothing may be signed, or undefined: what the head file says, or the server said. */
  stopped(): string | undefined;
  close(): void;
}

export interface OpenOptions {
  readonly directory: string;
  readonly wallMs: () => number;
}

export type OpenedStores =
  | { readonly ok: true; readonly stores: NodeStores }
  | { readonly ok: false; readonly refusal: { readonly code: "in-use" } };

export function openStores({ directory, wallMs }: OpenOptions): OpenedStores {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(directory);
  if (!lock) return { ok: false, refusal: { code: "in-use" } };
  try {
    const database = openDatabase(join(directory, "node.db"));
    const stores = storesOn(database, join(directory, "head", "head"), wallMs);
    let stop: string | undefined = compareHeads(stores);
    const writeHead: NodeStores["writeHead"] = (...head) => {
      try {
        stores.writeHead(...head);
      } catch (error) {
        // Nothing more is signed, and nothing sent, until the file is up to date again.
        stop = "head-not-written";
        throw error;
      }
    };
    const agreeOnHead = () => {
      if (stop !== "head-not-written") return;
      try {
        stop = compareHeads(stores);
      } catch (cause) {
        throw new FileNotWrittenError("the head file could not be written", { cause });
      }
    };
    const queue = { ...stores.queue, agreeOnHead };
    const close = () => {
      stores.vault.lock();
      database.close();
      lock.release();
    };
    return {
      ok: true,
      stores: { ...stores, queue, writeHead, stopped: () => stop ?? stores.stopped(), close },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

type OpenedParts = Omit<NodeStores, "close" | "queue"> & {
  readonly queue: Omit<QueueStorage, "agreeOnHead">;
};

function storesOn(database: NodeDatabase, usual: string, wallMs: () => number): OpenedParts {
  const node = createNodeStorage(database);
  const vault = createVault();
  const ages = database.prepare<[string], { as_of_ms: bigint }>(
    "select as_of_ms from shape_ages where shape = ?",
  );
  const headFile = (): string => node.identity()?.headFile ?? usual;
  return {
    database,
    node,
    queue: createQueueStorage(database, wallMs),
    redemptions: createRedemptionStorage(database),
    leases: createLeaseStorage(database, vault),
    denied: createDeniedStorage(database),
    bills: createBillStorage(database, vault),
    refunds: createRefundStorage(database, vault),
    billHistory: createBillHistoryStorage(database),
    trust: createTrustStorage(database),
    acknowledgements: createAcknowledgementStorage(database),
    settings: createSettingStorage(database),
    people: createPeopleStorage(database),
    shifts: createShiftStorage(database),
    statements: createStatementStorage(database, vault),
    requests: createRequestStorage(database),
    vault,
    history: createHistoryStorage(database),
    payees: createPayeeStorage(database),
    signingKeys: createSigningKeyStorage(database, vault, () => node.identity()?.certificate?.nodeId ?? ""),
    shapeAge(shape) {
      const row = ages.get(shape);
      return row && Number(row.as_of_ms);
    },
    headFile,
    writeHead(nodeId, head, onStep) {
      writeHeadFile(headFile(), nodeId, head, onStep);
      node.noteHeadKept();
    },
    stopped: () => node.stopped(),
  };
}

/** Repairs a file that is one behind; otherwise gives the reason to stop. Throws where it cannot write the file. */
function compareHeads(stores: OpenedParts): HeadStop | undefined {
  const certificate = stores.node.identity()?.certificate;
  if (!certificate) return undefined;
  const { nodeId } = certificate;
  const { queue, headFile } = stores;
  const database = { ...queue.head(), wasKept: stores.node.headIsKept() };
  const check = checkHead(nodeId, database, readHeadFile(headFile()), (sequence) => queue.hashAt(sequence));
  if (check.verdict === "stop") return check.code;
  if (check.verdict === "repair") stores.writeHead(nodeId, queue.head());
  else stores.node.noteHeadKept();
  return undefined;
}
