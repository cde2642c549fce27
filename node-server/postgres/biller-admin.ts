/** Billers and payer FIs as operators register, change and link them: one proposes the whole of it, another approves. */
import type { Pool, PoolClient } from "pg";
import type { AliasType, BillerRow, PayerFiRow } from "../ports/bill-rows.ts";

export type Onboarding =
  | { readonly kind: "biller"; readonly change: BillerRow }
  | { readonly kind: "payer-fi"; readonly change: PayerFiRow }
  | {
      readonly kind: "link" | "unlink";
      readonly change: { readonly billerId: string; readonly payerFiId: string };
    };

export interface Proposal {
  readonly id: bigint;
  readonly kind: Onboarding["kind"];
  readonly subject: string;
  readonly change: Readonly<Record<string, unknown>>;
  readonly proposedBy: string;
  readonly proposedAt: Date;
}

/** Undefined while another proposal about the same is open. */
export async function proposeOnboarding(
  pool: Pool,
  onboarding: Onboarding,
  by: string,
): Promise<bigint | undefined> {
  const { rows } = await pool.query<{ id: bigint }>(
    `with proposed as (
       insert into onboarding_proposals (kind, subject, change, proposed_by) values ($1, $2, $3, $4)
       on conflict (kind, subject) where outcome is null do nothing returning id
     ), audited as (
       insert into audit_entries (actor, action, subject, after)
       select 'operator:' || $4, $1 || '.propose', $1 || ':' || $2, $3::jsonb from proposed
     )
     select id from proposed`,
    [onboarding.kind, subjectOf(onboarding), JSON.stringify(onboarding.change), by],
  );
  return rows[0]?.id;
}

export async function openProposals(pool: Pool): Promise<Proposal[]> {
  const { rows } = await pool.query<Proposal>(
    `select id, kind, subject, change, proposed_by as "proposedBy", proposed_at as "proposedAt"
     from onboarding_proposals where outcome is null order by id`,
  );
  return rows;
}

export type ProposalEnd = "done" | "same-person" | "not-proposed";

/** Carries out what somebody else has proposed. Throws where the database refuses it, and then nothing is changed. */
export function approveOnboarding(pool: Pool, id: bigint, by: string): Promise<ProposalEnd> {
  return endProposal(pool, id, by, "approved", async (client, proposal) => {
    if (proposal.proposedBy === by) return "same-person";
    await carryOut(client, { kind: proposal.kind, change: proposal.change } as unknown as Onboarding);
    return "done";
  });
}

export function withdrawOnboarding(pool: Pool, id: bigint, by: string): Promise<ProposalEnd> {
  return endProposal(pool, id, by, "withdrawn", () => Promise.resolve("done"));
}

async function endProposal(
  pool: Pool,
  id: bigint,
  by: string,
  outcome: "approved" | "withdrawn",
  work: (client: PoolClient, proposal: Proposal) => Promise<ProposalEnd>,
): Promise<ProposalEnd> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const { rows } = await client.query<Proposal>(
      `select id, kind, subject, change, proposed_by as "proposedBy" from onboarding_proposals
       where id = $1 and outcome is null for update`,
      [id],
    );
    const end = rows[0] ? await work(client, rows[0]) : "not-proposed";
    if (end === "done") {
      await client.query(
        `with ended as (
           update onboarding_proposals set outcome = $2, ended_by = $3, ended_at = clock_timestamp()
           where id = $1 returning kind, subject, change
         )
         insert into audit_entries (actor, action, subject, after)
         select 'operator:' || $3, kind || '.' || $2, kind || ':' || subject, change from ended`,
        [id, outcome, by],
      );
    }
    await client.query("commit");
    return end;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

async function carryOut(client: PoolClient, onboarding: Onboarding): Promise<void> {
  switch (onboarding.kind) {
    case "biller":
      return putBiller(client, onboarding.change);
    case "payer-fi":
      return putPayerFi(client, onboarding.change);
    case "link":
      await client.query(
        `insert into biller_payer_fis (biller_id, payer_fi_id) values ($1, $2) on conflict do nothing`,
        [onboarding.change.billerId, onboarding.change.payerFiId],
      );
      return;
    case "unlink":
      await client.query(`delete from biller_payer_fis where biller_id = $1 and payer_fi_id = $2`, [
        onboarding.change.billerId,
        onboarding.change.payerFiId,
      ]);
  }
}

async function putBiller(client: PoolClient, row: BillerRow): Promise<void> {
  await client.query(
    `insert into billers (id, name, prefix, own_digits, check_digit, endpoint_url, inquiry, answer_seconds, time_zone,
       account, codes, voucher_groups, status)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (id) do update set name = $2, prefix = $3, own_digits = $4, check_digit = $5, endpoint_url = $6,
       inquiry = $7, answer_seconds = $8, time_zone = $9, account = $10, codes = $11, voucher_groups = $12, status = $13`,
    [
      row.id,
      row.name,
      row.prefix,
      row.ownDigits,
      row.checkDigit,
      row.endpointUrl,
      row.inquiry,
      row.answerSeconds,
      row.timeZone,
      row.account,
      JSON.stringify(row.codes),
      row.voucherGroups,
      row.status,
    ],
  );
}

async function putPayerFi(client: PoolClient, row: PayerFiRow): Promise<void> {
  await client.query(
    `insert into payer_fis (id, name, bic, endpoint_url, account, status) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set name = $2, bic = $3, endpoint_url = $4, account = $5, status = $6`,
    [row.id, row.name, row.bic, row.endpointUrl, row.account, row.status],
  );
}

function subjectOf(onboarding: Onboarding): string {
  switch (onboarding.kind) {
    case "biller":
    case "payer-fi":
      return onboarding.change.id;
    case "link":
    case "unlink":
      return `${onboarding.change.billerId}/${onboarding.change.payerFiId}`;
  }
}

export interface BillerSummary {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly inquiry: string;
  readonly timeZone: string;
  readonly status: string;
  readonly payerFis: readonly string[];
}

export async function listBillers(pool: Pool): Promise<BillerSummary[]> {
  const { rows } = await pool.query<BillerSummary>(
    `select id, name, prefix, inquiry, time_zone as "timeZone", status,
       array(select payer_fi_id from biller_payer_fis l where l.biller_id = billers.id order by 1) as "payerFis"
     from billers order by id`,
  );
  return rows;
}

export async function listPayerFis(pool: Pool): Promise<Omit<PayerFiRow, "account">[]> {
  const { rows } = await pool.query<PayerFiRow>(
    `select id, name, bic, endpoint_url as "endpointUrl", status from payer_fis order by id`,
  );
  return rows;
}

/** Registers whose customer an alias is, or changes it. Throws for a payer FI that is not registered. */
export async function putPayerAlias(
  pool: Pool,
  alias: {
    readonly type: AliasType;
    readonly index: Uint8Array;
    readonly payerFiId: string;
    readonly sealedAddress: Uint8Array;
  },
  by: string,
): Promise<void> {
  await pool.query(
    `with put as (
       insert into payer_aliases (alias_type, alias_index, payer_fi_id, sealed_address) values ($1, $2, $3, $4)
       on conflict (alias_type, alias_index) do update set payer_fi_id = $3, sealed_address = $4
     )
     insert into audit_entries (actor, action, subject, after)
     values ('operator:' || $5, 'payer-alias.put', 'payer-fi:' || $3, jsonb_build_object('type', $1::text))`,
    [alias.type, Buffer.from(alias.index), alias.payerFiId, Buffer.from(alias.sealedAddress), by],
  );
}
