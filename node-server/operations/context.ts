/** What judging operations needs besides the database. */
import type { TrustedKeys } from "#sync/documents/key-set.ts";
import type { BoxKeyPair } from "#sync/signing/sealed.ts";
import type { Signer } from "#sync/signing/signers.ts";

export interface OperationContext {
  /** Opens the secrets that travel beside operations. */
  readonly boxKeys: BoxKeyPair;
  /** Keys the blind index of voucher numbers; 32 bytes. */
  readonly indexKey: Uint8Array;
  readonly verdictSigner: Signer;
  /** What the server signed by these counts as evidence while it recovers from a restore. */
  readonly trusted: TrustedKeys;
  /** Whether an error is the database's and may pass: nothing is known of what was being judged. */
  readonly isPassing: (error: unknown) => boolean;
  /** Told of an error of ours that was contained. */
  readonly onFailure: (error: unknown, what: string) => void;
  /** Told of each verdict once it is committed. */
  readonly onVerdict?: (type: string, verdict: string) => void;
}
