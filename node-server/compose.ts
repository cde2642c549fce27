/** Puts a server together out of a database, its keys and its settings; the runtime is chosen by who calls this. */
import type { Logger } from "pino";
import nacl from "tweetnacl";
import { createApp } from "./app.ts";
import type { Send } from "./callbacks/deliver.ts";
import { createAddressTokens } from "./mapper/address-tokens.ts";
import { callbackJwk, createRequestSigner } from "./callbacks/signature.ts";
import { createCallbackCheck } from "./callback-policy.ts";
import { ownSenderId } from "./g2p-connect/answers.ts";
import { createMessageSigner } from "./g2p-connect/signature.ts";
import { createJobs } from "./jobs/boss.ts";
import { jobHandlers, periodicTasks } from "./jobs/handlers.ts";
import { numberKeysOf } from "./keys.ts";
import type { TokenRules } from "./middleware/caller.ts";
import type { OperationContext } from "./operations/context.ts";
import type { Contact, SendMessage } from "./notifications/port.ts";
import { createLogSender } from "./notifications/senders.ts";
import type { PaymentGateway } from "./payments/gateway.ts";
import { ledgerGateway } from "./payments/ledger-gateway.ts";
import { isDatabaseAway, isPassingFailure } from "./postgres/away.ts";
import { migrateDatabase } from "./postgres/migrate.ts";
import { createDatabaseClient } from "./postgres/pool.ts";
import { readStock } from "./postgres/report-rows.ts";
import { requireUse } from "./postgres/sandbox.ts";
import { trimShapeLog } from "./postgres/shape-trim.ts";
import { createPostgresStore } from "./postgres/store.ts";
import { neverRecovering, watchRecovery } from "./recovery/watch.ts";
import { registerKeys } from "./registered-keys.ts";
import type { ReadAsset } from "./routes/docs.ts";
import type { LoadDependencies } from "./sandbox/load.ts";
import { createNativeScrypt } from "./vouchers/native-scrypt.ts";
import { createElectricShapeSource } from "./shapes/electric.ts";
import { createEmbeddedShapeSource } from "./shapes/embedded.ts";

export interface ComposeOptions {
  readonly databaseUrl: string;
  readonly keysFolder: string;
  /** The Electric service that nodes read from; without one they read from the database by way of this server. */
  readonly electric?: { readonly url: string; readonly secret: string } | undefined;
  /** How long after its not-after a lease stays open for its holder's operations. */
  readonly leaseGraceHours: number;
  readonly allowPrivateCallbacks: boolean;
  /** `trusted` for a sandbox: no token, a caller is who it says. */
  readonly callers: TokenRules | "trusted";
  readonly log: Logger;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Sends callbacks, to addresses that may be called only. */
  readonly send: Send;
  /** Tells merchants, beneficiaries and operators; into the log if unset. */
  readonly sendMessage?: SendMessage | undefined;
  /** Who is told of alerts; nobody if unset. */
  readonly operator?: Contact | undefined;
  /** Through whom merchants are paid; in our own ledger if unset. */
  readonly gateway?: PaymentGateway;
  readonly readDocsAsset: ReadAsset;
}

export interface ComposedServer {
  /** What the periodic closing of leases works with. */
  readonly context: OperationContext;
  /** What vouchers are made, changed and paid with, for whoever does it beside the requests. */
  readonly parts: Omit<LoadDependencies, "callerPublicKey">;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Ends held polls, lets running jobs finish, and closes the connections. */
  close(): Promise<void>;
}

export async function composeServer(options: ComposeOptions): Promise<ComposedServer> {
  const { databaseUrl, log, randomBytes } = options;
  await requireUse(databaseUrl, options.callers === "trusted");
  await migrateDatabase(databaseUrl);
  const client = createDatabaseClient(databaseUrl, log);
  const { keys, keySet } = await registerKeys(options.keysFolder, client.pool);
  const recovery =
    options.callers === "trusted"
      ? neverRecovering
      : await watchRecovery(options.keysFolder, client.pool, log).catch(async (error: unknown) => {
          await client.close();
          throw error;
        });
  const jobs = await createJobs({ connectionString: databaseUrl, log });
  const addressTokens = createAddressTokens(keys.addressKey, randomBytes);
  const store = createPostgresStore({ db: client.db, jobs, addressTokens });
  const shapes = options.electric
    ? createElectricShapeSource({ ...options.electric, log })
    : createEmbeddedShapeSource({ pool: client.pool, log });
  const gateway = options.gateway ?? ledgerGateway;
  const context = {
    boxKeys: keys.boxKeys,
    indexKey: keys.indexKey,
    verdictSigner: keys.signers["verdict-list"],
    leaseSigner: keys.signers.lease,
    isPassing: isPassingFailure,
    onFailure: (error: unknown, what: string) => log.error({ err: error }, what),
  };
  const numbers = { keys: numberKeysOf(keys), scrypt: createNativeScrypt(), randomBytes };
  const signCallback = createRequestSigner(keys.callbackKey, Date.now);
  const signMessage = createMessageSigner(keys.callbackKey, ownSenderId, Date.now);
  const graceMs = options.leaseGraceHours * 3_600_000;
  await jobs.start(
    jobHandlers({
      store,
      gateway,
      keys,
      numbers,
      send: options.send,
      signCallback,
      signMessage,
      sendMessage: options.sendMessage ?? createLogSender(log),
      graceMs,
    }),
    periodicTasks({
      store,
      context,
      graceMs,
      operator: options.operator,
      trimShapeLog: (limits) => trimShapeLog(client.pool, limits),
    }),
  );
  shapes.start();
  const signers = { tokenSigner: keys.signers["voucher-token"], leaseSigner: keys.signers.lease };
  const app = createApp({
    store,
    gateway,
    context,
    shapes,
    keySet,
    randomBytes,
    log,
    graceMs,
    indexKey: keys.indexKey,
    boxKeyWith: (publicKey) => nacl.box.before(publicKey, keys.boxKeys.secretKey),
    answerKey: keys.answerKey,
    signMessage,
    numbers,
    ...signers,
    isAway: isDatabaseAway,
    certificateSigner: keys.signers["enrolment-certificate"],
    acknowledgementSigner: keys.signers.acknowledgement,
    callers: options.callers,
    readStock: (institutionId) => readStock(client.pool, institutionId),
    jwks: { keys: [callbackJwk(keys.callbackKey)] },
    checkCallbackUrl: createCallbackCheck(store, options.allowPrivateCallbacks),
    ready: async () => void (await client.pool.query("select 1")),
    readDocsAsset: options.readDocsAsset,
    recovery,
  });
  return {
    context,
    parts: { store, pool: client.pool, gateway, numbers, graceMs, ...signers },
    fetch: (request) => app.fetch(request),
    async close() {
      await shapes.close();
      await jobs.stop();
      await recovery.close();
      await client.close();
    },
  };
}
