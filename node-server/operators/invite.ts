/** What a person needs to sign in for the first time: a one-time password, and a secret that only the console will show them. */
import { sealSecret } from "./one-time-code.ts";
import { hashPassword } from "./password.ts";

export interface InvitationSecrets {
  /** Told to the person, and kept nowhere. */
  readonly oneTimePassword: string;
  readonly passwordHash: string;
  readonly totpSecret: Uint8Array;
}

/** Good for three days: long enough for a letter, and no longer. */
export const invitationHours = 72;

export async function makeInvitation(
  operatorKey: Uint8Array,
  randomBytes: (length: number) => Uint8Array,
): Promise<InvitationSecrets> {
  const oneTimePassword = Buffer.from(randomBytes(15)).toString("base64url");
  return {
    oneTimePassword,
    passwordHash: await hashPassword(oneTimePassword),
    totpSecret: sealSecret(operatorKey, randomBytes(20), randomBytes),
  };
}
