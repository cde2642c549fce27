/**
 * Where this installation's secret keys are. Files are the one implementation (`key-files.ts`); a module that never gives a private
 * key away (HSM) could be another, since what signs is asked for its signature and not for its key.
 */

export interface SigningKey {
  readonly publicKey: Uint8Array;
  /** Ed25519. */
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>;
}

export interface KeyStore {
  /** A key that there is not is made, once, whoever asks first. */
  signing(name: string): Promise<SigningKey>;
  /** Makes nothing. */
  findSigning(name: string): Promise<SigningKey | undefined>;
  /** The 32 bytes of a key that the server itself works with: boxes, seals and blind indexes. Made once, like the others. */
  secret(name: string): Promise<Uint8Array>;
}
