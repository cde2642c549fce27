/** Codes of an authenticator app (RFC 6238): six digits, of 30 seconds, the one before and the one after taken too. */
import { Secret, TOTP } from "otpauth";
import nacl from "tweetnacl";

const periodSeconds = 30;

/** The step in time that the code is of; null when it is of none that is near. */
export function stepOfCode(secret: Uint8Array, code: string, nowMs: number): number | null {
  if (!/^[0-9]{6}$/.test(code)) return null;
  const distance = totp("", secret).validate({ token: code, window: 1, timestamp: nowMs });
  return distance === null ? null : Math.floor(nowMs / 1000 / periodSeconds) + distance;
}

/** What an authenticator app is told, as a link or a square code. */
export function appLink(name: string, secret: Uint8Array): string {
  return totp(name, secret).toString();
}

/** The same for those who type it. */
export function typedSecret(secret: Uint8Array): string {
  return new Secret({ buffer: secret.slice().buffer }).base32;
}

function totp(name: string, secret: Uint8Array): TOTP {
  return new TOTP({
    issuer: "Paypost",
    label: name === "" ? "operator" : name,
    algorithm: "SHA1",
    digits: 6,
    period: periodSeconds,
    secret: new Secret({ buffer: secret.slice().buffer }),
  });
}

/** Secrets are kept sealed, so that the database alone makes no codes. */
export function sealSecret(
  key: Uint8Array,
  secret: Uint8Array,
  randomBytes: (length: number) => Uint8Array,
): Uint8Array {
  const nonce = randomBytes(nacl.secretbox.nonceLength);
  return Uint8Array.from([...nonce, ...nacl.secretbox(secret, nonce, key)]);
}

/** Throws for what was sealed by another installation, and for what is damaged. */
export function openSecret(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const { nonceLength } = nacl.secretbox;
  const opened = nacl.secretbox.open(sealed.subarray(nonceLength), sealed.subarray(0, nonceLength), key);
  if (!opened) throw new Error("an operator's secret was sealed under another key, or is damaged");
  return opened;
}
