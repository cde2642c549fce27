/** Against tweetnacl, which shares no code with what is tested, and the vectors of RFC 8032. */
import { hexToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ed25519Key, signWithTweetnacl, verify } from "#sync/signing/ed25519.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { createNativeSigner } from "./native-signer.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a signature by the platform", () => {
  // RFC 8032 section 7.1, tests 2 and 3: private key, message, signature.
  test.each([
    [
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ])("is RFC 8032's, vector %#", (seed, message, signature) => {
    const signer = createNativeSigner("operation", ed25519Key(hexToBytes(seed)));
    expect(signer.sign(hexToBytes(message))).toEqual(hexToBytes(signature));
  });

  test("is tweetnacl's for 100 keys and messages", () => {
    for (let round = 0; round < 100; round++) {
      const key = ed25519Key(webRandomBytes(32));
      const message = webRandomBytes(round * 7);
      expect(createNativeSigner("operation", key).sign(message)).toEqual(signWithTweetnacl(key, message));
    }
  }, 60_000);

  test("verifies under the signer's public key, and its ids are those of a signer in JavaScript", async () => {
    const key = ed25519Key(webRandomBytes(32));
    const { sign, ...identity } = createNativeSigner("session-assertion", key);
    const { sign: _, ...expected } = createSyncSigner("session-assertion", key);
    expect(identity).toEqual(expected);
    expect(await verify(identity.publicKey, Uint8Array.of(1), sign(Uint8Array.of(1)))).toBe(true);
  });

  test("does not ask tweetnacl", () => {
    const inJavaScript = vi.spyOn(nacl.sign, "detached");
    createNativeSigner("operation", ed25519Key(new Uint8Array(32).fill(1))).sign(Uint8Array.of(1));
    expect(inJavaScript).not.toHaveBeenCalled();
  });

  test("is made with the seed as it was when the signer was made", () => {
    const seed = new Uint8Array(32).fill(1);
    const key = ed25519Key(seed);
    const expected = signWithTweetnacl(key, Uint8Array.of(1));
    const signer = createNativeSigner("operation", key);
    key.seed.fill(0);
    expect(signer.sign(Uint8Array.of(1))).toEqual(expected);
  });
});

describe.each([
  ["knows no such key", { createPrivateKey: refuse }],
  ["signs nothing with it", { sign: refuse }],
  ["gives other bytes", { sign: () => Buffer.alloc(64) }],
])("where the platform %s", (_, instead) => {
  beforeEach(() => {
    vi.resetModules();
    vi.doMock("node:crypto", async (original) => ({ ...(await original<object>()), ...instead }));
  });
  afterEach(() => {
    vi.doUnmock("node:crypto");
    vi.resetModules();
  });

  test("tweetnacl signs", async () => {
    const key = ed25519Key(new Uint8Array(32).fill(2));
    const fresh = await import("./native-signer.ts");
    const signature = fresh.createNativeSigner("operation", key).sign(Uint8Array.of(1, 2));
    expect(signature).toEqual(signWithTweetnacl(key, Uint8Array.of(1, 2)));
  });
});

function refuse(): never {
  throw new Error("not supported");
}
