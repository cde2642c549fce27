/**
 * What an agent's operation says of a payee: personal data, so the signed operation holds a commitment to it, and the
 * statement travels sealed beside it (design section 3). Retention erases it without breaking the chain.
 *
 * Format 1: first one.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { modalities } from "#core/payee-addresses.ts";
import type { Modality } from "#core/payee-addresses.ts";
import type { RandomBytes } from "../signing/random.ts";
import { openSealed, seal } from "../signing/sealed.ts";
import type { BoxKeyPair } from "../signing/sealed.ts";
import { decodeDocument, encodeDocument, mapOf, nullable } from "./codec.ts";
import { formatVersion, oneOf, text, yesOrNo } from "./fields.ts";

export interface PayeeStatement {
  readonly identity: string;
  readonly modality: Modality | null;
  readonly institutionCode: string | null;
  readonly address: string | null;
  readonly area: string | null;
  readonly active: boolean | null;
  /** Why an address was revealed. */
  readonly reason: string | null;
}

/** A statement in its one encoding, and the 16 random bytes that keep its commitment from being guessed. */
export interface StatementOpening {
  readonly opening: Uint8Array;
  readonly statement: Uint8Array;
}

const versioned = mapOf<PayeeStatement & { readonly version: 1 }>({
  version: [1, formatVersion(1)],
  identity: [2, text(80)],
  modality: [3, nullable(oneOf(...modalities))],
  institutionCode: [4, nullable(text(44))],
  address: [5, nullable(text(136))],
  area: [6, nullable(text(200))],
  active: [7, nullable(yesOrNo)],
  reason: [8, nullable(text(300))],
});

/** A fresh opening for a statement. Throws when a field is out of its range. */
export function openingForStatement(statement: PayeeStatement, randomBytes: RandomBytes): StatementOpening {
  return { opening: randomBytes(16), statement: encodeDocument(versioned, { version: 1, ...statement }) };
}

/** SHA-256(context ‖ opening ‖ statement). */
export function commitmentOfStatement({ opening, statement }: StatementOpening): Uint8Array {
  if (opening.length !== 16) throw new Error("an opening has 16 bytes");
  return sha256(concatBytes(utf8ToBytes("paypost/1/commitment/payee-statement"), opening, statement));
}

export function sealStatement(
  serverBoxKey: Uint8Array,
  { opening, statement }: StatementOpening,
  randomBytes: RandomBytes,
): Uint8Array {
  return seal(serverBoxKey, concatBytes(opening, statement), randomBytes);
}

/** Undefined when it does not open, or is not what the commitment was made for, or is no statement. */
export function openStatement(
  serverBox: BoxKeyPair,
  sealed: Uint8Array,
  commitment: Uint8Array,
): PayeeStatement | undefined {
  const plain = openSealed(serverBox, sealed);
  if (!plain || plain.length <= 16) return undefined;
  const opening = { opening: plain.slice(0, 16), statement: plain.slice(16) };
  if (!commitmentOfStatement(opening).every((byte, index) => byte === commitment[index])) return undefined;
  const decoded = decodeDocument(versioned, opening.statement);
  if (!decoded.ok) return undefined;
  const { version: _version, ...statement } = decoded.value;
  return statement;
}
