import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { tokenVerifier, verifierInput } from "#sync/documents/voucher-number.ts";
import { createNativeScrypt } from "./native-scrypt.ts";

test.each([1, 3])(
  "with %i at once, the platform's scrypt makes the verifier that a node makes",
  async (atOnce) => {
    const scrypt = createNativeScrypt(atOnce);
    const inputs = Array.from({ length: 12 }, (_, index) => ({
      keyId: new Uint8Array(randomBytes(8)),
      serial: BigInt(index + 1),
      number: String(1_000_000_000_000_000 + index),
    }));
    const derived = await Promise.all(
      inputs.map((input) => {
        const { password, salt } = verifierInput(input);
        return scrypt(password, salt);
      }),
    );
    expect(derived).toEqual(inputs.map((input) => tokenVerifier(input)));
  },
);

test("one that fails leaves its place to the others", async () => {
  const scrypt = createNativeScrypt(1);
  const wrong = scrypt(undefined as unknown as Uint8Array, new Uint8Array(32));
  const right = scrypt(new Uint8Array(16), new Uint8Array(32));
  await expect(wrong).rejects.toBeInstanceOf(TypeError);
  expect(await right).toHaveLength(16);
});
