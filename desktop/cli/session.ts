/** What every command begins with: its options, the till's folder, and where it is needed, the till's key. */
import { resolve } from "node:path";
import type { EnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import { parseServerUrl } from "#sync/server-url.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { unwrapKey } from "../worker/keys.ts";
import { version } from "../version.ts";
import { createMachineClock, machineSleep } from "../worker/machine.ts";
import { createNode } from "../worker/node.ts";
import type { PaypostNode } from "../worker/node.ts";
import { openStores } from "../worker/open.ts";
import type { NodeStores } from "../worker/open.ts";
import type { NodeIdentity } from "../worker/store/node.ts";
import { enrolView } from "./outcomes.ts";
import { readPassphrase } from "./passphrase.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";

export interface CommandOptions {
  readonly data: string;
  readonly server: string | undefined;
  readonly code: string | undefined;
  readonly passphraseFile: string | undefined;
  readonly headFile: string | undefined;
  readonly serial: string | undefined;
  readonly number: string | undefined;
  readonly token: string | undefined;
  readonly actor: string | undefined;
  readonly offline: boolean;
  /** Pay the voucher out in cash. */
  readonly cash: boolean;
  /** The file that a command works on. */
  readonly file: string | undefined;
  readonly after: string | undefined;
  readonly answer: string | undefined;
  readonly operation: string | undefined;
  readonly allowance: string | undefined;
  readonly onRequest: string | undefined;
  readonly anyway: boolean;
  readonly group: string | undefined;
  readonly quantity: string | undefined;
  readonly amount: string | undefined;
  readonly because: string | undefined;
  readonly by: string | undefined;
  readonly bill: string | undefined;
  readonly find: string | undefined;
  readonly identity: string | undefined;
  readonly programme: string | undefined;
  readonly reason: string | undefined;
  readonly modality: string | undefined;
  readonly institutionCode: string | undefined;
  readonly address: string | undefined;
  readonly area: string | undefined;
  readonly status: string | undefined;
}

export const clock = createMachineClock();

export async function withStores(
  { data }: CommandOptions,
  work: (stores: NodeStores) => Promise<CommandResult>,
): Promise<CommandResult> {
  const opened = openStores({ directory: resolve(data), wallMs: () => clock.wallMs() });
  if (!opened.ok) {
    const message = `Another program is using ${data}. Close it, or wait until it is done, and try again.`;
    return failure(exitCodes.refused, opened.refusal.code, message);
  }
  try {
    return await work(opened.stores);
  } finally {
    opened.stores.close();
  }
}

/** For what needs no key: nothing is signed. */
export function withEnrolled(
  options: CommandOptions,
  work: (stores: NodeStores, identity: EnrolledIdentity) => Promise<CommandResult>,
): Promise<CommandResult> {
  return withStores(options, async (stores) => {
    const identity = stores.node.identity();
    if (!identity?.certificate) return notEnrolled();
    const { certificate } = identity;
    return work(stores, { ...identity, certificate });
  });
}

type EnrolledIdentity = NodeIdentity & { readonly certificate: EnrolmentCertificate };

export function withKey(
  options: CommandOptions,
  work: (key: Ed25519Key, stores: NodeStores) => Promise<CommandResult>,
): Promise<CommandResult> {
  return withEnrolled(options, async (stores, { wrappedKey }) => {
    const passphrase = await readPassphrase(options.passphraseFile);
    if (passphrase === undefined) return noPassphrase();
    const key = unwrapKey(wrappedKey, passphrase);
    if (!key)
      return failure(exitCodes.refused, "wrong-passphrase", "This is not the passphrase of this till.");
    return work(key, stores);
  });
}

export function withNode(
  options: CommandOptions,
  work: (node: PaypostNode, stores: NodeStores) => Promise<CommandResult>,
): Promise<CommandResult> {
  return withKey(options, async (key, stores) => {
    const address = options.server ?? stores.node.identity()?.serverUrl ?? "";
    const server = parseServerUrl(address);
    if (!server.ok) return enrolView(server, address);
    const sleep = machineSleep;
    const beyondAllowance = options.anyway;
    const machine = { clock, randomBytes: webRandomBytes, sleep, fetch };
    const parts = { stores, key, serverUrl: server.url, beyondAllowance, version, ...machine };
    return work(createNode(parts), stores);
  });
}

function notEnrolled(): CommandResult {
  const message = "This till is not enrolled. Ask the operator for a code and run `enrol`.";
  return failure(exitCodes.refused, "not-enrolled", message);
}

export function noPassphrase(): CommandResult {
  return usage("A passphrase is needed: set PAYPOST_PASSPHRASE, or give --passphrase-file.");
}

export function usage(message: string): CommandResult {
  return failure(exitCodes.usage, "usage", `${message} See \`help\`.`);
}
