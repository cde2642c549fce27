/** Payees of the account mapper, straight into its tables, and look-ups of them over HTTP. */
import { Agent } from "undici";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createAddresses } from "../../node-server/addresses.ts";
import type { BenchKeys } from "./bed.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { inTransaction } from "../../node-server/postgres/transaction.ts";
import type { Bed } from "./bed.ts";
import { beginUnchecked } from "./plant.ts";
import { callers } from "./redeeming.ts";

/**
 * Payees `ID-from` to `ID-(until - 1)`: every `step`-th has an address that opens, the others have bytes in its
 * place.
 */
export async function plantPayees(
  { pool }: DatabaseClient,
  { addressKey }: BenchKeys,
  { from, until, step }: { readonly from: number; readonly until: number; readonly step: number },
): Promise<void> {
  const addresses = createAddresses(addressKey, webRandomBytes);
  const first = Math.ceil(from / step) * step;
  const known = Array.from({ length: Math.ceil((until - first) / step) }, (_, index) => {
    const payeeIdentity = identityOf(first + index * step);
    const owner = { institutionId: "welfare", payeeIdentity };
    return {
      payeeIdentity,
      token: Buffer.from(addresses.ofPayee(owner).seal(phoneOf(first + index * step))),
    };
  });
  await inTransaction(pool, beginUnchecked, async (db) => {
    await db.query(
      `create temp table known on commit drop as
        select * from unnest($1::text[], $2::bytea[]) as sealed (payee_identity, token)`,
      [known.map(({ payeeIdentity }) => payeeIdentity), known.map(({ token }) => token)],
    );
    await db.query(
      `with added as (
          insert into payees (institution_id, payee_identity, state, preferred, last_n, version)
          select 'welfare', 'ID-' || n, 'active', 1, 1, 1 from generate_series($1::int, $2::int - 1) as n
          returning id, payee_identity
        ), sealed as (
          select id, coalesce(token, '\\x01' || sha256(payee_identity::bytea) || sha256(payee_identity::bytea)) as token,
            sha256(payee_identity::bytea) as index
          from added left join known using (payee_identity)
        ), history as (
          insert into payee_history (payee, version, actor, cause, change, state, preferred, n, modality,
              institution_code, active, address_token)
            select id, 1, 'bench', 'bench', 'REGISTER', 'active', 1, 1, '01', 'MPESA', true, token from sealed
        )
        insert into payee_addresses (payee, n, modality, institution_code, active, address_token, address_index)
          select id, 1, '01', 'MPESA', true, token, index from sealed`,
      [from, until],
    );
  });
  await pool.query("vacuum analyze");
}

/** A second, of payees all over the table, by 16 callers. Throws where one gets another's address. */
export async function lookUpsPerSecond(
  { installation, url }: Bed,
  { count, step, times }: { readonly count: number; readonly step: number; readonly times: number },
): Promise<number> {
  const dispatcher = new Agent({ connections: callers, pipelining: 1 });
  const headers = {
    authorization: `Bearer ${await installation.issuer.token("welfare")}`,
    "x-registering-institution-id": "welfare",
  };
  const known = Math.ceil(count / step);
  let left = times;
  let seed = 1;
  const next = () => ((seed = (seed * 48_271) % 2_147_483_647) % known) * step;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (left-- > 0) {
        const index = next();
        const path = `/beneficiary?requestId=q&payeeIdentity=${identityOf(index)}`;
        const { body } = await dispatcher.request({ origin: url, path, method: "GET", headers });
        const text = await body.text();
        if (!text.includes(phoneOf(index))) throw new Error(`${identityOf(index)}: ${text}`);
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  await dispatcher.close();
  return times / seconds;
}

function identityOf(index: number): string {
  return `ID-${index}`;
}

function phoneOf(index: number): string {
  return `+2547${String(index).padStart(8, "0")}`;
}
