/** An identity provider of the tests' own: a key set, and tokens for institutions. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JSONWebKeySet } from "jose";

export interface Issuer {
  readonly keySet: JSONWebKeySet;
  token(
    institutionId: string,
    claims?: {
      readonly scope?: string;
      readonly audience?: string;
      readonly expires?: string;
      readonly sub?: string;
    },
  ): Promise<string>;
}

export const allScopes =
  "vouchers:issue vouchers:read vouchers:redeem bills:read bills:write mapper:read mapper:write " +
  "disbursements:submit disbursements:approve disbursements:read disbursements:pay";

export async function createIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA", use: "sig" };
  return {
    keySet: { keys: [jwk] },
    token: (institutionId, { scope = allScopes, audience = "paypost", expires = "1h", sub } = {}) =>
      new SignJWT({ client_id: institutionId, scope, ...(sub === undefined ? {} : { sub }) })
        .setProtectedHeader({ alg: "EdDSA", kid: "test" })
        .setAudience(audience)
        .setExpirationTime(expires)
        .sign(privateKey),
  };
}
