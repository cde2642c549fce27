/** The sandbox: the server without tokens, on this machine only, on a database of its own that a seed file fills. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { getAbsoluteFSPath } from "swagger-ui-dist";
import { readConsolePage } from "./console/built-page.ts";
import { createSend } from "./callbacks/send.node.ts";
import { exitWithoutDatabase, openServerDatabase } from "./database.ts";
import { drain } from "./drain.ts";
import { listenOnLoopback } from "./sandbox/listen.ts";
import { callerKey, openSandbox } from "./sandbox/open.ts";
import { readSandboxOptions } from "./sandbox/options.ts";
import { readSeed } from "./sandbox/seed.ts";
import { describeSeed, whatToTry } from "./sandbox/summary.ts";
import { stopOnSignal } from "./stop-on-signal.ts";

const read = readSandboxOptions(process.argv.slice(2), process.env);
if (!read.ok) refuse("The sandbox did not start:", read.mistakes);
const { config, port, reset, seedFile } = read.options;
const seed = readSeed(
  await readFile(seedFile, "utf8").catch((error: NodeJS.ErrnoException) =>
    refuse("The sandbox did not start:", [`${seedFile} cannot be read: ${error.code}`]),
  ),
);
if (!seed.ok)
  refuse(`${seedFile} is no seed; correct it and start again. Nothing was loaded or changed:`, seed.mistakes);

const log = pino({ level: config.logLevel });
const database = await openServerDatabase(config, log).catch(exitWithoutDatabase);
const sandbox = await openSandbox(
  {
    databaseUrl: database.url,
    keysFolder: config.keysFolder,
    leaseGraceHours: config.leaseGraceHours,
    allowPrivateCallbacks: config.allowPrivateCallbacks,
    log,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    send: createSend(config.allowPrivateCallbacks),
    readConsolePage,
    readDocsAsset: (name) => readFile(join(getAbsoluteFSPath(), name)),
  },
  { seed: seed.seed, seedName: seedFile, reset },
).catch(async (error: unknown) => {
  await database.stop();
  return exitWithoutDatabase(error);
});
const listening = await listenOnLoopback(sandbox.server.fetch, port).catch(
  async (error: NodeJS.ErrnoException) => {
    await sandbox.server.close();
    await database.stop();
    if (error.code !== "EADDRINUSE") throw error;
    return refuse("The sandbox did not start:", [`Port ${port} is taken. Choose another: --port NUMBER`]);
  },
);
stopOnSignal(async () => {
  await drain(sandbox.server, () => listening.close());
  await database.stop();
});

const { goesOn } = sandbox;
console.log(
  goesOn
    ? `It goes on with ${goesOn.seed} as of ${goesOn.loadedAt.toISOString()}; --reset loads the file afresh.`
    : `Loaded ${seedFile}:\n${describeSeed(seed.seed)}`,
);
console.log(`\n${whatToTry(seed.seed, listening.urls[0] ?? "")}`);
console.log(
  `Numbers that the current API encrypts open with ${join(config.keysFolder, `${callerKey}.key`)} (paypost decrypt)`,
);
console.log(`\nThe sandbox listens on ${listening.urls.join(" and ")}, without tokens. Ctrl-C ends it.`);

function refuse(what: string, mistakes: readonly string[]): never {
  console.error([what, ...mistakes.map((mistake) => `  - ${mistake}`)].join("\n"));
  process.exit(2);
}
