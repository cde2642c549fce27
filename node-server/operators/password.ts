/**
 * Passwords of operators (RFC 9106): argon2id with the second recommended choice for little memory. Node computes it beside
 * the event loop; a runtime that has no argon2 of its own (Deno) takes the same function in JavaScript.
 */
import * as crypto from "node:crypto";
import { argon2idAsync } from "@noble/hashes/argon2.js";

/** Memory in KiB; how often it is gone over. */
const [memoryKib, passes, tagLength] = [19_456, 2, 32];

export const passwordLength = { least: 12, most: 200 } as const;

/** Each takes 19 MiB for a moment: whoever asks for more at a time waits. */
const mostAtOnce = 4;

export type Argon2id = (password: string, salt: Uint8Array) => Promise<Uint8Array>;

export const javascriptArgon2id: Argon2id = (password, salt) =>
  argon2idAsync(password, salt, { m: memoryKib, t: passes, p: 1, dkLen: tagLength });

const nativeArgon2id: Argon2id = (message, nonce) =>
  new Promise((resolve, reject) => {
    const settings = { message, nonce, parallelism: 1, tagLength, memory: memoryKib, passes };
    crypto.argon2("argon2id", settings, (error, tag) =>
      error ? reject(error) : resolve(new Uint8Array(tag)),
    );
  });

/** The one of this runtime. */
export const argon2id: Argon2id = typeof crypto.argon2 === "function" ? nativeArgon2id : javascriptArgon2id;

/** In the usual notation (PHC string), so that a later choice of numbers can be told from this one. */
export async function hashPassword(password: string): Promise<string> {
  const salt = new Uint8Array(crypto.randomBytes(16));
  const tag = await inTurn(() => argon2id(password.normalize("NFKC"), salt));
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$${base64(salt)}$${base64(tag)}`;
}

/** Takes as long for an account that is not there (`hash` undefined) as for one that is. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, salt = "", tag = ""] = /\$([^$]+)\$([^$]+)$/.exec(hash ?? nobodysHash) ?? [];
  const made = await inTurn(() =>
    argon2id(password.normalize("NFKC"), new Uint8Array(Buffer.from(salt, "base64"))),
  );
  const isSame = crypto.timingSafeEqual(made, Buffer.from(tag, "base64"));
  return isSame && hash !== undefined;
}

const nobodysHash = `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$${base64(new Uint8Array(16))}$${base64(new Uint8Array(tagLength))}`;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
