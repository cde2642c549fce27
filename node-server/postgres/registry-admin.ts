/** What operators write into the registry, and the books as they read them. */
import type { Pool, PoolClient } from "pg";
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { decodeOperation } from "#sync/documents/operation.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import { operatorChange } from "./operator-change.ts";
import type { OperatorChange } from "./operator-change.ts";

export interface NewInstitution {
  readonly id: string;
  readonly name: string;
  readonly callbackBaseUrl: string | null;
  readonly boxPublicKey: Uint8Array | null;
  /** `phee`: acknowledged with 202, called back with PUT. */
  readonly profile?: "govstack" | "phee";
}

/** Registers an institution, or changes its name, callback, profile and key. */
export async function putInstitution(pool: Pool, institution: NewInstitution): Promise<void> {
  const { id, name, callbackBaseUrl, boxPublicKey, profile = "govstack" } = institution;
  const change: OperatorChange = {
    action: "institution.put",
    subject: `institution:${id}`,
    look: [
      `select jsonb_build_object('name', name, 'callbackBaseUrl', callback_base_url, 'profile', profile,
         'boxPublicKey', encode(box_public_key, 'base64')) as seen
       from institutions where id = $1`,
      id,
    ],
  };
  await operatorChange(pool, change, (client) =>
    client.query(
      `insert into institutions (id, name, callback_base_url, box_public_key, profile, callback_method)
       values ($1, $2, $3, $4, $5, case $5 when 'phee' then 'PUT' else 'POST' end)
       on conflict (id) do update set name = excluded.name, callback_base_url = excluded.callback_base_url,
         box_public_key = excluded.box_public_key, profile = excluded.profile,
         callback_method = excluded.callback_method`,
      [id, name, callbackBaseUrl, boxPublicKey, profile],
    ),
  );
}

/** The Ed25519 key that the institution signs its G2P Connect messages with; null for none. False where there is no such one. */
export async function putSigningKey(pool: Pool, id: string, key: Uint8Array | null): Promise<boolean> {
  const change: OperatorChange = {
    action: "institution.signing-key",
    subject: `institution:${id}`,
    look: [
      `select jsonb_build_object('signingKey', encode(signing_key, 'base64')) as seen from institutions where id = $1`,
      id,
    ],
  };
  const { exists } = await operatorChange(pool, change, (client) =>
    client.query("update institutions set signing_key = $2 where id = $1", [id, key]),
  );
  return exists;
}

/** How long a pre-activated voucher keeps its funding reserved where an operator says nothing else. */
const defaultReservationDays = 90;

export async function putVoucherGroup(
  pool: Pool,
  group: {
    readonly code: string;
    readonly name: string;
    readonly validityDays: number;
    readonly reservationDays?: number;
    /** Fixed when the group is made. */
    readonly atRisk?: boolean;
  },
): Promise<void> {
  const change: OperatorChange = {
    action: "group.put",
    subject: `group:${group.code}`,
    look: [`select to_jsonb(g) - 'created_at' as seen from voucher_groups g where code = $1`, group.code],
  };
  await operatorChange(pool, change, (client) =>
    client.query(
      `insert into voucher_groups (code, name, validity_days, reservation_days, at_risk) values ($1, $2, $3, $4, $5)
       on conflict (code) do update set name = $2, validity_days = $3, reservation_days = $4`,
      [
        group.code,
        group.name,
        group.validityDays,
        group.reservationDays ?? defaultReservationDays,
        group.atRisk ?? false,
      ],
    ),
  );
}

export interface NewMerchant {
  readonly id: string;
  readonly name: string;
  /** Voucher groups that it may redeem; as they were where this is left out. */
  readonly accepts?: readonly string[] | undefined;
  /** Who pays it; without one it is paid in our own ledger. As it was where this is null. */
  readonly fspId?: string | null;
  /** Where the FSP keeps its money, as the FSP writes it. */
  readonly account?: string | null;
  readonly area?: string | null;
  /** Told to whoever looks for a voucher that it holds. */
  readonly phone?: string | null;
}

/** Registers a merchant in a merchant group of its own that accepts the given voucher groups. */
export async function putMerchant(pool: Pool, merchant: NewMerchant): Promise<void> {
  const change = merchantChange("merchant.put", merchant.id);
  await operatorChange(pool, change, async (client) => {
    await client.query(
      `insert into merchants (id, name, fsp_id, account, area, phone) values ($1, $2, $3, $4, $5, $6)
       on conflict (id) do update set name = $2, fsp_id = coalesce($3, merchants.fsp_id),
         account = coalesce($4, merchants.account), area = coalesce($5, merchants.area),
         phone = coalesce($6, merchants.phone)`,
      [
        merchant.id,
        merchant.name,
        merchant.fspId ?? null,
        merchant.account ?? null,
        merchant.area ?? null,
        merchant.phone ?? null,
      ],
    );
    await client.query(
      `with own as (insert into merchant_groups (code, name) values ($1, $2) on conflict (code) do nothing)
       insert into merchant_group_members (merchant_group, merchant_id) values ($1, $1) on conflict do nothing`,
      [merchant.id, merchant.name],
    );
    if (merchant.accepts) await replaceAccepted(client, merchant.id, merchant.accepts);
  });
}

/** The group's merchants may redeem vouchers of exactly these groups from now on. */
export async function replaceAccepted(
  client: PoolClient,
  merchantGroup: string,
  voucherGroups: readonly string[],
): Promise<void> {
  await client.query(`delete from merchant_group_accepts where merchant_group = $1`, [merchantGroup]);
  await client.query(
    `insert into merchant_group_accepts (merchant_group, voucher_group) select $1, unnest($2::text[])`,
    [merchantGroup, voucherGroups],
  );
}

export interface MerchantSummary {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly fspId: string | null;
  readonly account: string | null;
  readonly area: string | null;
  readonly phone: string | null;
  readonly groups: readonly string[];
}

export async function listMerchants(pool: Pool): Promise<MerchantSummary[]> {
  const { rows } = await pool.query<MerchantSummary>(
    `select id, name, status, fsp_id as "fspId", account, area, phone,
       array(select merchant_group from merchant_group_members g where g.merchant_id = merchants.id order by 1) as groups
     from merchants order by id`,
  );
  return rows;
}

/** Opens or closes a merchant's account; a closed one cannot be credited. False where there is no such merchant. */
export async function setMerchantStatus(
  pool: Pool,
  id: string,
  status: "active" | "closed",
): Promise<boolean> {
  const { exists } = await operatorChange(pool, merchantChange("merchant.status", id), (client) =>
    client.query(`update merchants set status = $2 where id = $1`, [id, status]),
  );
  return exists;
}

function merchantChange(action: string, id: string): OperatorChange {
  return {
    action,
    subject: `merchant:${id}`,
    look: [
      `select jsonb_build_object('name', name, 'status', status, 'fsp', fsp_id, 'account', account, 'area', area, 'phone', phone,
         'accepts', array(select voucher_group from merchant_group_accepts where merchant_group = $1 order by 1)) as seen
       from merchants where id = $1`,
      id,
    ],
  };
}

export interface NodeSummary {
  readonly id: string;
  readonly name: string;
  readonly merchantId: string;
  readonly status: string;
  readonly lastSequence: bigint;
  readonly openLeases: bigint;
  readonly mostLeases: number;
  readonly lastContactAt: Date | null;
  /** How far the wall clock was ahead of the server's at the last contact. */
  readonly clockOffsetMs: bigint | null;
}

export async function listNodes(pool: Pool): Promise<NodeSummary[]> {
  const { rows } = await pool.query<NodeSummary>(
    `select id, name, merchant_id as "merchantId", status, last_sequence as "lastSequence",
       last_contact_at as "lastContactAt", most_leases as "mostLeases", clock_offset_ms as "clockOffsetMs",
       (select count(*) from leases where node_id = nodes.id and closed_at is null) as "openLeases"
     from nodes order by enrolled_at`,
  );
  return rows;
}

export interface AccountBalance extends Money {
  readonly id: string;
  readonly kind: string;
  readonly owner: string;
}

/** Every account's balance. Their sum in each currency is zero: `external` holds what came in from outside. */
export async function trialBalance(pool: Pool): Promise<AccountBalance[]> {
  const { rows } = await pool.query<AccountBalance>(
    `select id, kind, owner, currency, balance_minor as "amountMinor" from accounts order by kind, owner, currency`,
  );
  return rows;
}

export interface VoucherSummary extends Money {
  readonly serial: bigint;
  readonly state: string;
  readonly nodeId: string | null;
}

export async function listVouchers(pool: Pool, institutionId: string): Promise<VoucherSummary[]> {
  const { rows } = await pool.query<VoucherSummary>(
    `select v.serial, v.state, v.amount_minor as "amountMinor", v.currency, l.node_id as "nodeId"
     from vouchers v join voucher_batches b on b.id = v.batch
     left join leases l on l.voucher_serial = v.serial and l.closed_at is null
     where b.institution_id = $1 order by v.serial`,
    [institutionId],
  );
  return rows;
}

export interface OperationSummary {
  /** How the beneficiary was recognised, as the node says; null where nobody was asked to. */
  readonly recognised: string | null;
  /** What an agent says that it paid out in cash and kept; null where goods were given. */
  readonly cash: string | null;
  readonly nodeName: string;
  readonly sequence: bigint;
  readonly type: string;
  readonly serial: bigint | null;
  readonly state: string;
  readonly reason: string | null;
  readonly transactionId: string | null;
}

/** Every operation the server has, in the order of its nodes' chains. */
export async function listOperations(pool: Pool): Promise<OperationSummary[]> {
  const { rows } = await pool.query<Omit<OperationSummary, "recognised" | "cash"> & { signed: Buffer }>(
    `select n.name as "nodeName", o.sequence, o.type, o.voucher_serial as serial, o.state, o.reason,
       o.transaction_id as "transactionId", o.signed
     from operations o join nodes n on n.id = o.node_id order by n.enrolled_at, o.sequence, o.received_at`,
  );
  return rows.map(({ signed, ...row }) => ({ ...row, ...statedIn(signed) }));
}

/** What only the signed operation says. Its signature was looked at when it came. */
function statedIn(signed: Uint8Array): Pick<OperationSummary, "recognised" | "cash"> {
  const parsed = parseDocument(new Uint8Array(signed));
  const operation = parsed.ok ? decodeOperation(parsed.payload) : undefined;
  const body = operation?.ok ? operation.value.body : undefined;
  if (body?.type !== "redeem-voucher") return { recognised: null, cash: null };
  const { authentication, cashOut, amountMinor, currency } = body;
  const major = (minor: bigint) => formatMajor({ amountMinor: minor, currency });
  return {
    recognised: authentication && `${authentication.method}: ${authentication.result}`,
    cash: cashOut && `${major(amountMinor - cashOut.feeMinor)} paid, ${major(cashOut.feeMinor)} kept`,
  };
}
