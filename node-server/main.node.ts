/** The central server on Node: its settings, its PostgreSQL or yours, one HTTP server, and an orderly end. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { pino } from "pino";
import { getAbsoluteFSPath } from "swagger-ui-dist";
import { loadCallerRules } from "./caller-rules.ts";
import { composeServer } from "./compose.ts";
import { configOrExit } from "./config-or-exit.ts";
import { exitWithoutDatabase, openServerDatabase } from "./database.ts";

const { config, warnings } = configOrExit(process.env);
const log = pino({ level: config.logLevel });
for (const warning of warnings) log.warn(warning);

const database = await openServerDatabase(config, log).catch(exitWithoutDatabase);
const composed = await composeServer({
  databaseUrl: database.url,
  keysFolder: config.keysFolder,
  leaseGraceHours: config.leaseGraceHours,
  allowPrivateCallbacks: config.allowPrivateCallbacks,
  callers: await loadCallerRules(config.callers),
  log,
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
  readDocsAsset: (name) => readFile(join(getAbsoluteFSPath(), name)),
});
const server = serve(
  { fetch: composed.fetch, hostname: config.host, port: config.port },
  (address: AddressInfo) => console.log(`Paypost listens on http://${config.host}:${address.port}`),
);

// Ctrl-C reaches the whole group, and whoever started us may pass it on as well: once is enough.
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
// The reader of our output may be gone; that must not keep the database from being stopped.
process.stdout.on("error", () => {});

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  console.log("Stopping");
  server.close();
  await composed.close();
  await database.stop();
  process.exit(0);
}
