/** What in the database would no longer be believed without a key. */
import type { PoolClient } from "pg";
import { keyIdOf } from "#sync/signing/kinds.ts";
import type { KeyKind } from "../signing-keys/kinds.ts";
import type { SigningKeyRow } from "./signing-key-rows.ts";

/** In words; undefined where nothing does. What nodes keep is not known here: the overlap is for it. */
export async function whatDependsOn(
  client: PoolClient,
  { kind, number, publicKey }: Pick<SigningKeyRow, "kind" | "number" | "publicKey">,
): Promise<string | undefined> {
  const query = queries[kind];
  if (query === undefined || kind === "callback") return undefined;
  const values =
    kind === "voucher-token" ? [keyIdOf(kind, publicKey), number === 1] : [keyIdOf(kind, publicKey)];
  const { rows } = await client.query<{ count: bigint }>(`select count(*) as count from ${query.of}`, values);
  const count = Number(rows[0]?.count ?? 0);
  return count === 0 ? undefined : `${count} ${query.what}`;
}

/** A signed document holds the key id of its signer; the chance that 8 such bytes stand in it otherwise is nil. */
const queries: Partial<Record<KeyKind, { readonly what: string; readonly of: string }>> = {
  "voucher-token": {
    what: "vouchers that have not ended bear its key id",
    of: `vouchers where (token_key_id = $1 or $2 and token_key_id is null)
      and state not in ('consumed', 'cancelled', 'expired', 'purged')`,
  },
  lease: {
    what: "open leases are signed by it",
    of: "leases where closed_at is null and position($1::bytea in document) > 0",
  },
  policy: {
    what: "policy in force is signed by it: issue it anew (policy set)",
    of: `(select document from policies order by version desc limit 1) newest
      where position($1::bytea in document) > 0`,
  },
  "enrolment-certificate": {
    what: "certificates of nodes that are not revoked are signed by it",
    of: `(select certificate from nodes where status <> 'revoked'
      union all
      select k.certificate from node_keys k join nodes n on n.id = k.node_id where n.status <> 'revoked') c
      where position($1::bytea in certificate) > 0`,
  },
};
