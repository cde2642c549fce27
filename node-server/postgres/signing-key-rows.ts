/** The public halves of the keys that the server signs with, what each is for now, and the key sets that nodes were told. */
import type { Pool, PoolClient } from "pg";
import type { KeyKind } from "../signing-keys/kinds.ts";

export type KeyState = "next" | "current" | "old" | "retired";

export interface SigningKeyRow {
  readonly kind: KeyKind;
  readonly number: number;
  readonly publicKey: Uint8Array;
  readonly state: KeyState;
  readonly preparedBy: string | null;
  readonly preparedAt: Date;
  readonly activatedBy: string | null;
  readonly activatedAt: Date | null;
  readonly replacedAt: Date | null;
  readonly retiredAt: Date | null;
}

export interface KeySetRow {
  readonly version: number;
  readonly document: Uint8Array;
}

type Queryable = Pick<Pool | PoolClient, "query">;

export async function readSigningKeys(client: Queryable): Promise<SigningKeyRow[]> {
  const { rows } = await client.query<SigningKeyRow>(
    `select kind, number, public_key as "publicKey", state, prepared_by as "preparedBy", prepared_at as "preparedAt",
       activated_by as "activatedBy", activated_at as "activatedAt", replaced_at as "replacedAt", retired_at as "retiredAt"
     from signing_keys order by kind, number`,
  );
  return rows.map((row) => ({ ...row, publicKey: new Uint8Array(row.publicKey) }));
}

/** The key that an installation begins with; another server that starts at the same moment may have registered it. */
export async function registerFirstKey(pool: Pool, kind: KeyKind, publicKey: Uint8Array): Promise<void> {
  await pool.query(
    `insert into signing_keys (kind, number, public_key, state, activated_at)
     values ($1, 1, $2, 'current', clock_timestamp()) on conflict do nothing`,
    [kind, publicKey],
  );
}

/** Keys are changed by one at a time. */
export async function lockSigningKeys(client: PoolClient): Promise<void> {
  await client.query("lock table signing_keys in share row exclusive mode");
}

export async function insertNextKey(
  client: PoolClient,
  key: Pick<SigningKeyRow, "kind" | "number" | "publicKey"> & { readonly by: string },
): Promise<void> {
  await client.query(
    `insert into signing_keys (kind, number, public_key, state, prepared_by) values ($1, $2, $3, 'next', $4)`,
    [key.kind, key.number, key.publicKey, key.by],
  );
}

/** The current key becomes old, and the next one current. */
export async function activateNextKey(client: PoolClient, kind: KeyKind, by: string): Promise<void> {
  await client.query(
    `update signing_keys set state = 'old', replaced_at = clock_timestamp() where kind = $1 and state = 'current'`,
    [kind],
  );
  await client.query(
    `update signing_keys set state = 'current', activated_by = $2, activated_at = clock_timestamp()
     where kind = $1 and state = 'next'`,
    [kind, by],
  );
}

export async function retireKey(
  client: PoolClient,
  { kind, number }: Pick<SigningKeyRow, "kind" | "number">,
  { by, because }: { readonly by: string; readonly because: string | null },
): Promise<void> {
  await client.query(
    `update signing_keys set state = 'retired', retired_at = clock_timestamp(), retired_by = $3, retired_because = $4
     where kind = $1 and number = $2 and state = 'old'`,
    [kind, number, by, because],
  );
}

/** The very first one; where there is one already, it stays. */
export async function keepFirstKeySet(client: Queryable, document: Uint8Array): Promise<void> {
  await client.query(`insert into key_sets (version, document) values (1, $1) on conflict do nothing`, [
    document,
  ]);
}

export async function newestKeySet(client: Queryable): Promise<KeySetRow | undefined> {
  return (await readKeySets(client, "order by version desc limit 1"))[0];
}

/** Those that came after a version, in their order; at most 100. */
export function keySetsAfter(client: Queryable, version: number): Promise<KeySetRow[]> {
  return readKeySets(client, "where version > $1 order by version limit 100", [version]);
}

async function readKeySets(client: Queryable, which: string, values: unknown[] = []): Promise<KeySetRow[]> {
  const { rows } = await client.query<KeySetRow>(`select version, document from key_sets ${which}`, values);
  return rows.map(({ version, document }) => ({ version, document: new Uint8Array(document) }));
}

/** Tells every node of it; whoever enrols meanwhile waits (`tx.limits.tellKeySet`). */
export async function publishKeySet(client: PoolClient, { version, document }: KeySetRow): Promise<void> {
  await client.query("lock table key_sets in share row exclusive mode");
  await client.query(`insert into key_sets (version, document) values ($1, $2)`, [version, document]);
  await client.query(
    `insert into shape_trust (node_id, kind, version, document)
     select id::text, 'key-set', $1::int, $2 from nodes order by id
     on conflict (node_id, kind) do update set version = excluded.version, document = excluded.document`,
    [version, Buffer.from(document).toString("base64")],
  );
}

/** Binds a database to one key folder. Returns its box key and when it was first registered. */
export async function registerBoxKey(
  pool: Pool,
  publicKey: Uint8Array,
): Promise<{ readonly publicKey: Uint8Array; readonly registeredAt: Date }> {
  await pool.query(
    `insert into server_keys (kind, public_key) values ('box', $1) on conflict (kind) do nothing`,
    [publicKey],
  );
  const { rows } = await pool.query<{ publicKey: Uint8Array; registeredAt: Date }>(
    `select public_key as "publicKey", created_at as "registeredAt" from server_keys where kind = 'box'`,
  );
  const [row] = rows;
  if (!row) throw new Error("the box key was not registered");
  return { ...row, publicKey: new Uint8Array(row.publicKey) };
}
