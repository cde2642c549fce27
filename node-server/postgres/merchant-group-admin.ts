/** Merchant groups, who belongs to them, and the matrix of which may redeem which voucher groups; every change audited. */
import type { Pool } from "pg";
import { operatorChange } from "./operator-change.ts";
import type { Look, OperatorChange } from "./operator-change.ts";
import { replaceAccepted } from "./registry-admin.ts";

/** Makes the group, or changes its name. */
export async function putMerchantGroup(
  pool: Pool,
  { code, name }: { readonly code: string; readonly name: string },
): Promise<void> {
  const look: Look = [
    `select jsonb_build_object('name', name) as seen from merchant_groups where code = $1`,
    code,
  ];
  await operatorChange(pool, groupChange("put", code, look), (client) =>
    client.query(
      `insert into merchant_groups (code, name) values ($1, $2) on conflict (code) do update set name = $2`,
      [code, name],
    ),
  );
}

/** Returns false when the merchant is in the group already. Throws where either is not registered. */
export async function joinMerchantGroup(pool: Pool, group: string, merchantId: string): Promise<boolean> {
  const change = groupChange("join", group, membership(group, merchantId));
  const { isNew } = await operatorChange(pool, change, (client) =>
    client.query(
      `insert into merchant_group_members (merchant_group, merchant_id) values ($1, $2) on conflict do nothing`,
      [group, merchantId],
    ),
  );
  return isNew;
}

/** Returns false when the merchant was not in the group. */
export async function leaveMerchantGroup(pool: Pool, group: string, merchantId: string): Promise<boolean> {
  const change = groupChange("leave", group, membership(group, merchantId));
  const { isNew } = await operatorChange(pool, change, (client) =>
    client.query(`delete from merchant_group_members where merchant_group = $1 and merchant_id = $2`, [
      group,
      merchantId,
    ]),
  );
  return isNew;
}

/** The group's merchants may redeem vouchers of exactly these groups from now on. */
export async function setAcceptedGroups(
  pool: Pool,
  group: string,
  voucherGroups: readonly string[],
): Promise<void> {
  const look: Look = [
    `select jsonb_build_object('accepts', coalesce(jsonb_agg(voucher_group order by voucher_group), '[]')) as seen
     from merchant_group_accepts where merchant_group = $1`,
    group,
  ];
  await operatorChange(pool, groupChange("accept", group, look), (client) =>
    replaceAccepted(client, group, voucherGroups),
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

function groupChange(action: string, group: string, look: Look): OperatorChange {
  return { action: `merchant-group.${action}`, subject: `merchant-group:${group}`, look };
}

function membership(group: string, merchantId: string): Look {
  return [
    `select jsonb_build_object('merchant', $2::text, 'isMember', count(*) = 1) as seen
     from merchant_group_members where merchant_group = $1 and merchant_id = $2`,
    group,
    merchantId,
  ];
}
