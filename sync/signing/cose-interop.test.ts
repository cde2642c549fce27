/** Signed things are plain COSE_Sign1: an independent library verifies them, and refuses them as another kind. */
import { createPublicKey } from "node:crypto";
import { Sign1 } from "@auth0/cose";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { encodeCbor } from "./cbor.ts";
import { signDocument } from "./cose.ts";
import { signedKinds } from "./kinds.ts";
import { createSigner } from "./signers.ts";

const payload = encodeCbor(new Map([[1, "paypost"]]));

describe.each(signedKinds)("a signed %s", (kind) => {
  test("verifies with an independent COSE library under its context", async () => {
    const { bytes, key } = await signed();
    const decoded = Sign1.decode(bytes);
    expect(decoded.payload).toEqual(payload);
    await expect(decoded.verify(key, { externalAAD: context(kind) })).resolves.toBeUndefined();
  });

  test("does not verify there under any other kind's context, nor without one", async () => {
    const { bytes, key } = await signed();
    for (const other of signedKinds.filter((name) => name !== kind)) {
      await expect(Sign1.decode(bytes).verify(key, { externalAAD: context(other) })).rejects.toThrow(
        /signature/i,
      );
    }
    await expect(Sign1.decode(bytes).verify(key)).rejects.toThrow(/signature/i);
  });

  async function signed() {
    const signer = await createSigner(kind, crypto.getRandomValues(new Uint8Array(32)));
    const x = Buffer.from(signer.publicKey).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return { bytes: await signDocument(signer, payload), key };
  }
});

function context(kind: string): Uint8Array {
  return utf8ToBytes(`paypost/1/${kind}`);
}
