/**
 * The keys that the server signs with, as the database says they stand: a server looks again every few seconds, so that all
 * processes of an installation take up a change without a restart. What is handed out signs with the key of the moment.
 *
 * K1  Every process has a key, and everybody who trusts was told of it, before the first signature by it.
 * K2  A key that was replaced goes on being trusted until nothing depends on it.
 */
import type { Pool } from "pg";
import type { Logger } from "pino";
import type { TrustedKeys } from "#sync/documents/key-set.ts";
import { equalBytes } from "#sync/signing/bytes.ts";
import { keyIdOf, serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { followKey, signerOf } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";
import { callbackJwk, callbackKeyOf } from "../callbacks/signature.ts";
import type { CallbackKey } from "../callbacks/signature.ts";
import type { KeyStore } from "../ports/key-store.ts";
import {
  keepFirstKeySet,
  newestKeySet,
  readSigningKeys,
  registerBoxKey,
  registerFirstKey,
} from "../postgres/signing-key-rows.ts";
import type { KeySetRow } from "../postgres/signing-key-rows.ts";
import type { TokenSigner } from "../vouchers/commands.ts";
import { readHeldKeys, signersOf, signKeySet, wrongFolder } from "./held.ts";
import type { HeldKey } from "./held.ts";
import { keyKinds, keyName } from "./kinds.ts";
import type { KeyKind } from "./kinds.ts";

/** The signed key set with what callers need of it at hand, each as of the moment it is read. */
export interface PublishedKeySet {
  readonly version: number;
  readonly document: Uint8Array;
  readonly boxPublicKey: Uint8Array;
}

export interface KeyRing {
  /** Each signs with the key that is current at that moment. */
  readonly signers: Readonly<Record<ServerKind, Signer>>;
  readonly tokenSigner: TokenSigner;
  readonly callbackKey: () => CallbackKey;
  /** What the server signs with, signed with, and is about to sign with, but for what is retired. */
  readonly trusted: TrustedKeys;
  readonly keySet: PublishedKeySet;
  readonly jwks: () => { readonly keys: readonly Readonly<Record<string, string>>[] };
  /** Takes up what has changed in the database. Throws WrongKeyFolderError. */
  refresh(): Promise<void>;
}

/** Registers the keys of an installation that has none yet. Throws WrongKeyFolderError. */
export async function openKeyRing(store: KeyStore, pool: Pool, boxPublicKey: Uint8Array): Promise<KeyRing> {
  const box = await registerBoxKey(pool, boxPublicKey);
  if (!equalBytes(box.publicKey, boxPublicKey)) throw wrongFolder("box");
  await registerFirstKeys(store, pool);
  let held = await readHeldKeys(store, pool);
  let keySet =
    (await newestKeySet(pool)) ?? (await makeFirstKeySet(pool, held, boxPublicKey, box.registeredAt));
  const refresh = async () => {
    held = await readHeldKeys(store, pool, held);
    keySet = (await newestKeySet(pool)) ?? keySet;
  };
  const tokenSignerNow = (keyId: Uint8Array | null): Signer | undefined => {
    const keys = held.filter(({ kind }) => kind === "voucher-token");
    const found = keys.find((key) =>
      keyId === null ? key.number === 1 : equalBytes(keyIdOf("voucher-token", key.publicKey), keyId),
    );
    return found && signerOf("voucher-token", found);
  };
  const signers = serverKinds.map((kind) => [kind, liveSigner(kind, () => currentOf(held, kind))] as const);
  return {
    signers: Object.fromEntries(signers) as Record<ServerKind, Signer>,
    async tokenSigner(keyId) {
      const known = tokenSignerNow(keyId);
      if (known) return known;
      // Another process may have made the voucher with a key that it heard of some seconds earlier.
      await refresh();
      return tokenSignerNow(keyId);
    },
    callbackKey: () => callbackKeyOf(currentOf(held, "callback")),
    trusted: {
      findKey: (kind, keyId) =>
        serverKinds
          .filter((known) => known === kind)
          .flatMap((known) => signersOf(held, known))
          .find((signer) => equalBytes(signer.keyId, keyId))?.publicKey,
    },
    keySet: {
      get version() {
        return keySet.version;
      },
      get document() {
        return keySet.document;
      },
      boxPublicKey,
    },
    jwks: () => ({
      keys: held.filter(({ kind }) => kind === "callback").map((key) => callbackJwk(callbackKeyOf(key))),
    }),
    refresh,
  };
}

const lookEveryMs = 3_000;

/** Refreshes the ring until it is closed. */
export function watchKeys(ring: KeyRing, log: Pick<Logger, "error">): { close(): Promise<void> } {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= ring
      .refresh()
      .catch((error: unknown) =>
        log.error({ err: error }, "changes of the signing keys are not taken up; the known keys go on"),
      )
      .finally(() => (looking = undefined));
  }, lookEveryMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function registerFirstKeys(store: KeyStore, pool: Pool): Promise<void> {
  const known = new Set((await readSigningKeys(pool)).map(({ kind }) => kind));
  for (const kind of keyKinds) {
    if (known.has(kind)) continue;
    const { publicKey } = await store.signing(keyName(kind, 1));
    await registerFirstKey(pool, kind, publicKey);
  }
}

/** Nothing in it depends on the moment: servers that start together make the same. */
async function makeFirstKeySet(
  pool: Pool,
  held: readonly HeldKey[],
  boxPublicKey: Uint8Array,
  registeredAt: Date,
): Promise<KeySetRow> {
  const keySet = await signKeySet(held, { version: 1, issuedAtMs: registeredAt.getTime(), boxPublicKey });
  await keepFirstKeySet(pool, keySet.document);
  return keySet;
}

function currentOf(held: readonly HeldKey[], kind: KeyKind): HeldKey {
  const current = held.find((key) => key.kind === kind && key.state === "current");
  if (!current) throw new Error(`there is no current ${kind} key`);
  return current;
}

/** Key id and signature are read without a wait between them (`signDocument`), so that they are of one key. */
function liveSigner(kind: ServerKind, current: () => HeldKey): Signer {
  return followKey(kind, current, (key) => signerOf(kind, key));
}
