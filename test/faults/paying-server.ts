/** A server process that pays merchants through the simulated provider at `SIMULATED_PROVIDER`; to be killed. */
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { createSend } from "../../node-server/callbacks/send.node.ts";
import { loadCallerRules } from "../../node-server/caller-rules.ts";
import { composeServer } from "../../node-server/compose.ts";
import { configOrExit } from "../../node-server/config-or-exit.ts";
import { createNodeServer } from "../../node-server/listen.node.ts";
import { createProviderGateway } from "../support/provider-server.ts";

const { config } = configOrExit(process.env);
const composed = await composeServer({
  databaseUrl: config.databaseUrl ?? "",
  keysFolder: config.keysFolder,
  leaseGraceHours: config.leaseGraceHours,
  allowPrivateCallbacks: config.allowPrivateCallbacks,
  callers: await loadCallerRules(config),
  log: pino({ level: config.logLevel }),
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
  gateway: createProviderGateway(process.env["SIMULATED_PROVIDER"] ?? ""),
  send: createSend(config.allowPrivateCallbacks),
  readDocsAsset: async () => undefined,
  readConsolePage: async () => undefined,
});
const server = createNodeServer(composed.fetch);
server.listen(config.port, config.host, () =>
  console.log(`Paypost listens on http://${config.host}:${(server.address() as AddressInfo).port}`),
);
