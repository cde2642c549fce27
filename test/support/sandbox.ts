/** A sandbox inside the test: its own database, loaded from a seed, real HTTP on free ports of both loopback addresses. */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { createSend } from "../../node-server/callbacks/send.node.ts";
import { listenOnLoopback } from "../../node-server/sandbox/listen.ts";
import { openSandbox } from "../../node-server/sandbox/open.ts";
import type { OpenSandbox } from "../../node-server/sandbox/open.ts";
import { readSeed } from "../../node-server/sandbox/seed.ts";
import type { Seed } from "../../node-server/sandbox/seed.ts";
import { createDatabase } from "./database.ts";
import type { Answer } from "./institution.ts";

export const seedFile = fileURLToPath(new URL("../fixtures/sandbox-seed.json", import.meta.url));

export interface TestSandbox {
  readonly databaseUrl: string;
  readonly opened: OpenSandbox;
  readonly urls: readonly string[];
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer & { readonly contentType: string | null }>;
  close(): Promise<void>;
}

export async function testSeed(): Promise<Seed> {
  const read = readSeed(await readFile(seedFile, "utf8"));
  if (!read.ok) throw new Error(read.mistakes.join("; "));
  return read.seed;
}

export async function startTestSandbox(): Promise<TestSandbox> {
  const database = await createDatabase();
  const keysFolder = await mkdtemp(join(tmpdir(), "paypost-keys-"));
  const opened = await openSandbox(
    {
      databaseUrl: database.url,
      keysFolder,
      leaseGraceHours: 24,
      allowPrivateCallbacks: true,
      log: pino({ level: "silent" }),
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      send: createSend(true),
      readDocsAsset: async () => undefined,
      readConsolePage: async () => undefined,
    },
    { seed: await testSeed(), seedName: seedFile, reset: false },
  );
  const listening = await listenOnLoopback(opened.server.fetch, 0);
  return {
    databaseUrl: database.url,
    opened,
    urls: listening.urls,
    call: (...args) => callAt(listening.urls[0] ?? "", ...args),
    async close() {
      await listening.close();
      await opened.server.close();
      await database.drop();
      await rm(keysFolder, { recursive: true, force: true });
    },
  };
}

/** `body`: text is sent as it is. */
export async function callAt(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer & { readonly contentType: string | null }> {
  const response = await fetch(url + path, {
    method,
    headers: { "content-type": "application/json", connection: "close", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    contentType: response.headers.get("content-type"),
  };
}
