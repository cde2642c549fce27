/**
 * A voucher token: the server's signed description of a voucher, in the QR code beside its serial, so that a node
 * without a network can check the voucher and its number (design section 4.4).
 *
 * Later field, readers first: `atRisk`.
 */
import { squareCode } from "./square-code.ts";
import { decodeDocument, encodeDocument, laterField, mapOf, type Decoded } from "./codec.ts";
import { amountMinor, bytes, currency, serial, text, timeMs, yesOrNo } from "./fields.ts";

export interface VoucherToken {
  readonly serial: bigint;
  readonly group: string;
  /** Whether its group is one that may be redeemed without a lease, and so is never leased. */
  readonly atRisk: boolean;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly expiresAtMs: number;
  readonly programme: string;
  /** 16 bytes from `tokenVerifier`. */
  readonly verifier: Uint8Array;
}

/** The payload of a token. Throws when a field is out of its range. */
export function encodeVoucherToken(token: VoucherToken): Uint8Array {
  return encodeDocument(codec, token);
}

/** Reads the payload of a token, or says what is wrong with it. */
export function decodeVoucherToken(payload: Uint8Array): Decoded<VoucherToken> {
  return decodeDocument(codec, payload);
}

const code = squareCode("PV1:", 1024);

/** The text of a signed token: `PV1:` and base45. */
export function tokenToText(signedToken: Uint8Array): string {
  return code.toText(signedToken);
}

/** The signed token of a text, or undefined when it is not one; nothing is verified yet. */
export function textToToken(scanned: string): Uint8Array | undefined {
  return code.toBytes(scanned);
}

const codec = mapOf<VoucherToken>({
  serial: [1, serial],
  group: [2, text(64)],
  amountMinor: [3, amountMinor],
  currency: [4, currency],
  expiresAtMs: [5, timeMs],
  programme: [6, text(128)],
  verifier: [7, bytes(16)],
  atRisk: [8, laterField(yesOrNo, false)],
});
