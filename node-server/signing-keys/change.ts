/**
 * Replacing the keys that the server signs with (design: "Keys"): a next key is made and told to everybody; another person makes it
 * current; what it replaces is old until nothing depends on it, and is then retired.
 *
 * K3  Two people: who prepares a key does not activate it.
 * K4  A key is prepared for `publishedMs` before it signs: caches of `/.well-known/jwks.json` have run out, and every process
 *     and every node that is in contact has it.
 */
import type { Pool, PoolClient } from "pg";
import type { KeyStore } from "../ports/key-store.ts";
import {
  activateNextKey,
  insertNextKey,
  lockSigningKeys,
  newestKeySet,
  publishKeySet,
  readSigningKeys,
  retireKey,
} from "../postgres/signing-key-rows.ts";
import type { SigningKeyRow } from "../postgres/signing-key-rows.ts";
import { inTransaction } from "../postgres/transaction.ts";
import { readHeldKeys, signKeySet } from "./held.ts";
import { keyName, shownKeyId } from "./kinds.ts";
import type { KeyKind } from "./kinds.ts";
import { whatDependsOn } from "../postgres/signing-key-uses.ts";

export interface KeyChangeParts {
  readonly pool: Pool;
  readonly store: KeyStore;
  readonly boxPublicKey: Uint8Array;
}

export type KeyRefusal =
  | { readonly code: "next-there-already" | "no-next" | "same-person" | "no-old-key"; readonly key: string }
  | { readonly code: "too-early" | "in-use"; readonly key: string; readonly because: string };

export type KeyChange =
  | { readonly ok: true; readonly keys: readonly SigningKeyRow[] }
  | { readonly ok: false; readonly refusal: KeyRefusal };

/** How long a key is published before it is used. */
const publishedMs = 10 * 60_000;

/** How long processes may go on signing with a key that was replaced. */
const takenUpMs = 60_000;

/** The longest time after which a node comes back with what was signed before (design section 3: the backup window). */
const overlapDays = 90;

/** Receivers judge callbacks when they come; what is sent again is signed anew. */
const callbackOverlapDays = 1;

/** Makes the next keys of these kinds, and tells nodes and receivers of callbacks to trust them. */
export function prepareKeys(
  parts: KeyChangeParts,
  kinds: readonly KeyKind[],
  by: string,
): Promise<KeyChange> {
  return changeKeys(parts, async (client) => {
    const rows = await readSigningKeys(client);
    for (const kind of kinds) {
      const known = rows.filter((row) => row.kind === kind);
      if (known.some(({ state }) => state === "next"))
        throw new KeyRefused({ code: "next-there-already", key: kind });
      const number = known.length + 1;
      const { publicKey } = await parts.store.signing(keyName(kind, number));
      await insertNextKey(client, { kind, number, publicKey, by });
      await record(client, by, "key.prepare", { kind, number, publicKey });
    }
    if (kinds.some(isToldToNodes)) await tellNodes(parts, client);
  });
}

/** `now` leaves out that the keys must have been published for a time: for a key that is in wrong hands. */
export function activateKeys(
  parts: KeyChangeParts,
  kinds: readonly KeyKind[],
  { by, now }: { readonly by: string; readonly now: boolean },
): Promise<KeyChange> {
  return changeKeys(parts, async (client) => {
    const rows = await readSigningKeys(client);
    for (const kind of kinds) {
      const next = rows.find((row) => row.kind === kind && row.state === "next");
      if (!next) throw new KeyRefused({ code: "no-next", key: kind });
      const key = keyName(kind, next.number);
      if (next.preparedBy === by) throw new KeyRefused({ code: "same-person", key });
      const from = new Date(next.preparedAt.getTime() + publishedMs);
      if (!now && from > (await clockOf(client)))
        throw new KeyRefused({ code: "too-early", key, because: `it may sign from ${from.toISOString()}` });
      await activateNextKey(client, kind, by);
      await record(client, by, "key.activate", next);
    }
  });
}

/** `compromised` says why it is not believed any more, whatever depends on it. */
export function retireOldKey(
  parts: KeyChangeParts,
  { kind, number }: Pick<SigningKeyRow, "kind" | "number">,
  { by, compromised }: { readonly by: string; readonly compromised: string | null },
): Promise<KeyChange> {
  return changeKeys(parts, async (client) => {
    const key = keyName(kind, number);
    const row = (await readSigningKeys(client)).find(
      (other) => other.kind === kind && other.number === number,
    );
    if (row?.state !== "old" || row.replacedAt === null) throw new KeyRefused({ code: "no-old-key", key });
    const from = new Date(row.replacedAt.getTime() + (compromised === null ? overlapMs(kind) : takenUpMs));
    if (from > (await clockOf(client)))
      throw new KeyRefused({
        code: "too-early",
        key,
        because: `it may be retired from ${from.toISOString()}`,
      });
    const because = compromised === null ? await whatDependsOn(client, row) : undefined;
    if (because !== undefined) throw new KeyRefused({ code: "in-use", key, because });
    await retireKey(client, row, { by, because: compromised });
    await record(client, by, "key.retire", row, compromised);
    if (isToldToNodes(kind)) await tellNodes(parts, client);
  });
}

function overlapMs(kind: KeyKind): number {
  return (kind === "callback" ? callbackOverlapDays : overlapDays) * 86_400_000;
}

function isToldToNodes(kind: KeyKind): boolean {
  return kind !== "callback";
}

class KeyRefused extends Error {
  readonly refusal: KeyRefusal;
  constructor(refusal: KeyRefusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

async function changeKeys(
  { pool }: KeyChangeParts,
  work: (client: PoolClient) => Promise<void>,
): Promise<KeyChange> {
  try {
    const keys = await inTransaction(pool, "begin", async (client) => {
      await lockSigningKeys(client);
      await work(client);
      return readSigningKeys(client);
    });
    return { ok: true, keys };
  } catch (error) {
    if (error instanceof KeyRefused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

/** Versions follow the clock in minutes: also a database that was restored gives none that nodes have seen already. */
async function tellNodes({ store, boxPublicKey }: KeyChangeParts, client: PoolClient): Promise<void> {
  const newest = await newestKeySet(client);
  const issuedAtMs = (await clockOf(client)).getTime();
  const version = Math.max((newest?.version ?? 0) + 1, Math.floor(issuedAtMs / 60_000));
  const held = await readHeldKeys(store, client);
  await publishKeySet(client, await signKeySet(held, { version, issuedAtMs, boxPublicKey }));
}

async function clockOf(client: PoolClient): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>("select clock_timestamp() as now");
  const [row] = rows;
  if (!row) throw new Error("the database told no time");
  return row.now;
}

async function record(
  client: PoolClient,
  by: string,
  action: string,
  { kind, number, publicKey }: Pick<SigningKeyRow, "kind" | "number" | "publicKey">,
  because: string | null = null,
): Promise<void> {
  const after = { keyId: shownKeyId(kind, publicKey), ...(because !== null && { because }) };
  await client.query("insert into audit_entries (actor, action, subject, after) values ($1, $2, $3, $4)", [
    `operator:${by}`,
    action,
    `key:${keyName(kind, number)}`,
    JSON.stringify(after),
  ]);
}
