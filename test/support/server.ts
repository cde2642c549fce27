/** A whole server inside the test: its own database and keys, real HTTP on a free port. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nacl from "tweetnacl";
import { pino } from "pino";
import { createSend } from "../../node-server/callbacks/send.node.ts";
import { composeServer } from "../../node-server/compose.ts";
import type { ComposedServer, ComposeOptions } from "../../node-server/compose.ts";
import { createNodeServer } from "../../node-server/listen.node.ts";
import { keysOfDocument } from "../../node-server/middleware/caller-keys.ts";
import type { AnswerRequest } from "../../node-server/middleware/peer.ts";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import type { OperationContext } from "../../node-server/operations/context.ts";
import { createDatabase } from "./database.ts";
import type { TestDatabase } from "./database.ts";
import { startCallbackReceiver } from "./callback-receiver.ts";
import type { CallbackReceiver } from "./callback-receiver.ts";
import { createIssuer } from "./issuer.ts";
import type { Issuer } from "./issuer.ts";
import { Institution } from "./institution.ts";

export interface TestServer {
  readonly url: string;
  readonly databaseUrl: string;
  readonly issuer: Issuer;
  readonly receiver: CallbackReceiver;
  /** For looking into the database, and for the operators' side. */
  readonly client: DatabaseClient;
  readonly institution: Institution;
  readonly context: OperationContext;
  readonly keys: ComposedServer["keys"];
  readonly routes: ComposedServer["routes"];
  /** For commands that run as processes of their own. */
  readonly keysFolder: string;
  /** Does once, now, what it does by itself every so often. */
  runTask(name: string): Promise<void>;
  close(): Promise<void>;
}

const quiet = pino({ level: "silent" });
const random = (length: number) => new Uint8Array(randomBytes(length));

/** Starts it with one institution, `welfare`, whose box key pair the returned Institution holds. */
export async function startTestServer(
  options: Partial<
    Pick<
      ComposeOptions,
      | "sendMessage"
      | "operator"
      | "electric"
      | "gateway"
      | "registry"
      | "provider"
      | "publicUrl"
      | "resolvePayees"
      | "carrierOf"
      | "metricsToken"
      | "rates"
      | "mostWaiting"
      | "peers"
      | "allowPrivateCallbacks"
      | "send"
    >
  > = {},
): Promise<TestServer> {
  const database = await createDatabase();
  const keysFolder = await mkdtemp(join(tmpdir(), "paypost-keys-"));
  const issuer = await createIssuer();
  const receiver = await startCallbackReceiver();
  let composed: ComposedServer | undefined;
  // It listens first, so that it can say where it is reached.
  const { server, url } = await listen(
    (request, peer) => composed?.fetch(request, peer) ?? new Response(null, { status: 503 }),
  );
  composed = await composeServer({
    publicUrl: url,
    databaseUrl: database.url,
    keysFolder,
    leaseGraceHours: 24,
    allowPrivateCallbacks: true,
    callers: { keys: keysOfDocument(issuer.keySet), audience: "paypost", issuer: undefined },
    log: quiet,
    randomBytes: random,
    send: createSend(true),
    ...options,
    readDocsAsset: async () => undefined,
    readConsolePage: async () => undefined,
  });
  const client = createDatabaseClient(database.url, quiet, { max: 5 });
  const institution = new Institution("welfare", url, issuer, receiver, nacl.box.keyPair());
  await institution.register(client.pool);
  return {
    url,
    databaseUrl: database.url,
    issuer,
    receiver,
    client,
    institution,
    context: composed.context,
    keys: composed.keys,
    routes: composed.routes,
    keysFolder,
    async runTask(name) {
      const task = composed.tasks.find((other) => other.name === name);
      if (!task) throw new Error(`the server has no task ${name}`);
      await task.run();
    },
    close: () => closeAll({ server, composed, client, receiver, database, keysFolder }),
  };
}

async function listen(fetch: AnswerRequest): Promise<{ server: Server; url: string }> {
  const server = createNodeServer(fetch);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function closeAll(parts: {
  readonly server: Server;
  readonly composed: ComposedServer;
  readonly client: DatabaseClient;
  readonly receiver: CallbackReceiver;
  readonly database: TestDatabase;
  readonly keysFolder: string;
}): Promise<void> {
  parts.server.closeAllConnections();
  await new Promise((resolve) => parts.server.close(resolve));
  await parts.composed.close();
  await parts.client.close();
  await parts.receiver.close();
  await parts.database.drop();
  await rm(parts.keysFolder, { recursive: true, force: true });
}
