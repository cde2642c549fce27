/** `npm run desktop:web -- --data FOLDER [--port N]`: a till in a browser on this machine. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { serve } from "@hono/node-server";
import { connectTill, TillNotOpenedError } from "../connect.ts";
import type { ConnectedTill } from "../connect.ts";
import { version } from "../version.ts";
import { createWebShell } from "./app.ts";

const { values } = parseArgs({
  options: { data: { type: "string" }, port: { type: "string", default: "0" } },
});
const root = resolve(import.meta.dirname, "..", "..");
const page = join(root, "desktop", "dist", "page");
if (!existsSync(join(page, "index.html"))) {
  exit("The page is not built. Run it with `npm run desktop:web`, which builds it first.");
}
const directory = resolve(values.data ?? join(homedir(), ".paypost"));

const till = await open();
const shell = createWebShell({ till, page, origin: () => origin });
const server = serve({ fetch: shell.app.fetch, hostname: "127.0.0.1", port: Number(values.port) }, announce);
server.on("error", (error) => exit(`The port cannot be used: ${error.message}. Give another with --port.`));
let origin = "";

void till.failed.then((why) => exit(`The till has ended: ${why}`));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void shutDown());

async function open(): Promise<ConnectedTill> {
  try {
    return await connectTill({ directory, version });
  } catch (error) {
    if (error instanceof TillNotOpenedError)
      exit(`This till cannot be opened (${error.code}): ${error.message}`);
    throw error;
  }
}

function announce({ port }: AddressInfo): void {
  origin = `http://127.0.0.1:${port}`;
  console.log(`Paypost, in a browser on this machine. The till's folder is ${directory}.

  Open this address; it works once, within a quarter of an hour:
  ${shell.invite()}

Ctrl-C ends it. What was accepted is kept.`);
}

async function shutDown(): Promise<void> {
  server.close();
  await till.close();
  process.exit(0);
}

function exit(message: string): never {
  console.error(message);
  process.exit(1);
}
