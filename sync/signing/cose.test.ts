import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCbor } from "./cbor.ts";
import {
  createSigner,
  createSyncSigner,
  hashOf,
  keyIdOf,
  openDocument,
  parseDocument,
  signDocument,
  signDocumentSync,
  signedKinds,
  type SignedKind,
} from "./cose.ts";

const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
const payload = hexToBytes("a201050267706179706f7374");
const { publicKey } = createSyncSigner("lease", seed);

// Made with @auth0/cose 1.0.2 (cbor-x) and node:crypto from the seed and payload above: kind, key id, hash, signature.
const vectors: readonly [SignedKind, string, string, string][] = [
  [
    "operation",
    "7280e6367eff113d",
    "b556d36cc5e2fde1e1ad0c19b86770d01d1f46453bdf2e0b0b116702b1bc8c5e",
    "67d2eb8f29ffa6a7758fff389f5fe00aceb078c424763fe71162b66ceccfa03aa936896a2c7f3ae7f5ba508c53bc1d3069383ba59c36bcd7db1101324a058a0f",
  ],
  [
    "voucher-token",
    "1ee421efcdeb342e",
    "d37c6cac03b791b60457f3617d7322795993d7a02ccfafdfd5c5f68788f4332e",
    "0fec691987944b608c3082079b2f7331cc57725b3ef2a0467a47bf91a1f4e1687782baa8a94762ec5cdbde7e86bd4f39edaac30a46488a9bd407ab347652420c",
  ],
  [
    "lease",
    "186abbee0b19a3e5",
    "659e69fe3854643ccbfcea8ed990ae969eac924d4a515f5f29591f7b2782b68f",
    "c5b5a6764564b5a379f3918e7d40b1c7ab257c708ad3b78516683969c8d37df27cbc55ffec44dfa0ead0a59881490ec4fa23787fcb155e5d8afbb6b6cb7c880c",
  ],
  [
    "policy",
    "78f93e2000a92c76",
    "5beeaba57388cb19e8febfe015284ce9d81e83d19fffbe2fbc233ba1b0073ba5",
    "4617b5a55578f301485ca49c0a3b3c1e5a96a6b5288439e45aa52b3928c21abea5d11b0012af7a6b0193153be275d6dd2774361eeaa68b1f1ef3051947311308",
  ],
  [
    "key-set",
    "31560914521d85c6",
    "5b601bf0afc57d07a6103da1bf96be63c606d8ddd5959c8be2cf4d89a6416ad0",
    "c98ce276d51ea781e47a57e39d071799358383c0b0539482f2686eff72f1aeab0d6bfd2f1577eb61fa367def3192fd1f3ee12e59acfe5c21406d6a453d8b6a0e",
  ],
  [
    "verdict-list",
    "efa77169e5e5e926",
    "839fac4567ac2037b211ad1f37abae24f3ee54da3e27807eea3789016f36e564",
    "0cc63f7c412704b262acffc118c73dd87dde078776f9ad3f4a55180cc16d4e088f6a66b04c11d1b2300ce6c6df2ab80994757de1ad8373a40bc8d0a4aeca3406",
  ],
  [
    "enrolment-certificate",
    "f7922c67eb7499ac",
    "e9c2ba9c8483f04df4a9f9cc915d295d19b6203340a47f69206c58a5b9fcb76a",
    "d9d527fa0fa4fdf70804e71d957093eb4e64cc9390ecbf6a9109a4057ae52a32bc5299d8503fcd12d4868b7106d564429f6ca05ce2c40092dceac755c4e6bc0a",
  ],
  [
    "session-assertion",
    "c992b2c7a3de2bdc",
    "ca7718f3ac1b27a7aa4e692cdd5a4cfdd34c349a568f4543d150f49eadfef027",
    "d070bf0feaea6e13a7e1b8dcaab9ee5bf16ff7c6d146ddc5a43d853d9423ca739fa52c75821f765c2b93868c84e0a20ed91c395679479030efda0b89fecd1c07",
  ],
  [
    "acknowledgement",
    "27ab76828dffaa44",
    "9f103da2765c82b5bf1513e8f0ef77e1cab883c087aa168f1c757188b243cde4",
    "daf3a4811b96bba194f5ca019c39c032b94456da359da7af62de0a5a80093ee52a7aa31ea43dd06a95529303f3d127ef00e7600b64dcedcf3872268c44010804",
  ],
  [
    "carried-queue",
    "84143a97bfdafa15",
    "8c482be5dd2cd0025a58c07c685ff5f1be83c0b2acdb7cd17ab14559534c4a07",
    "c1e86aa499a5f2341e3b9efe4469cc684738cd239a52e733eb4d143f0f2e2d9d039d82d86552bfdd2fd66692a38378693f821463d30aad429e894dcab6c35803",
  ],
];

describe("an independent COSE library", () => {
  test.each(vectors)("wrote the same bytes, key id and hash for %s", async (kind, keyId, hash, signature) => {
    const theirs = hexToBytes(
      `d2844da2012704 48${keyId}a04c${bytesToHex(payload)}5840${signature}`.replace(" ", ""),
    );
    const ours = signDocumentSync(createSyncSigner(kind, seed), payload);
    expect(bytesToHex(ours.bytes)).toBe(bytesToHex(theirs));
    expect(bytesToHex(ours.hash)).toBe(hash);
    expect(bytesToHex(await signDocument(await createSigner(kind, seed), payload))).toBe(bytesToHex(theirs));
    const opened = { ok: true, payload, keyId: hexToBytes(keyId), hash: hexToBytes(hash) };
    expect(await openDocument(kind, theirs, () => publicKey)).toEqual(opened);
  });

  test("every kind has a vector", () => {
    expect(vectors.map(([kind]) => kind).toSorted()).toEqual([...signedKinds].toSorted());
  });
});

describe("RFC 9052 written out by hand over node:crypto", () => {
  test("verifies what we sign", () => {
    const keyObject = createPublicKey(privateKeyOf(seed));
    fc.assert(
      fc.property(fc.constantFrom(...signedKinds), payloads, (kind, content) => {
        const { bytes, hash } = signDocumentSync(createSyncSigner(kind, seed), content);
        const keyId = keyIdOf(kind, publicKey);
        const message = sigStructureByHand(kind, headerByHand(keyId), content);
        expect(bytesToHex(bytes.subarray(0, -64))).toBe(
          bytesToHex(envelopeByHand(headerByHand(keyId), content, new Uint8Array(64)).subarray(0, -64)),
        );
        expect(verify(null, message, keyObject, bytes.subarray(-64))).toBe(true);
        expect(bytesToHex(hash)).toBe(createHash("sha256").update(message).digest("hex"));
      }),
      { numRuns: 40 },
    );
  });

  test("signs what we open", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...signedKinds), payloads, async (kind, content) => {
        const opened = await openDocument(kind, signedByHand({ kind, content }), () => publicKey);
        expect(opened).toMatchObject({ ok: true, payload: content });
      }),
      { numRuns: 100 },
    );
  });
});

const pairs = signedKinds.flatMap((made) =>
  signedKinds.filter((asked) => asked !== made).map((asked) => [made, asked] as const),
);

describe("one kind as another, under the very same Ed25519 key", () => {
  test.each(pairs)("%s is refused as %s", async (made, asked) => {
    const { bytes } = signDocumentSync(createSyncSigner(made, seed), payload);
    const refusal = { code: "wrong-kind", keyId: keyIdOf(made, publicKey) };
    expect(await openDocument(asked, bytes, () => publicKey)).toEqual({ ok: false, refusal });
  });

  test.each(pairs)("%s relabelled with the key id of %s is refused by its signature", async (made, asked) => {
    const keyId = keyIdOf(asked, publicKey);
    const relabelled = signedByHand({ kind: made, header: headerByHand(keyId) });
    const refusal = { code: "bad-signature", keyId };
    expect(await openDocument(asked, relabelled, () => publicKey)).toEqual({ ok: false, refusal });
  });
});

describe("a signed thing that was changed", () => {
  test("is refused whichever single bit it was", async () => {
    const { bytes } = signDocumentSync(createSyncSigner("operation", seed), payload);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await openDocument("operation", changed, () => publicKey)).toMatchObject({ ok: false });
    }
  });

  test("is refused when cut short anywhere, or lengthened", async () => {
    const { bytes } = signDocumentSync(createSyncSigner("operation", seed), payload);
    for (let length = 0; length < bytes.length; length++) {
      expect(await openDocument("operation", bytes.subarray(0, length), () => publicKey)).toMatchObject({
        ok: false,
      });
    }
    const longer = concatBytes(bytes, Uint8Array.of(0));
    expect(await openDocument("operation", longer, () => publicKey)).toEqual(refused("malformed"));
  });

  test("arbitrary bytes are refused without a throw", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await openDocument("lease", bytes, () => publicKey)).toMatchObject({ ok: false });
        const tagged = concatBytes(Uint8Array.of(0xd2, 0x84), bytes);
        expect(await openDocument("lease", tagged, () => publicKey)).toMatchObject({ ok: false });
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a second encoding of the same content, with a good signature", () => {
  const keyId = keyIdOf("lease", publicKey);
  const header = headerByHand(keyId);
  const good = signedByHand({ kind: "lease" });
  const signature = good.subarray(-64);

  test.each<[string, string, Uint8Array]>([
    ["the tag in two bytes", "not-canonical", wrapped("d812", good.subarray(1))],
    ["the array's length in two bytes", "not-canonical", wrapped("d29804", good.subarray(2))],
    ["an array of indefinite length", "not-canonical", wrapped("d29f", good.subarray(2), "ff")],
    [
      "the payload's length in two bytes",
      "not-canonical",
      wrapped("d2844d", header, "a0580c", payload, "5840", signature),
    ],
    [
      "the payload in chunks",
      "not-canonical",
      wrapped("d2844d", header, "a05f4c", payload, "ff5840", signature),
    ],
    [
      "the header's length in two bytes",
      "not-canonical",
      wrapped("d284580d", header, "a04c", payload, "5840", signature),
    ],
    ["header keys out of order", "not-canonical", signedByHand({ header: wrapped("a20448", keyId, "0127") })],
    [
      "a repeated header key",
      "not-canonical",
      signedByHand({ header: wrapped("a301270448", keyId, "0127") }),
    ],
    [
      "a longer form of the algorithm",
      "not-canonical",
      signedByHand({ header: wrapped("a20138070448", keyId) }),
    ],
    ["an indefinite header", "not-canonical", signedByHand({ header: wrapped("bf01270448", keyId, "ff") })],
    ["payload keys out of order", "not-canonical", signedByHand({ content: hexToBytes("a202000100") })],
    ["a longer integer in the payload", "not-canonical", signedByHand({ content: hexToBytes("a1011805") })],
    ["an indefinite map as the payload", "not-canonical", signedByHand({ content: hexToBytes("bf0105ff") })],
    ["bytes after the payload's map", "malformed", signedByHand({ content: hexToBytes("a1010500") })],
    ["a payload that is no CBOR", "malformed", signedByHand({ content: utf8ToBytes("{}") })],
    ["an empty payload", "malformed", signedByHand({ content: new Uint8Array() })],
    ["bytes after the header's map", "malformed", signedByHand({ header: wrapped(header, "00") })],
    ["bytes after the document", "malformed", wrapped(good, "f6")],
  ])("%s is refused as %s", async (_, code, bytes) => {
    expect(await openDocument("lease", bytes, () => publicKey)).toEqual(refused(code));
  });

  test("what these were made from is accepted", async () => {
    expect(await openDocument("lease", good, () => publicKey)).toMatchObject({ ok: true });
    expect(wrapped("d2844d", header, "a04c", payload, "5840", signature)).toEqual(good);
  });
});

describe("headers and shapes that are not ours, with a good signature", () => {
  const keyId = keyIdOf("lease", publicKey);
  const kid = `0448${bytesToHex(keyId)}`;
  const withHeader = (hex: string) => signedByHand({ header: hexToBytes(hex) });

  test.each<[string, string, Uint8Array]>([
    ["a critical header", "unknown-header", withHeader(`a3012702811901f4${kid}`)],
    ["an empty list of critical headers", "unknown-header", withHeader(`a301270280${kid}`)],
    ["a content type", "unknown-header", withHeader(`a301270300${kid}`)],
    ["a private label", "unknown-header", withHeader(`a30127${kid}3a0001000000`)],
    ["a text label", "unknown-header", withHeader(`a30127${kid}616100`)],
    [
      "the key id in the unprotected header",
      "unknown-header",
      signedByHand({ unprotected: hexToBytes(`a1${kid}`) }),
    ],
    ["an unprotected algorithm", "unknown-header", signedByHand({ unprotected: hexToBytes("a10127") })],
    [
      "an unprotected counter-signature",
      "unknown-header",
      signedByHand({ unprotected: hexToBytes("a10bf6") }),
    ],
    ["no algorithm", "unsupported-algorithm", withHeader(`a1${kid}`)],
    ["ES256", "unsupported-algorithm", withHeader(`a20126${kid}`)],
    ["Ed25519 by its newer number, -19", "unsupported-algorithm", withHeader(`a20132${kid}`)],
    ["an algorithm by name", "unsupported-algorithm", withHeader(`a201654564445341${kid}`)],
    ["no key id", "malformed", withHeader("a10127")],
    ["a key id of 7 bytes", "malformed", withHeader("a201270447aabbccddeeff00")],
    ["a key id that is text", "malformed", withHeader("a2012704686b65792d69642d31")],
    ["an empty header", "malformed", signedByHand({ header: new Uint8Array() })],
    ["a header that is no map", "malformed", withHeader("80")],
    ["a signature of 63 bytes", "malformed", reshaped((parts) => [...parts.slice(0, 3), new Uint8Array(63)])],
    ["a signature of 65 bytes", "malformed", reshaped((parts) => [...parts.slice(0, 3), new Uint8Array(65)])],
    [
      "a detached payload",
      "malformed",
      reshaped(([header, map, , signature]) => [header, map, null, signature]),
    ],
    ["three items", "malformed", reshaped((parts) => parts.slice(0, 3))],
    ["five items", "malformed", reshaped((parts) => [...parts, null])],
    [
      "an unprotected header that is no map",
      "malformed",
      reshaped(([header, , ...rest]) => [header, null, ...rest]),
    ],
    ["no tag", "malformed", signedByHand({}).subarray(1)],
    ["the tag of COSE_Sign", "malformed", concatBytes(hexToBytes("d862"), signedByHand({}).subarray(1))],
    ["the tag of COSE_Mac0", "malformed", concatBytes(hexToBytes("d1"), signedByHand({}).subarray(1))],
  ])("%s is refused as %s", async (_, code, bytes) => {
    expect(await openDocument("lease", bytes, () => publicKey)).toEqual(refused(code));
  });
});

describe("keys", () => {
  const { bytes } = signDocumentSync(createSyncSigner("lease", seed), payload);
  const keyId = keyIdOf("lease", publicKey);

  test("a key that is not trusted is refused, and named", async () => {
    const answer = await openDocument("lease", bytes, () => undefined);
    expect(answer).toEqual({ ok: false, refusal: { code: "unknown-key", keyId } });
  });

  test("another key given for the id is refused before its signature is looked at", async () => {
    const other = createSyncSigner(
      "lease",
      seed.map((byte) => byte + 1),
    ).publicKey;
    const answer = await openDocument("lease", bytes, () => other);
    expect(answer).toEqual({ ok: false, refusal: { code: "wrong-kind", keyId } });
  });

  test("the key is looked for by the id in the document", async () => {
    const asked: string[] = [];
    await openDocument("lease", bytes, (id) => {
      asked.push(bytesToHex(id));
      return undefined;
    });
    expect(asked).toEqual([bytesToHex(keyId)]);
  });
});

describe("hashes", () => {
  test("do not depend on the signature (S3)", () => {
    const { bytes, hash } = signDocumentSync(createSyncSigner("operation", seed), payload);
    const other = concatBytes(bytes.subarray(0, -64), new Uint8Array(64).fill(1));
    const parsed = parseDocument(other);
    expect(parsed.ok && hashOf("operation", parsed)).toEqual(hash);
  });

  test("differ between kinds for the same payload", () => {
    const hashes = signedKinds.map((kind) =>
      bytesToHex(signDocumentSync(createSyncSigner(kind, seed), payload).hash),
    );
    expect(new Set(hashes).size).toBe(signedKinds.length);
  });
});

test("a payload that is not deterministic CBOR is never signed", async () => {
  const content = hexToBytes("a1011805");
  expect(() => signDocumentSync(createSyncSigner("lease", seed), content)).toThrow("deterministic");
  await expect(signDocument(await createSigner("lease", seed), content)).rejects.toThrow("deterministic");
});

const payloads = fc
  .uniqueArray(fc.tuple(fc.nat(30), fc.uint8Array({ maxLength: 100 })), {
    selector: ([key]) => key,
    maxLength: 20,
  })
  .map((entries) => encodeCbor(new Map(entries)));

function wrapped(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return concatBytes(...parts.map((part) => (typeof part === "string" ? hexToBytes(part) : part)));
}

interface HandMade {
  readonly kind?: SignedKind;
  readonly header?: Uint8Array;
  readonly unprotected?: Uint8Array;
  readonly content?: Uint8Array;
}

/** Signs whatever it is given, without any of the checks under test. */
function signedByHand({ kind = "lease", header, unprotected, content = payload }: HandMade): Uint8Array {
  const protectedHeader = header ?? headerByHand(keyIdOf(kind, publicKey));
  const message = sigStructureByHand(kind, protectedHeader, content);
  return envelopeByHand(protectedHeader, content, sign(null, message, privateKeyOf(seed)), unprotected);
}

function reshaped(change: (parts: (Uint8Array | Map<number, never> | null)[]) => unknown[]): Uint8Array {
  const signed = signedByHand({});
  const parts = [
    headerByHand(keyIdOf("lease", publicKey)),
    new Map<number, never>(),
    payload,
    signed.slice(-64),
  ];
  return concatBytes(Uint8Array.of(0xd2), encodeCbor(change(parts) as Uint8Array[]));
}

function headerByHand(keyId: Uint8Array): Uint8Array {
  return concatBytes(hexToBytes("a201270448"), keyId);
}

function envelopeByHand(
  header: Uint8Array,
  content: Uint8Array,
  signature: Uint8Array,
  unprotected: Uint8Array = hexToBytes("a0"),
): Uint8Array {
  const start = hexToBytes("d284");
  return concatBytes(start, byteString(header), unprotected, byteString(content), byteString(signature));
}

function sigStructureByHand(kind: SignedKind, header: Uint8Array, content: Uint8Array): Uint8Array {
  const context = utf8ToBytes(`paypost/1/${kind}`);
  const start = concatBytes(hexToBytes("846a"), utf8ToBytes("Signature1"));
  return concatBytes(start, byteString(header), byteString(context), byteString(content));
}

function byteString(bytes: Uint8Array): Uint8Array {
  const length = bytes.length;
  if (length < 24) return concatBytes(Uint8Array.of(0x40 | length), bytes);
  if (length < 256) return concatBytes(Uint8Array.of(0x58, length), bytes);
  return concatBytes(Uint8Array.of(0x59, length >> 8, length & 255), bytes);
}

function privateKeyOf(secret: Uint8Array) {
  const der = concatBytes(hexToBytes("302e020100300506032b657004220420"), secret);
  return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
}

function refused(code: string) {
  return { ok: false, refusal: { code } };
}
