/** The central server on Node: its settings, its PostgreSQL or yours, one HTTP server, and an orderly end. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { pino } from "pino";
import { getAbsoluteFSPath } from "swagger-ui-dist";
import { createHttpRegistry } from "./beneficiaries/registry.ts";
import { createHttpSender } from "./notifications/senders.ts";
import { operatorAt } from "./notifications/tell.ts";
import { createSend } from "./callbacks/send.node.ts";
import { loadCallerRules } from "./caller-rules.ts";
import { composeServer } from "./compose.ts";
import { loadCredentials } from "./load-credentials.ts";
import { configOrExit } from "./config-or-exit.ts";
import { exitWithoutDatabase, openServerDatabase } from "./database.ts";
import { stopOnSignal } from "./stop-on-signal.ts";

const { config, warnings } = configOrExit(process.env);
const log = pino({ level: config.logLevel });
for (const warning of warnings) log.warn(warning);

const database = await openServerDatabase(config, log).catch(exitWithoutDatabase);
const composed = await composeServer({
  databaseUrl: database.url,
  keysFolder: config.keysFolder,
  electric: config.electric,
  leaseGraceHours: config.leaseGraceHours,
  allowPrivateCallbacks: config.allowPrivateCallbacks,
  callers: await loadCallerRules(config.callers),
  log,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
  publicUrl: config.publicUrl,
  credentials: await loadCredentials(config.credentialsFile),
  sendMessage: config.notify && createHttpSender(config.notify),
  operator: config.alertTo === undefined ? undefined : operatorAt(config.alertTo),
  registry: config.registry && createHttpRegistry(config.registry),
  send: createSend(config.allowPrivateCallbacks),
  readDocsAsset: (name) => readFile(join(getAbsoluteFSPath(), name)),
}).catch(async (error: unknown) => {
  await database.stop();
  return exitWithoutDatabase(error);
});
const server = serve(
  { fetch: composed.fetch, hostname: config.host, port: config.port },
  (address: AddressInfo) => console.log(`Paypost listens on http://${config.host}:${address.port}`),
);

stopOnSignal(async () => {
  server.close();
  await composed.close();
  await database.stop();
});
