/**
 * Hostile keys and signatures, built by point arithmetic. Where a library alone would accept one, the test shows it
 * first, so that it fails if the strict check goes.
 */
import { ed25519, ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import {
  ed25519Key,
  signWithTweetnacl,
  verify,
  verifyWithTweetnacl,
  verifyWithWebCrypto,
} from "./ed25519.ts";
import { publicKeyRefusal, strictRefusal } from "./ed25519-strict.ts";
import { webRandomBytes } from "./random.ts";

const { Point } = ed25519;
const order = Point.Fn.ORDER;
const prime = Point.Fp.ORDER;
const torsion = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex, true));
const message = new TextEncoder().encode("pay to bearer");

const honest = ed25519Key(new Uint8Array(32).fill(7));
const signature = signWithTweetnacl(honest, message);

/** Every encoding of a point of small order that some decoder takes: y or y + p, either sign bit. */
const smallOrderEncodings = [...new Set(torsion.map((point) => point.toAffine().y))]
  .flatMap((y) => (y + prime < 1n << 255n ? [y, y + prime] : [y]))
  .flatMap((y) => [pointBytes(y, 0n), pointBytes(y, 1n)]);

/** y from p to 2^255 - 1: second encodings of y from 0 to 18, whether or not such points exist. */
const overflowingEncodings = Array.from({ length: 19 }, (_, y) => prime + BigInt(y)).flatMap((y) => [
  pointBytes(y, 0n),
  pointBytes(y, 1n),
]);

describe("scalars", () => {
  test("S + L is refused, though tweetnacl takes it for a second valid signature", async () => {
    const malleated = withScalar(signature, scalarOf(signature) + order);
    expect(nacl.sign.detached.verify(message, malleated, honest.publicKey)).toBe(true);
    expect(strictRefusal(honest.publicKey, malleated)).toBe("non-canonical-scalar");
    expect(await answers(honest.publicKey, malleated)).toEqual([false, false, false]);
  });

  test.each([
    ["S = L", order],
    ["S = L + 1", order + 1n],
    ["S = 2^252 + 2^251", 3n << 251n],
    ["S = 2^256 - 1", (1n << 256n) - 1n],
  ])("%s is refused", async (_, scalar) => {
    const hostile = withScalar(signature, scalar);
    expect(strictRefusal(honest.publicKey, hostile)).toBe("non-canonical-scalar");
    expect(await answers(honest.publicKey, hostile)).toEqual([false, false, false]);
  });

  test.each([
    ["S = 0", 0n],
    ["S = L - 1", order - 1n],
  ])("%s is within the strict bounds, and just does not verify", async (_, scalar) => {
    expect(strictRefusal(honest.publicKey, withScalar(signature, scalar))).toBeUndefined();
    expect(await answers(honest.publicKey, withScalar(signature, scalar))).toEqual([false, false, false]);
  });
});

describe("points of small order", () => {
  test("there are 14 encodings to refuse: 8 canonical, 2 negative zeros, 4 with y not below p", () => {
    expect(smallOrderEncodings).toHaveLength(14);
    const refusals = smallOrderEncodings.map(publicKeyRefusal);
    expect(refusals.filter((refusal) => refusal === "small-order-point")).toHaveLength(8);
    expect(refusals.filter((refusal) => refusal === "non-canonical-point")).toHaveLength(6);
  });

  test("under the identity as A anyone signs anything: tweetnacl accepts, the strict check refuses", async () => {
    const forged = joined(Point.BASE.multiply(5n).toBytes(), 5n);
    expect(nacl.sign.detached.verify(message, forged, Point.ZERO.toBytes())).toBe(true);
    expect(strictRefusal(Point.ZERO.toBytes(), forged)).toBe("small-order-point");
    expect(await answers(Point.ZERO.toBytes(), forged)).toEqual([false, false, false]);
  });

  test.each(smallOrderEncodings.map((encoding) => [hex(encoding), encoding]))(
    "A = %s is refused with a signature forged for it",
    async (_, encoding) => {
      const forged = forgeUnder(encoding);
      expect(await answers(encoding, forged.signature, forged.message)).toEqual([false, false, false]);
    },
  );

  test("R = identity with S = hA is valid arithmetic, and refused", async () => {
    const { secret, publicKey } = scalarKey();
    const hostile = joined(
      Point.ZERO.toBytes(),
      modulo(challenge(Point.ZERO.toBytes(), publicKey, message) * secret),
    );
    expect(nacl.sign.detached.verify(message, hostile, publicKey)).toBe(true);
    expect(strictRefusal(publicKey, hostile)).toBe("small-order-point");
    expect(await answers(publicKey, hostile)).toEqual([false, false, false]);
  });

  test.each(smallOrderEncodings.map((encoding) => [hex(encoding), encoding]))(
    "R = %s is refused with the S that the cofactored equation accepts",
    async (_, encoding) => {
      const { secret, publicKey } = scalarKey();
      const hostile = joined(encoding, modulo(challenge(encoding, publicKey, message) * secret));
      expect(strictRefusal(publicKey, hostile)).toMatch(/small-order-point|non-canonical-point/);
      expect(await answers(publicKey, hostile)).toEqual([false, false, false]);
    },
  );
});

describe("encodings that are not canonical", () => {
  test.each(overflowingEncodings.map((encoding) => [hex(encoding), encoding]))(
    "%s (y not below p) is refused as A and as R",
    async (_, encoding) => {
      const asR = concatBytes(encoding, signature.subarray(32));
      expect(strictRefusal(encoding, signature)).toBe("non-canonical-point");
      expect(strictRefusal(honest.publicKey, asR)).toBe("non-canonical-point");
      expect(await answers(encoding, signature)).toEqual([false, false, false]);
      expect(await answers(honest.publicKey, asR)).toEqual([false, false, false]);
    },
  );

  test.each([
    ["the identity", 1n],
    ["the point of order 2", prime - 1n],
  ])("x = 0 with the sign bit set (%s) is refused as not canonical", (_, y) => {
    expect(publicKeyRefusal(pointBytes(y, 1n))).toBe("non-canonical-point");
  });

  test("y = 2^255 - 20 (p - 1) is the greatest y that is canonical", () => {
    expect(publicKeyRefusal(pointBytes(prime - 1n, 0n))).toBe("small-order-point");
    expect(publicKeyRefusal(pointBytes(prime - 2n, 1n))).toBeUndefined();
  });
});

describe("points with a torsion part", () => {
  test("A = P + T, T of order 8: valid exactly when 8 divides h, on every back end, as the cofactorless equation says", async () => {
    const { secret, publicKey: torsionFree } = scalarKey();
    const publicKey = Point.fromBytes(torsionFree).add(torsionOfOrder(8)).toBytes();
    const seen = { valid: 0, invalid: 0 };
    for (let attempt = 0; seen.valid < 3 || seen.invalid < 10; attempt++) {
      const content = Uint8Array.of(attempt, attempt >> 8);
      const nonce = modulo(littleEndian(webRandomBytes(32)));
      const r = Point.BASE.multiply(nonce).toBytes();
      const h = challenge(r, publicKey, content);
      const hostile = joined(r, modulo(nonce + h * secret));
      const valid = h % 8n === 0n;
      seen[valid ? "valid" : "invalid"] += 1;
      expect(strictRefusal(publicKey, hostile)).toBeUndefined();
      expect(await answers(publicKey, hostile, content)).toEqual([valid, valid, valid]);
      // The cofactored equation, which is not ours, cannot tell them apart.
      expect(ed25519.verify(hostile, content, publicKey, { zip215: false })).toBe(true);
    }
  });

  test.each([2, 4, 8])(
    "R = P + T, T of order %i: never valid, though cofactored verifiers accept",
    async (n) => {
      const { secret, publicKey } = scalarKey();
      const r = Point.BASE.multiply(11n).add(torsionOfOrder(n)).toBytes();
      const hostile = joined(r, modulo(11n + challenge(r, publicKey, message) * secret));
      expect(strictRefusal(publicKey, hostile)).toBeUndefined();
      expect(await answers(publicKey, hostile)).toEqual([false, false, false]);
      expect(ed25519.verify(hostile, message, publicKey, { zip215: false })).toBe(true);
    },
  );

  test("A = P + T and R = Q - hT together satisfy the cofactorless equation: valid on every back end", async () => {
    const { secret, publicKey: torsionFree } = scalarKey();
    const publicKey = Point.fromBytes(torsionFree).add(torsionOfOrder(8)).toBytes();
    for (let attempt = 0; ; attempt++) {
      // R decides h and h decides R's torsion: try until the two fit.
      const torsionPart = BigInt(attempt % 7) + 1n;
      const r = Point.BASE.multiply(BigInt(attempt) + 2n)
        .subtract(torsionOfOrder(8).multiplyUnsafe(torsionPart))
        .toBytes();
      const h = challenge(r, publicKey, message);
      if (h % 8n !== torsionPart) continue;
      const mixed = joined(r, modulo(BigInt(attempt) + 2n + h * secret));
      expect(await answers(publicKey, mixed)).toEqual([true, true, true]);
      return;
    }
  });
});

describe("anything else", () => {
  test("bytes that are no point of the curve are refused as a key, without a throw", async () => {
    expect(() => Point.fromBytes(pointBytes(2n, 0n))).toThrow("bad point");
    expect(await answers(pointBytes(2n, 0n), signature)).toEqual([false, false, false]);
  });

  test.each([
    ["a key of 31 bytes", 31, 64],
    ["a key of 33 bytes", 33, 64],
    ["no key", 0, 64],
    ["a signature of 63 bytes", 32, 63],
    ["a signature of 65 bytes", 32, 65],
    ["no signature", 32, 0],
  ])("%s is refused by its length", async (_, keyLength, signatureLength) => {
    const key = resized(honest.publicKey, keyLength);
    const cut = resized(signature, signatureLength);
    expect(strictRefusal(key, cut)).toBe("wrong-length");
    expect(await answers(key, cut)).toEqual([false, false, false]);
  });

  test("views into a larger buffer are judged by their own bytes", async () => {
    const buffer = concatBytes(new Uint8Array(3), honest.publicKey, signature, new Uint8Array(5));
    expect(await answers(buffer.subarray(3, 35), buffer.subarray(35, 99))).toEqual([true, true, true]);
  });
});

/** What each of our ways to verify says. */
async function answers(
  publicKey: Uint8Array,
  signed: Uint8Array,
  content: Uint8Array = message,
): Promise<boolean[]> {
  return [
    await verify(publicKey, content, signed),
    await verifyWithWebCrypto(publicKey, content, signed),
    verifyWithTweetnacl(publicKey, content, signed),
  ];
}

/** A signature made without a private key, for a message found by trying until hA vanishes. */
function forgeUnder(encoding: Uint8Array): { message: Uint8Array; signature: Uint8Array } {
  const r = Point.BASE.multiply(9n).toBytes();
  for (let attempt = 0; ; attempt++) {
    const content = Uint8Array.of(attempt);
    if (challenge(r, encoding, content) % 8n === 0n) return { message: content, signature: joined(r, 9n) };
  }
}

function scalarKey(): { secret: bigint; publicKey: Uint8Array } {
  const secret = modulo(littleEndian(webRandomBytes(32)));
  return { secret, publicKey: Point.BASE.multiply(secret).toBytes() };
}

function torsionOfOrder(n: number) {
  const found = torsion.find(
    (point) => point.multiplyUnsafe(BigInt(n)).is0() && !point.multiplyUnsafe(BigInt(n / 2)).is0(),
  );
  if (!found) throw new Error(`no torsion point of order ${n}`);
  return found;
}

function challenge(r: Uint8Array, publicKey: Uint8Array, content: Uint8Array): bigint {
  return modulo(littleEndian(sha512(concatBytes(r, publicKey, content))));
}

function modulo(value: bigint): bigint {
  return value % order;
}

function scalarOf(signed: Uint8Array): bigint {
  return littleEndian(signed.subarray(32));
}

function withScalar(signed: Uint8Array, scalar: bigint): Uint8Array {
  return joined(signed.subarray(0, 32), scalar);
}

function joined(r: Uint8Array, scalar: bigint): Uint8Array {
  return concatBytes(r, littleEndianBytes(scalar));
}

function pointBytes(y: bigint, sign: bigint): Uint8Array {
  return littleEndianBytes(y | (sign << 255n));
}

function littleEndianBytes(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, "0")).toReversed();
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
