/**
 * This installation's secret keys, each in a file of its own that only its owner may read. They are made at the first
 * start; several servers over one database share the folder (design: "Segregation").
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createCallbackKey } from "./callbacks/signature.ts";
import type { CallbackKey } from "./callbacks/signature.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import type { BoxKeyPair } from "#sync/signing/sealed.ts";
import type { NumberKeys } from "./vouchers/numbers.ts";
import { createSigner } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";

export interface ServerKeys {
  readonly signers: Readonly<Record<ServerKind, Signer>>;
  /** Opens what nodes seal for the server, and encrypts voucher numbers for callers. */
  readonly boxKeys: BoxKeyPair;
  /** Signs callbacks; nodes have nothing to do with it. */
  readonly callbackKey: CallbackKey;
  /** Keys the blind index of voucher numbers. */
  readonly indexKey: Uint8Array;
  /** Seals answers that hold a voucher number (NaCl secretbox). */
  readonly answerKey: Uint8Array;
  /** What seals and finds financial addresses derives from it (`addresses.ts`). */
  readonly addressKey: Uint8Array;
  /** Seals what operators' authenticator apps hold (NaCl secretbox). */
  readonly operatorKey: Uint8Array;
}

/** Reads the keys of a folder, making those that are missing. Throws when a key file is not 32 bytes in base64. */
export async function loadServerKeys(folder: string): Promise<ServerKeys> {
  const signers = await Promise.all(
    serverKinds.map(async (kind) => [kind, await createSigner(kind, await loadKey(folder, kind))] as const),
  );
  return {
    signers: Object.fromEntries(signers) as Record<ServerKind, Signer>,
    boxKeys: boxKeyPair(await loadKey(folder, "box")),
    callbackKey: await createCallbackKey(await loadKey(folder, "callback")),
    indexKey: await loadKey(folder, "number-index"),
    answerKey: await loadKey(folder, "sealed-answer"),
    addressKey: await loadKey(folder, "address"),
    operatorKey: await loadKey(folder, "operator"),
  };
}

/** What drawing and keeping voucher numbers needs of the keys. */
export function numberKeysOf({ indexKey, boxKeys, signers }: ServerKeys): NumberKeys {
  return { indexKey, boxSecretKey: boxKeys.secretKey, tokenKeyId: signers["voucher-token"].keyId };
}

/** Reads one key of a folder, or makes it. */
export async function loadKey(folder: string, name: string): Promise<Uint8Array> {
  const path = join(folder, `${name}.key`);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) {
    // What lies above may have to be read by others, such as the user of the database.
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return makeKey(path);
  }
  const key = new Uint8Array(Buffer.from(text.trim(), "base64"));
  if (key.length !== 32) throw new Error(`${path} is damaged: it must hold 32 bytes in base64`);
  return key;
}

/** Two servers may start at once: whoever creates the file first has made the key, the other reads it. */
async function makeKey(path: string): Promise<Uint8Array> {
  const key = randomBytes(32);
  const draft = `${path}.${process.pid}.new`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${key.toString("base64")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await unlink(draft);
  return new Uint8Array(Buffer.from(await readFile(path, "utf8"), "base64"));
}
