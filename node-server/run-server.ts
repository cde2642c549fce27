/** The central server from its settings to its orderly end; the runtime says how it listens. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { getAbsoluteFSPath } from "swagger-ui-dist";
import { createHttpRegistry } from "./beneficiaries/registry.ts";
import { createSend } from "./callbacks/send.node.ts";
import { loadCallerRules } from "./caller-rules.ts";
import { composeServer } from "./compose.ts";
import type { ComposedServer } from "./compose.ts";
import { readConsolePage } from "./console/built-page.ts";
import { configOrExit } from "./config-or-exit.ts";
import { drain } from "./drain.ts";
import { exitWithoutDatabase, openServerDatabase } from "./database.ts";
import { hasDevelopmentIssuer } from "./development-issuer.ts";
import { loadCredentials } from "./load-credentials.ts";
import { trustedNetworks } from "./middleware/peer.ts";
import { createHttpSender } from "./notifications/senders.ts";
import { operatorAt } from "./notifications/tell.ts";
import { stopOnSignal } from "./stop-on-signal.ts";
import { createLog } from "./watch/log.ts";

export interface ListenOptions {
  readonly fetch: ComposedServer["fetch"];
  readonly hostname: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Called once, with the port that was taken. */
  readonly onListening: (port: number) => void;
}

/**
 * Serves HTTP. The function that it gives takes no further connections, ends those that are idle, and resolves when the last
 * request is answered.
 */
export type Listen = (options: ListenOptions) => () => Promise<void>;

/** With its own PostgreSQL or yours, until it is told to stop. */
export async function runServer(listen: Listen): Promise<void> {
  const { config, warnings } = configOrExit(process.env);
  const log = createLog(config.logLevel);
  const stopTracing = await startTracingTo(config.otlpUrl);
  for (const warning of warnings) log.warn(warning);
  if (hasDevelopmentIssuer(config))
    log.warn(
      `PAYPOST_JWKS is not set: callers' tokens are those of \`npm run token\`, made with a key in ${config.keysFolder}. ` +
        "For trials on this machine only",
    );

  const callers = await loadCallerRules(config).catch(exitWithoutDatabase);
  const database = await openServerDatabase(config, log).catch(exitWithoutDatabase);
  const composed = await composeServer({
    databaseUrl: database.url,
    keysFolder: config.keysFolder,
    keysSecret: config.keysSecret,
    electric: config.electric,
    leaseGraceHours: config.leaseGraceHours,
    allowPrivateCallbacks: config.allowPrivateCallbacks,
    callers,
    peers: {
      isProxy: trustedNetworks(config.trustedProxies) ?? (() => false),
      isXRoadServer: trustedNetworks(config.xRoadServers) ?? (() => false),
    },
    rates: config.rates,
    mostWaiting: config.mostWaiting,
    folders: config.databaseUrl === undefined ? [config.dataFolder] : [],
    metricsToken: config.metricsToken,
    log,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    publicUrl: config.publicUrl,
    credentials: await loadCredentials(config.credentialsFile),
    sendMessage: config.notify && createHttpSender(config.notify),
    operator: config.alertTo === undefined ? undefined : operatorAt(config.alertTo),
    registry: config.registry && createHttpRegistry(config.registry),
    send: createSend(config.allowPrivateCallbacks),
    provider: config.provider,
    readConsolePage,
    readDocsAsset: (name) => readFile(join(getAbsoluteFSPath(), name)),
  }).catch(async (error: unknown) => {
    await database.stop();
    return exitWithoutDatabase(error);
  });
  const stopListening = listen({
    fetch: composed.fetch,
    hostname: config.host,
    port: config.port,
    onListening: (port) => console.log(`Paypost listens on http://${config.host}:${port}`),
  });
  stopOnSignal(async () => {
    composed.announceStop();
    await delay(config.stopDelaySeconds * 1000);
    await drain(composed, stopListening);
    await database.stop();
    await stopTracing();
  });
}

/** The SDK is loaded by those only who use it. */
async function startTracingTo(url: string | undefined): Promise<() => Promise<void>> {
  if (url === undefined) return async () => {};
  const { startTracing } = await import("./watch/otlp.ts");
  return startTracing(url);
}
