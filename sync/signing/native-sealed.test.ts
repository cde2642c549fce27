/** Against sealed.ts, which shares no X25519 with what is tested, and against known keys and boxes. */
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openSealedNatively, sealNatively } from "./native-sealed.ts";
import { webRandomBytes } from "./random.ts";
import { boxKeyPair, nonceOf, openSealed, seal } from "./sealed.ts";

const recipient = boxKeyPair(new Uint8Array(32).fill(9));
const other = boxKeyPair(new Uint8Array(32).fill(10));

afterEach(() => {
  vi.restoreAllMocks();
});

describe("sealed boxes, made by the platform", () => {
  const chance = (length: number) => new Uint8Array(length).fill(3);

  test.each([0, 1, 24, 1000])("%d bytes are sealed to the same box as in JavaScript", async (length) => {
    const plaintext = webRandomBytes(length);
    const sealed = await sealNatively(recipient.publicKey, plaintext, chance);
    expect(sealed).toEqual(seal(recipient.publicKey, plaintext, chance));
    expect(openSealed(recipient, sealed)).toEqual(plaintext);
  });

  test("the X25519 is the platform's, and each box has a key of its own", async () => {
    const inJavaScript = vi.spyOn(nacl, "box");
    const [one, another] = [
      await sealNatively(recipient.publicKey, Uint8Array.of(1), webRandomBytes),
      await sealNatively(recipient.publicKey, Uint8Array.of(1), webRandomBytes),
    ];
    expect(inJavaScript).not.toHaveBeenCalled();
    expect(one).not.toEqual(another);
  });

  test("what is changed after the call is not seen", async () => {
    const [publicKey, plaintext] = [Uint8Array.from(recipient.publicKey), Uint8Array.of(1, 2)];
    const sealing = sealNatively(publicKey, plaintext, webRandomBytes);
    publicKey.fill(9);
    plaintext.fill(0);
    expect(openSealed(recipient, await sealing)).toEqual(Uint8Array.of(1, 2));
  });

  test("where the platform has no X25519, or refuses the key, JavaScript seals to the same box", async () => {
    const ofSmallOrder = new Uint8Array(32);
    expect(await sealNatively(ofSmallOrder, Uint8Array.of(4), chance)).toEqual(
      seal(ofSmallOrder, Uint8Array.of(4), chance),
    );
    vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(new Error("not supported"));
    expect(await sealNatively(recipient.publicKey, Uint8Array.of(4), chance)).toEqual(
      seal(recipient.publicKey, Uint8Array.of(4), chance),
    );
  });
});

describe("sealed boxes, opened by the platform", () => {
  test.each([0, 1, 24, 63, 64, 65, 1000])("%d bytes come out as they went in", async (length) => {
    const plaintext = webRandomBytes(length);
    const sealed = seal(recipient.publicKey, plaintext, webRandomBytes);
    expect(await openSealedNatively(recipient, sealed)).toEqual(plaintext);
    expect(await openSealedNatively(other, sealed)).toBeUndefined();
  });

  test("the X25519 is the platform's, and tweetnacl's is not asked", async () => {
    const sealed = seal(recipient.publicKey, Uint8Array.of(1, 2), webRandomBytes);
    const inJavaScript = vi.spyOn(nacl.box, "open");
    expect(await openSealedNatively(recipient, sealed)).toEqual(Uint8Array.of(1, 2));
    expect(inJavaScript).not.toHaveBeenCalled();
  });

  test("a box that was kept from before opens", async () => {
    const kept =
      "5dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e0124b3ef22131771a1531781c7d89819d53f02f9d2112b";
    expect(await openSealedNatively(recipient, hexToBytes(kept))).toEqual(hexToBytes("0102"));
  });

  // Alice's public and Bob's secret key of RFC 7748 section 6.1, and the key that "Cryptography in NaCl" gives for both.
  test("the key of a box is NaCl's", async () => {
    const alice = hexToBytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    const bob = boxKeyPair(hexToBytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
    const key = hexToBytes("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
    const box = nacl.box.after(Uint8Array.of(7), nonceOf(alice, bob.publicKey), key);
    expect(await openSealedNatively(bob, concatBytes(alice, box))).toEqual(Uint8Array.of(7));
  });

  test("any changed bit, and any length, is refused", async () => {
    const sealed = seal(recipient.publicKey, Uint8Array.of(1, 2, 3), webRandomBytes);
    for (let byte = 0; byte < sealed.length; byte++) {
      for (const bit of [0x01, 0x80]) {
        const changed = sealed.map((value, index) => (index === byte ? value ^ bit : value));
        expect(await openSealedNatively(recipient, changed)).toBeUndefined();
      }
      expect(await openSealedNatively(recipient, sealed.subarray(0, byte))).toBeUndefined();
    }
  });

  test("what is changed after the call is not seen", async () => {
    const sealed = seal(recipient.publicKey, Uint8Array.of(1, 2, 3), webRandomBytes);
    const opening = openSealedNatively(recipient, sealed);
    sealed.fill(0);
    expect(await opening).toEqual(Uint8Array.of(1, 2, 3));
  });

  // The platform refuses those of small order; the others are taken modulo p, without the highest bit.
  test.each([
    ["of small order, 0", "00".padEnd(64, "0")],
    ["of small order, 1", "01".padEnd(64, "0")],
    ["of small order, p - 1", "ec".padEnd(62, "f") + "7f"],
    ["beyond p", "f6".padEnd(62, "f") + "7f"],
    ["with the highest bit", "09".padEnd(62, "0") + "80"],
  ])("a key %s opens as it does in JavaScript", async (_what, hex) => {
    const ephemeral = hexToBytes(hex);
    const nonce = nonceOf(ephemeral, recipient.publicKey);
    const box = nacl.box(Uint8Array.of(5), nonce, ephemeral, recipient.secretKey);
    const sealed = concatBytes(ephemeral, box);
    expect(openSealed(recipient, sealed)).toEqual(Uint8Array.of(5));
    expect(await openSealedNatively(recipient, sealed)).toEqual(Uint8Array.of(5));
    const changed = sealed.map((value, index) => (index === 40 ? value ^ 1 : value));
    expect(await openSealedNatively(recipient, changed)).toBeUndefined();
  });

  test("where the platform has no X25519, JavaScript opens it", async () => {
    vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(new Error("not supported"));
    const stranger = boxKeyPair(new Uint8Array(32).fill(11));
    const sealed = seal(stranger.publicKey, Uint8Array.of(4), webRandomBytes);
    expect(await openSealedNatively(stranger, sealed)).toEqual(Uint8Array.of(4));
    expect(await openSealedNatively(other, sealed)).toBeUndefined();
  });
});
