/** Puts a server together out of a database, its keys and its settings; the runtime is chosen by who calls this. */
import type { Logger } from "pino";
import nacl from "tweetnacl";
import { openSealed } from "#sync/signing/sealed.ts";
import { createApp } from "./app.ts";
import { startSealing } from "./audit/seal.ts";
import { createResolveAlias } from "./bills/payer-address.ts";
import type { BeneficiaryRegistry } from "./beneficiaries/registry.ts";
import type { Send } from "./callbacks/deliver.ts";
import { resolvePayees } from "./mapper/resolve.ts";
import { createRequestSigner } from "./callbacks/signature.ts";
import { createCallbackCheck } from "./callback-policy.ts";
import { createAddresses } from "./addresses.ts";
import { watchCrowd } from "./crowd.ts";
import type { Credentials } from "./disbursement/carriers.ts";
import { createCarriers } from "./disbursement/carriers.ts";
import type { ResolvePayees } from "./disbursement/resolve-payees.ts";
import { createHttpValidation } from "./mapper/http-validation.ts";
import { createHttpBank } from "./disbursement/http-bank.ts";
import { ownSenderId } from "./g2p-connect/answers.ts";
import { createMessageSigner } from "./g2p-connect/signature.ts";
import { createJobs } from "./jobs/boss.ts";
import { disbursementHandlers, disbursementTasks } from "./jobs/disbursement-handlers.ts";
import { jobHandlers, periodicTasks, unlessRecovering } from "./jobs/handlers.ts";
import type { PeriodicTask } from "./jobs/periodic.ts";
import type { TokenRules } from "./middleware/caller.ts";
import type { AnswerRequest, PeerRules } from "./middleware/peer.ts";
import { createRateGuard } from "./middleware/rates.ts";
import type { Rates } from "./middleware/rates.ts";
import type { OperationContext } from "./operations/context.ts";
import type { Contact, SendMessage } from "./notifications/port.ts";
import { createLogSender } from "./notifications/senders.ts";
import type { Carrier } from "./payments/carrier.ts";
import type { ReceivingInstitution } from "./ports/execution.ts";
import type { PaymentGateway } from "./payments/gateway.ts";
import { ledgerGateway } from "./payments/ledger-gateway.ts";
import { isDatabaseAway, isPassingFailure } from "./postgres/away.ts";
import { callerRole, ensureCallerRole } from "./postgres/caller-role.ts";
import { migrateDatabase } from "./postgres/migrate.ts";
import { createDatabaseClient } from "./postgres/pool.ts";
import { keySetsAfter } from "./postgres/signing-key-rows.ts";
import { readStock } from "./postgres/report-rows.ts";
import { requireUse } from "./postgres/sandbox.ts";
import { settlementReports } from "./postgres/settlement-report.ts";
import { trimShapeLog } from "./postgres/shape-trim.ts";
import { createPostgresStore } from "./postgres/store.ts";
import { readSeen } from "./recovery/generation-file.ts";
import { neverRecovering, watchRecovery } from "./recovery/watch.ts";
import { registerKeys } from "./signing-keys/registered.ts";
import { watchKeys } from "./signing-keys/ring.ts";
import type { KeyRing } from "./signing-keys/ring.ts";
import { createProvider } from "./operators/provider.ts";
import type { ProviderSettings } from "./operators/provider.ts";
import { operatorRows } from "./postgres/operator-rows.ts";
import type { ReadAsset } from "./routes/docs.ts";
import type { LoadDependencies } from "./sandbox/load.ts";
import { watchHealth } from "./watch/health.ts";
import { createMetrics } from "./watch/metrics.ts";
import { createNativeScrypt } from "./vouchers/native-scrypt.ts";
import { purgeByPolicy } from "./retention/purge.ts";
import { createElectricShapeSource } from "./shapes/electric.ts";
import { createEmbeddedShapeSource } from "./shapes/embedded.ts";

export interface ComposeOptions {
  readonly databaseUrl: string;
  readonly keysFolder: string;
  /** What the key files are encrypted under; they lie in the clear if unset. */
  readonly keysSecret?: string | undefined;
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
  /** Where payees are paid; as the account mapper says if unset. */
  readonly resolvePayees?: ResolvePayees;
  /** What authenticates us at receiving institutions. */
  readonly credentials?: Credentials | undefined;
  /** How receiving institutions are paid; as their registration says if unset. */
  readonly carrierOf?: (institution: ReceivingInstitution) => Carrier;
  /** Where banks and payment providers reach this server; they cannot answer what they are asked if unset. */
  readonly publicUrl?: string | undefined;
  /** Through whom merchants are paid; in our own ledger if unset. */
  readonly gateway?: PaymentGateway;
  /** Who says whether somebody is whom a voucher is for; nobody if unset. */
  readonly registry?: BeneficiaryRegistry | undefined;
  readonly readDocsAsset: ReadAsset;
  /** Reads a file of the console's page as it was built. */
  readonly readConsolePage: ReadAsset;
  /** By whom operators sign in to the console beside their local accounts. */
  readonly provider?: ProviderSettings | undefined;
  /** Whose word about who asks is believed; nobody's if unset. */
  readonly peers?: PeerRules | undefined;
  /** How often somebody may ask; as often as anybody likes if unset. */
  readonly rates?: Rates | undefined;
  /** How many requests may wait for a connection to the database (`crowd.ts`); as many as come if unset. */
  readonly mostWaiting?: number | undefined;
  /** Folders of the database, where it is on this machine: there must be room on their disks. */
  readonly folders?: readonly string[] | undefined;
  /** What `/metrics` asks for; without one it answers this machine only. */
  readonly metricsToken?: string | undefined;
}

export interface ComposedServer {
  /** What the periodic closing of leases works with. */
  readonly context: OperationContext;
  /** What it signs with. */
  readonly keys: KeyRing;
  /** What vouchers are made, changed and paid with, for whoever does it beside the requests. */
  readonly parts: Omit<LoadDependencies, "callerPublicKey">;
  /** What it does again and again, for whoever does not wait for the next time. */
  readonly tasks: readonly PeriodicTask[];
  readonly fetch: AnswerRequest;
  /** Every call that it answers, for whoever checks that each is guarded. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** Tells proxies to send nobody here any more; it goes on answering. */
  announceStop(): void;
  /** Answers held polls, so that every request comes to an end. */
  endPolls(): Promise<void>;
  /** Ends held polls, lets running jobs finish, and closes the connections. */
  close(): Promise<void>;
}

export async function composeServer(options: ComposeOptions): Promise<ComposedServer> {
  const { databaseUrl, log, randomBytes } = options;
  await requireUse(databaseUrl, options.callers === "trusted");
  await migrateDatabase(databaseUrl);
  const client = createDatabaseClient(databaseUrl, log);
  const { keys, ring } = await registerKeys(options.keysFolder, client.pool, options.keysSecret);
  const recovery =
    options.callers === "trusted"
      ? neverRecovering
      : await watchRecovery(options.keysFolder, client.pool, log).catch(async (error: unknown) => {
          await client.close();
          throw error;
        });
  const jobs = await createJobs({ connectionString: databaseUrl, log });
  const addresses = createAddresses(keys.addressKey, randomBytes);
  const heldToInstitution = await ensureCallerRole(client.pool);
  if (!heldToInstitution)
    log.warn(
      `The database user may not create roles: callers' queries are not held to their institution by the database. ` +
        `Have its administrator run: create role ${callerRole}; grant ${callerRole} to the user`,
    );
  const store = createPostgresStore({ pool: client.pool, jobs, addresses, heldToInstitution });
  const shapes = options.electric
    ? createElectricShapeSource({ ...options.electric, log })
    : createEmbeddedShapeSource({ pool: client.pool, log });
  const gateway = options.gateway ?? ledgerGateway;
  const metrics = createMetrics(client.pool);
  const context = {
    boxKeys: keys.boxKeys,
    indexKey: keys.indexKey,
    verdictSigner: ring.signers["verdict-list"],
    trusted: ring.trusted,
    isPassing: isPassingFailure,
    onFailure: (error: unknown, what: string) => log.error({ err: error }, what),
    onVerdict: (type: string, verdict: string) => metrics.countVerdict(type, verdict),
  };
  const numberKeys = {
    indexKey: keys.indexKey,
    boxSecretKey: keys.boxKeys.secretKey,
    tokenKeyId: () => ring.signers["voucher-token"].keyId,
  };
  const numbers = { keys: numberKeys, scrypt: createNativeScrypt(), randomBytes };
  const signCallback = createRequestSigner(ring.callbackKey, Date.now);
  const signMessage = createMessageSigner(ring.callbackKey, ownSenderId, Date.now);
  const signers = { tokenSigner: ring.tokenSigner, leaseSigner: ring.signers.lease };
  const graceMs = options.leaseGraceHours * 3_600_000;
  const disbursement = {
    store,
    addresses,
    askBank: createHttpBank({ publicUrl: options.publicUrl, sign: signCallback }),
    resolvePayees: options.resolvePayees ?? resolvePayees,
    carrierOf:
      options.carrierOf ??
      createCarriers({ credentials: options.credentials ?? {}, publicUrl: options.publicUrl }),
  };
  const handlers = {
    ...disbursementHandlers(disbursement),
    ...jobHandlers({
      store,
      gateway,
      ...signers,
      addresses,
      numbers,
      send: options.send,
      onCallback: (outcome) => metrics.countCallback(outcome),
      signCallback,
      signMessage,
      sendMessage: options.sendMessage ?? createLogSender(log),
      askAboutAccounts: createHttpValidation({ publicUrl: options.publicUrl, sign: signCallback }),
      graceMs,
    }),
  };
  const usualTasks = periodicTasks({
    store,
    context,
    graceMs,
    operator: options.operator,
    trimShapeLog: (limits) => trimShapeLog(client.pool, limits),
  });
  const tasks = [
    ...usualTasks,
    {
      name: "purge-by-policy",
      everySeconds: 3600,
      run: () => unlessRecovering(store, () => purgeByPolicy(client.pool)),
    },
  ];
  await jobs.start(handlers, [...disbursementTasks(disbursement), ...tasks]);
  shapes.start();
  const sealing = startSealing(client.pool, log);
  const keyWatch = watchKeys(ring, log);
  const health = watchHealth({
    pool: client.pool,
    log,
    isRecovering: () => recovery.isOpen(),
    electricUrl: options.electric?.url,
    folders: [options.keysFolder, ...(options.folders ?? [])],
  });
  const app = createApp({
    store,
    gateway,
    context,
    shapes,
    keySet: ring.keySet,
    keySetsAfter: (version) => keySetsAfter(client.pool, version),
    randomBytes,
    log,
    graceMs,
    indexKey: keys.indexKey,
    openBox: (sealed) => openSealed(keys.boxKeys, sealed),
    resolveAlias: createResolveAlias(addresses),
    settlements: settlementReports(client.pool),
    boxKeyWith: (publicKey) => nacl.box.before(publicKey, keys.boxKeys.secretKey),
    addresses,
    answerKey: keys.answerKey,
    signMessage,
    numbers,
    ...signers,
    isAway: isDatabaseAway,
    certificateSigner: ring.signers["enrolment-certificate"],
    acknowledgementSigner: ring.signers.acknowledgement,
    callers: options.callers,
    readStock: (institutionId) => readStock(client.pool, institutionId),
    jwks: ring.jwks,
    checkCallbackUrl: createCallbackCheck(store, options.allowPrivateCallbacks),
    health,
    metrics,
    metricsToken: options.metricsToken,
    readDocsAsset: options.readDocsAsset,
    recovery,
    registry: options.registry,
    pool: client.pool,
    operators: operatorRows(client.pool),
    operatorKey: keys.operatorKey,
    provider: options.provider && createProvider(options.provider, keys.operatorKey, randomBytes),
    publicUrl: options.publicUrl,
    readConsolePage: options.readConsolePage,
    readSeen: () => readSeen(options.keysFolder),
    peers: options.peers ?? { isProxy: () => false, isXRoadServer: () => false },
    rates: createRateGuard(options.rates, Date.now),
    isCrowded:
      options.mostWaiting === undefined
        ? () => false
        : watchCrowd(client.pool, options.mostWaiting, () => performance.now()),
  });
  let pollsEnded: Promise<void> | undefined;
  const endPolls = () => (pollsEnded ??= shapes.close());
  return {
    context,
    keys: ring,
    tasks,
    parts: { store, pool: client.pool, gateway, numbers, graceMs, ...signers },
    routes: app.routes,
    announceStop: () => health.stop(),
    fetch: (request, peer = {}) => app.fetch(request, peer),
    endPolls,
    async close() {
      await endPolls();
      await jobs.stop();
      await health.close();
      await sealing.close();
      await keyWatch.close();
      await recovery.close();
      await client.close();
    },
  };
}
