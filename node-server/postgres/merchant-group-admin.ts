/** Merchant groups, who belongs to them, and the matrix of which may redeem which voucher groups; every change audited. */
import type { Pool } from "pg";

/** Makes the group, or changes its name. */
export async function putMerchantGroup(
  pool: Pool,
  group: { readonly code: string; readonly name: string },
): Promise<void> {
  await change(
    pool,
    `insert into merchant_groups (code, name) values ($1, $2) on conflict (code) do update set name = $2
     returning code`,
    [group.code, group.name],
    { action: "merchant-group.put", group: group.code, after: group },
  );
}

/** Returns false when the merchant is in the group already. Throws where either is not registered. */
export function joinMerchantGroup(pool: Pool, group: string, merchantId: string): Promise<boolean> {
  return change(
    pool,
    `insert into merchant_group_members (merchant_group, merchant_id) values ($1, $2)
     on conflict do nothing returning merchant_id`,
    [group, merchantId],
    { action: "merchant-group.join", group, after: { merchant: merchantId } },
  );
}

/** Returns false when the merchant was not in the group. */
export function leaveMerchantGroup(pool: Pool, group: string, merchantId: string): Promise<boolean> {
  return change(
    pool,
    `delete from merchant_group_members where merchant_group = $1 and merchant_id = $2 returning merchant_id`,
    [group, merchantId],
    { action: "merchant-group.leave", group, after: { merchant: merchantId } },
  );
}

/** The group's merchants may redeem vouchers of exactly these groups from now on. */
export async function setAcceptedGroups(
  pool: Pool,
  group: string,
  voucherGroups: readonly string[],
): Promise<void> {
  await change(
    pool,
    `with gone as (
       delete from merchant_group_accepts where merchant_group = $1 and voucher_group <> all ($2::text[])
     ), added as (
       insert into merchant_group_accepts (merchant_group, voucher_group) select $1, unnest($2::text[])
       on conflict do nothing
     )
     select $1::text as code`,
    [group, voucherGroups],
    { action: "merchant-group.accept", group, after: { voucherGroups } },
  );
}

export interface MatrixRow {
  readonly merchantGroup: string;
  readonly merchants: bigint;
  readonly voucherGroups: readonly string[];
}

/** Which merchant group may redeem which voucher groups. */
export async function readMatrix(pool: Pool): Promise<MatrixRow[]> {
  const { rows } = await pool.query<MatrixRow>(
    `select g.code as "merchantGroup",
       (select count(*) from merchant_group_members m where m.merchant_group = g.code) as merchants,
       array(select a.voucher_group from merchant_group_accepts a
         where a.merchant_group = g.code order by 1) as "voucherGroups"
     from merchant_groups g order by g.code`,
  );
  return rows;
}

interface Change {
  readonly action: string;
  readonly group: string;
  readonly after: object;
}

/** The statement and its audit entry are one transaction; the entry is written where the statement returned a row. */
async function change(
  pool: Pool,
  statement: string,
  values: readonly unknown[],
  { action, group, after }: Change,
): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const { rowCount } = await client.query(statement, [...values]);
    if (rowCount !== 0) {
      await client.query(
        `insert into audit_entries (actor, action, subject, after) values ('operator', $1, $2, $3)`,
        [action, `merchant-group:${group}`, JSON.stringify(after)],
      );
    }
    await client.query("commit");
    return rowCount !== 0;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
