/**
 * Keys as files that only their owner may read. With a secret from the environment (`PAYPOST_KEYS_SECRET`) each is encrypted
 * under it, so that a copied folder is worth nothing; files that were in the clear are encrypted when they are next read.
 */
import { randomBytes, scrypt } from "node:crypto";
import { link, mkdir, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import nacl from "tweetnacl";
import { ed25519Key, quickestSigning } from "#sync/signing/ed25519.ts";
import { replaceFile, writeNewFile } from "./durable-file.ts";
import type { KeyStore, SigningKey } from "./ports/key-store.ts";

/** A key file that cannot be used; the message says which and why, and never what is in it. */
export class KeyFileError extends Error {}

export function createKeyFiles(folder: string, secret?: string): KeyStore {
  const pathOf = (name: string) => join(folder, `${name}.key`);
  const find = (name: string) => readKey(pathOf(name), secret);
  const load = async (name: string) => (await find(name)) ?? makeKey(pathOf(name), secret);
  return {
    secret: load,
    signing: async (name) => signingKeyOf(await load(name)),
    async findSigning(name) {
      const seed = await find(name);
      return seed && signingKeyOf(seed);
    },
  };
}

async function signingKeyOf(seed: Uint8Array): Promise<SigningKey> {
  const key = ed25519Key(seed);
  return { publicKey: key.publicKey, sign: await quickestSigning(key) };
}

async function readKey(path: string, secret: string | undefined): Promise<Uint8Array | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = await decode(path, text.trim(), secret);
  if (secret !== undefined && !isEncrypted(text)) {
    const encrypted = await encode(key, secret);
    await replaceFile(path, (write) => write(`${encrypted}\n`), draftOf(path));
  }
  return key;
}

/** Two servers may start at once: whoever creates the file first has made the key, the other reads it. */
async function makeKey(path: string, secret: string | undefined): Promise<Uint8Array> {
  const folder = dirname(path);
  // What lies above may have to be read by others, such as the user of the database.
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = draftOf(path);
  await writeNewFile(draft, `${await encode(new Uint8Array(randomBytes(32)), secret)}\n`);
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await unlink(draft);
  return decode(path, (await readFile(path, "utf8")).trim(), secret);
}

function draftOf(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString("hex")}.new`;
}

const prefix = "paypost-key/1 ";

function isEncrypted(text: string): boolean {
  return text.startsWith(prefix);
}

/** In the clear base64; encrypted `paypost-key/1 `, then salt, nonce and NaCl secretbox in base64. */
async function encode(key: Uint8Array, secret: string | undefined): Promise<string> {
  if (secret === undefined) return Buffer.from(key).toString("base64");
  const salt = new Uint8Array(randomBytes(saltLength));
  const nonce = new Uint8Array(randomBytes(nacl.secretbox.nonceLength));
  const box = nacl.secretbox(key, nonce, await wrappingKey(secret, salt));
  return prefix + Buffer.concat([salt, nonce, box]).toString("base64");
}

async function decode(path: string, text: string, secret: string | undefined): Promise<Uint8Array> {
  if (!isEncrypted(text)) return checked(path, new Uint8Array(Buffer.from(text, "base64")));
  if (secret === undefined)
    throw new KeyFileError(
      `${path} is encrypted: set PAYPOST_KEYS_SECRET to the secret that it was made with`,
    );
  const bytes = new Uint8Array(Buffer.from(text.slice(prefix.length), "base64"));
  const [salt, nonce, box] = [
    bytes.subarray(0, saltLength),
    bytes.subarray(saltLength, saltLength + nacl.secretbox.nonceLength),
    bytes.subarray(saltLength + nacl.secretbox.nonceLength),
  ];
  const isWhole = nonce.length === nacl.secretbox.nonceLength;
  const key = isWhole ? nacl.secretbox.open(box, nonce, await wrappingKey(secret, salt)) : null;
  if (!key)
    throw new KeyFileError(`${path} does not open: PAYPOST_KEYS_SECRET is another, or the file is damaged`);
  return checked(path, key);
}

function checked(path: string, key: Uint8Array): Uint8Array {
  if (key.length === 32) return key;
  throw new KeyFileError(`${path} is damaged: it must hold 32 bytes in base64`);
}

const saltLength = 16;

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/** The secret may be one that somebody thought of. */
async function wrappingKey(secret: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await derive(secret, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }));
}
