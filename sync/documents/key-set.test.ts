import { describe, expect, test } from "vitest";
import {
  createSyncSigner,
  keyIdOf,
  serverKinds,
  signDocumentSync,
  signedKinds,
  type SignedKind,
} from "../signing/cose.ts";
import { boxKeyPair } from "../signing/sealed.ts";
import { acceptKeySet, encodeKeySet, openSelfSignedKeySet, trustedKeys, type KeySet } from "./key-set.ts";
import { encodeLease } from "./lease.ts";

const serverBoxKey = boxKeyPair(new Uint8Array(32).fill(9)).publicKey;
const first = signer("key-set", 1);
const second = signer("key-set", 2);
const current = keySet(5, [first]);

describe("accepting a key set", () => {
  test("a later one signed by a key of the current one is accepted, with its hash", async () => {
    const next = keySet(6, [second]);
    const { bytes, hash } = signDocumentSync(first, encodeKeySet(next));
    const accepted = await acceptKeySet(current, bytes);
    expect(accepted).toEqual({ ok: true, value: next, keyId: first.keyId, hash });
  });

  test("a chain of sets carries trust from key to key, and drops what a later set leaves out", async () => {
    const sixth = await accept(current, keySet(6, [second]), first);
    const seventh = await accept(sixth, keySet(7, [second]), second);
    expect(seventh.version).toBe(7);
    const { bytes } = signDocumentSync(first, encodeKeySet(keySet(8, [first])));
    expect(await acceptKeySet(seventh, bytes)).toMatchObject({ ok: false, refusal: { code: "unknown-key" } });
  });

  test.each([5, 4, 0])(
    "version %i after version 5 is refused as old, though well signed",
    async (version) => {
      const { bytes } = signDocumentSync(first, encodeKeySet(keySet(version, [first])));
      expect(await acceptKeySet(current, bytes)).toEqual({
        ok: false,
        refusal: { code: "old-version", version },
      });
    },
  );

  test("one signed by a key that only it lists is refused", async () => {
    const { bytes } = signDocumentSync(second, encodeKeySet(keySet(6, [first, second])));
    const refusal = { code: "unknown-key", keyId: second.keyId };
    expect(await acceptKeySet(current, bytes)).toEqual({ ok: false, refusal });
  });

  test("one signed by a trusted key of another kind is refused", async () => {
    const leaseSigner = signer("lease", 3);
    const trusting: KeySet = {
      ...current,
      keys: [...current.keys, { kind: "lease", publicKey: leaseSigner.publicKey }],
    };
    const asKeySet = createSyncSigner("key-set", new Uint8Array(32).fill(3));
    const { bytes } = signDocumentSync(asKeySet, encodeKeySet(keySet(6, [first])));
    expect(await acceptKeySet(trusting, bytes)).toMatchObject({
      ok: false,
      refusal: { code: "unknown-key" },
    });
  });

  test("a well signed payload that is no key set is refused", async () => {
    const nodeId = "00112233-4455-6677-8899-aabbccddeeff";
    const lease = { serial: 1n, nodeId, epoch: { generation: 1, n: 1 }, notAfterMs: 0 };
    const { bytes } = signDocumentSync(first, encodeLease(lease));
    expect(await acceptKeySet(current, bytes)).toMatchObject({ ok: false, refusal: { field: "issuedAtMs" } });
  });
});

describe("a key set read on its own", () => {
  test("is opened when one of its own keys signed it", async () => {
    const { bytes } = signDocumentSync(first, encodeKeySet(current));
    expect(await openSelfSignedKeySet(bytes)).toMatchObject({ ok: true, value: current });
  });

  test("is refused when another key did, or when it was changed", async () => {
    const { bytes: foreign } = signDocumentSync(second, encodeKeySet(current));
    expect(await openSelfSignedKeySet(foreign)).toMatchObject({
      ok: false,
      refusal: { code: "unknown-key" },
    });
    const { bytes } = signDocumentSync(first, encodeKeySet(current));
    const changed = bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte));
    expect(await openSelfSignedKeySet(changed)).toMatchObject({ ok: false });
    expect(await openSelfSignedKeySet(bytes.subarray(2))).toMatchObject({ ok: false });
  });
});

describe("trusted keys", () => {
  test("one key listed for every kind is found for each by its own key id only", () => {
    const { publicKey } = first;
    const trusted = trustedKeys({ ...current, keys: serverKinds.map((kind) => ({ kind, publicKey })) });
    for (const asked of signedKinds) {
      for (const named of signedKinds) {
        const listed = asked === named && (serverKinds as readonly SignedKind[]).includes(asked);
        const found = trusted.findKey(asked, keyIdOf(named, publicKey));
        expect(found).toEqual(listed ? publicKey : undefined);
      }
    }
  });

  test("a key is not found under a kind that the set does not list it for", () => {
    const trusted = trustedKeys(current);
    expect(trusted.findKey("key-set", first.keyId)).toEqual(first.publicKey);
    expect(trusted.findKey("lease", first.keyId)).toBeUndefined();
    expect(trusted.findKey("key-set", second.keyId)).toBeUndefined();
  });
});

function signer(kind: SignedKind, fill: number) {
  return createSyncSigner(kind, new Uint8Array(32).fill(fill));
}

function keySet(version: number, signers: readonly { readonly publicKey: Uint8Array }[]): KeySet {
  const keys = signers.map(({ publicKey }) => ({ kind: "key-set" as const, publicKey }));
  return { version, issuedAtMs: 1_760_000_000_000, keys, serverBoxKey };
}

async function accept(from: KeySet, to: KeySet, by: ReturnType<typeof signer>): Promise<KeySet> {
  const accepted = await acceptKeySet(from, signDocumentSync(by, encodeKeySet(to)).bytes);
  if (!accepted.ok) throw new Error(accepted.refusal.code);
  return accepted.value;
}
