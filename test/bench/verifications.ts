/** What the machine's own Ed25519 can do, whatever is made of it. */
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { cpus } from "node:os";
import { promisify } from "node:util";

/** A second, by the platform's own threads, as many at once as there are processors. */
export async function nativeVerifications(count: number): Promise<number> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const message = new Uint8Array(250);
  const signature = sign(null, message, privateKey);
  const verifyOne = promisify(verify);
  let left = count;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: 2 * cpus().length }, async () => {
      while (left-- > 0)
        if (!(await verifyOne(null, message, publicKey, signature))) throw new Error("not verified");
    }),
  );
  return count / ((performance.now() - begun) / 1000);
}
