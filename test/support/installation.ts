/** A whole installation of real processes for the demo, `npm start` and the fault tests: a server, tills, a ministry. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import nacl from "tweetnacl";
import { startCallbackReceiver } from "./callback-receiver.ts";
import type { CallbackReceiver } from "./callback-receiver.ts";
import { Institution } from "./institution.ts";
import { createIssuer } from "./issuer.ts";
import type { Issuer } from "./issuer.ts";
import { run, start } from "./processes.ts";
import type { Running } from "./processes.ts";

export interface Installation {
  readonly folder: string;
  readonly issuer: Issuer;
  readonly receiver: CallbackReceiver;
  readonly environment: Readonly<Record<string, string>>;
}

/** Prepares the folder and what surrounds a server: an identity provider's keys and a callback receiver. */
export async function prepareInstallation(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  await mkdir(folder, { recursive: true });
  // Started as root, the server runs PostgreSQL as another user, who must be able to reach its folder.
  await chmod(folder, 0o755);
  const issuer = await createIssuer();
  const keySet = join(folder, "issuer.jwks.json");
  await writeFile(keySet, JSON.stringify(issuer.keySet));
  return {
    folder,
    issuer,
    receiver: await startCallbackReceiver(),
    environment: {
      PORT: "0",
      PAYPOST_DATA: join(folder, "server"),
      PAYPOST_JWKS: keySet,
      PAYPOST_ALLOW_PRIVATE_CALLBACKS: "true",
      LOG_LEVEL: "warn",
      ...environment,
    },
  };
}

/** Starts the server, or another composition of it, and waits until it listens. */
export async function startServer(
  installation: Installation,
  script = "node-server/main.node.ts",
): Promise<{ readonly running: Running; readonly url: string }> {
  const running = start(script, [], installation.environment);
  const [, url] = await running.line(/listens on (http:\S+)/);
  if (url === undefined) throw new Error("the server did not say where it listens");
  return { running, url };
}

/** Runs the operators' command line; throws what it says when it fails. */
export async function operate(installation: Installation, ...args: readonly string[]): Promise<unknown> {
  const finished = await run("node-server/cli/main.ts", [...args, "--json"], installation.environment);
  if (finished.code !== 0) throw new Error(`paypost ${args.join(" ")}: ${finished.stderr}`);
  return JSON.parse(finished.stdout) as unknown;
}

/** Registers the ministry that issues vouchers, with its own key pair. */
export async function registerInstitution(
  installation: Installation,
  url: string,
  id: string,
): Promise<Institution> {
  const keys = nacl.box.keyPair();
  const publicKey = Buffer.from(keys.publicKey).toString("base64");
  await operate(installation, "institution", "add", id, "Ministry of Welfare", "--box-key", publicKey);
  return new Institution(id, url, installation.issuer, installation.receiver, keys);
}

export interface TillAnswer {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A merchant's node: its folder, and the command line that works on it. */
export class Till {
  readonly name: string;
  readonly folder: string;

  constructor(name: string, folder: string) {
    this.name = name;
    this.folder = folder;
  }

  start(...args: readonly string[]): Running {
    return start("desktop/cli/main.ts", [...args, "--data", this.folder, "--json"], {
      PAYPOST_PASSPHRASE: "a passphrase for trials only",
    });
  }

  async run(...args: readonly string[]): Promise<TillAnswer> {
    const { code, signal, stdout, stderr } = await this.start(...args).finished;
    const line = stdout.trim().split("\n").at(-1) ?? "";
    if (line === "") throw new Error(`${this.name} ${args.join(" ")}: ${stderr}`);
    return { code, signal, json: JSON.parse(line) as Record<string, unknown> };
  }
}

/** Registers the merchant, issues a code and enrols its till at `nodeUrl`. Returns the till and its node id. */
export async function enrolTill(
  installation: Installation,
  nodeUrl: string,
  merchant: { readonly id: string; readonly name: string; readonly accepts: string },
): Promise<{ readonly till: Till; readonly nodeId: string }> {
  await operate(installation, "merchant", "add", merchant.id, merchant.name, "--accepts", merchant.accepts);
  const issued = await operate(installation, "node", "code", merchant.id, `${merchant.name}, till 1`);
  const { code } = issued as { code: string };
  const till = new Till(merchant.name, join(installation.folder, merchant.id));
  const enrolled = await till.run("enrol", "--server", nodeUrl, "--code", code);
  if (enrolled.code !== 0)
    throw new Error(`${merchant.name} was not enrolled: ${JSON.stringify(enrolled.json)}`);
  return { till, nodeId: String(enrolled.json["nodeId"]) };
}
