/** Three independent implementations against each other: Web Crypto (OpenSSL here), tweetnacl, @noble/curves. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  ed25519Key,
  hasWebCryptoEd25519,
  quickestSigning,
  signWithTweetnacl,
  verify,
  verifyWithTweetnacl,
  verifyWithWebCrypto,
} from "./ed25519.ts";
import { webRandomBytes } from "./random.ts";

const strictNoble = { zip215: false };

// RFC 8032 section 7.1, tests 1 to 3: private key, public key, message, signature.
const rfc8032 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

describe("Ed25519", () => {
  test("this runtime verifies by Web Crypto, so that the agreement below compares two back ends", async () => {
    expect(await hasWebCryptoEd25519()).toBe(true);
  });

  test.each(rfc8032)("RFC 8032 vector %#", async (seed, publicKey, message, signature) => {
    const key = ed25519Key(hexToBytes(seed));
    expect(key.publicKey).toEqual(hexToBytes(publicKey));
    expect(signWithTweetnacl(key, hexToBytes(message))).toEqual(hexToBytes(signature));
    expect(await (await quickestSigning(key))(hexToBytes(message))).toEqual(hexToBytes(signature));
    expect(await verify(key.publicKey, hexToBytes(message), hexToBytes(signature))).toBe(true);
    expect(verifyWithTweetnacl(key.publicKey, hexToBytes(message), hexToBytes(signature))).toBe(true);
  });

  test("all three sign 60 random messages alike and verify each other's", async () => {
    for (let round = 0; round < 60; round++) {
      const { key, message, signature } = await signedByAll(round);
      expect(await verifiers(key.publicKey, message, signature)).toEqual([true, true, true]);
    }
  }, 60_000);

  test("all three refuse 150 signatures with one bit changed in key, message or signature", async () => {
    const { key, message, signature } = await signedByAll(200);
    for (let round = 0; round < 150; round++) {
      const changed = [key.publicKey.slice(), message.slice(), signature.slice()] as const;
      flipBit(changed[round % 3] as Uint8Array);
      expect(await verifiers(...changed)).toEqual([false, false, false]);
    }
  }, 60_000);

  test("Web Crypto and @noble/curves agree on 600 more, half of them changed", async () => {
    for (let round = 0; round < 300; round++) {
      const seed = webRandomBytes(32);
      const message = webRandomBytes(round % 250);
      const publicKey = ed25519.getPublicKey(seed);
      const signature = ed25519.sign(message, seed);
      expect(await verify(publicKey, message, signature)).toBe(true);
      const changed = signature.slice();
      flipBit(changed);
      expect(await verify(publicKey, message, changed)).toBe(false);
      expect(ed25519.verify(changed, message, publicKey, strictNoble)).toBe(false);
    }
  }, 60_000);

  test("a message changed after verify was called does not change the answer", async () => {
    const { key, message, signature } = await signedByAll(50);
    const answer = verify(key.publicKey, message, signature);
    message.fill(0);
    signature.fill(0);
    expect(await answer).toBe(true);
  });
});

describe.each([
  ["has no Ed25519", { subtle: { generateKey: () => Promise.reject(new Error("unknown")), importKey } }],
  ["is not there, as on a page without TLS", {}],
])("where Web Crypto %s", (_, crypto) => {
  const key = ed25519Key(new Uint8Array(32).fill(1));
  const signature = signWithTweetnacl(key, Uint8Array.of(1));

  beforeEach(() => {
    vi.stubGlobal("crypto", crypto);
    vi.resetModules();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("verification and signing fall back on tweetnacl", async () => {
    const fresh = await import("./ed25519.ts");
    expect(await fresh.hasWebCryptoEd25519()).toBe(false);
    expect(await fresh.verify(key.publicKey, Uint8Array.of(1), signature)).toBe(true);
    expect(await fresh.verify(key.publicKey, Uint8Array.of(2), signature)).toBe(false);
    expect(await (await fresh.quickestSigning(key))(Uint8Array.of(1))).toEqual(signature);
  });

  test("asking for Web Crypto by name throws instead of calling a signature bad", async () => {
    const fresh = await import("./ed25519.ts");
    const asked = fresh.verifyWithWebCrypto(key.publicKey, Uint8Array.of(1), signature);
    await expect(asked).rejects.toThrow(/Ed25519|importKey/);
  });
});

function importKey(): Promise<never> {
  return Promise.reject(new Error("unknown algorithm"));
}

async function signedByAll(length: number) {
  const key = ed25519Key(webRandomBytes(32));
  const message = webRandomBytes(length);
  const signature = signWithTweetnacl(key, message);
  expect(await (await quickestSigning(key))(message)).toEqual(signature);
  expect(ed25519.sign(message, key.seed)).toEqual(signature);
  return { key, message, signature };
}

async function verifiers(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) {
  return [
    await verifyWithWebCrypto(publicKey, message, signature),
    verifyWithTweetnacl(publicKey, message, signature),
    ed25519.verify(signature, message, publicKey, strictNoble),
  ];
}

function flipBit(bytes: Uint8Array): void {
  const [place = 0, bit = 0] = new Uint32Array(webRandomBytes(8).buffer as ArrayBuffer);
  const index = place % bytes.length;
  bytes[index] = (bytes[index] ?? 0) ^ (1 << (bit % 8));
}
