/** What operators set for bulk disbursement: how an institution disburses, and who approves for it. */
import type { BatchState } from "#core/batch.machine.ts";
import type { Pool } from "pg";
import type { Language } from "../notifications/port.ts";
import type { AddressKind, DisbursementTerms } from "../ports/disbursement.ts";
import type { ReceivingInstitution } from "../ports/execution.ts";
import { operatorChange } from "./operator-change.ts";

export async function putDisbursementTerms(
  pool: Pool,
  terms: DisbursementTerms & { readonly receiptLanguage?: Language | null },
): Promise<void> {
  const { institutionId } = terms;
  const change = {
    action: "disbursement.terms",
    subject: `institution:${institutionId}`,
    look: [
      "select to_jsonb(t) as seen from disbursement_terms t where institution_id = $1",
      institutionId,
    ] as const,
  };
  await operatorChange(pool, change, (client) =>
    client.query(
      `insert into disbursement_terms (institution_id, payer_bank, payer_identifier, country_code, voucher_group,
         duplicate_days, most_failed_percent, receipt_language)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (institution_id) do update set payer_bank = $2, payer_identifier = $3, country_code = $4,
         voucher_group = $5, duplicate_days = $6, most_failed_percent = $7, receipt_language = $8`,
      [
        institutionId,
        terms.payerBank,
        terms.payerIdentifier,
        terms.countryCode,
        terms.voucherGroup,
        terms.duplicateDays,
        terms.mostFailedPercent,
        terms.receiptLanguage ?? null,
      ],
    ),
  );
}

export interface SignatoryOf {
  readonly institutionId: string;
  readonly name: string;
  /** Who does it, as the audit trail will say. */
  readonly by: string;
}

/** Proposes a signatory, or another key for one, which approves nothing until somebody else has confirmed it. */
export async function proposeSignatory(
  pool: Pool,
  { institutionId, name, publicKey, by }: SignatoryOf & { readonly publicKey: Uint8Array },
): Promise<void> {
  await operatorChange(pool, { ...changeOf("signatory.propose", institutionId, name), by }, (client) =>
    client.query(
      `insert into batch_signatories (institution_id, name, public_key, proposed_by) values ($1, $2, $3, $4)
       on conflict (institution_id, name) do update set public_key = $3, proposed_by = $4,
         proposed_at = clock_timestamp(), approved_by = null, approved_at = null`,
      [institutionId, name, Buffer.from(publicKey), by],
    ),
  );
}

export async function approveSignatory(
  pool: Pool,
  { institutionId, name, by }: SignatoryOf,
): Promise<"approved" | "not-proposed" | "same-person"> {
  let outcome: "approved" | "not-proposed" | "same-person" = "not-proposed";
  await operatorChange(
    pool,
    { ...changeOf("signatory.approve", institutionId, name), by },
    async (client) => {
      const { rows } = await client.query<{ proposed_by: string }>(
        `select proposed_by from batch_signatories
       where institution_id = $1 and name = $2 and approved_by is null for update`,
        [institutionId, name],
      );
      const [proposal] = rows;
      if (!proposal) return;
      outcome = proposal.proposed_by === by ? "same-person" : "approved";
      if (outcome === "same-person") return;
      await client.query(
        `update batch_signatories set approved_by = $3, approved_at = clock_timestamp()
       where institution_id = $1 and name = $2`,
        [institutionId, name, by],
      );
    },
  );
  return outcome;
}

/** Takes a signatory away at once; one person is enough for that. */
export async function withdrawSignatory(
  pool: Pool,
  { institutionId, name, by }: SignatoryOf,
): Promise<boolean> {
  const change = { ...changeOf("signatory.withdraw", institutionId, name), by };
  const { isNew } = await operatorChange(pool, change, (client) =>
    client.query("delete from batch_signatories where institution_id = $1 and name = $2", [
      institutionId,
      name,
    ]),
  );
  return isNew;
}

function changeOf(action: string, institutionId: string, name: string) {
  return {
    action,
    subject: `institution:${institutionId}`,
    look: [
      `select jsonb_build_object('name', name, 'key', encode(public_key, 'hex'), 'proposedBy', proposed_by,
         'approvedBy', approved_by) as seen
       from batch_signatories where institution_id = $1 and name = $2`,
      institutionId,
      name,
    ] as const,
  };
}

/** A bank that says whether its customers' money covers a batch; it calls with the token of that institution. */
export async function putPayerBank(
  pool: Pool,
  bank: { readonly institutionId: string; readonly url: string },
): Promise<void> {
  const change = {
    action: "payer-bank.set",
    subject: `institution:${bank.institutionId}`,
    look: [
      "select to_jsonb(b) as seen from payer_banks b where institution_id = $1",
      bank.institutionId,
    ] as const,
  };
  await operatorChange(pool, change, (client) =>
    client.query(
      `insert into payer_banks (institution_id, url) values ($1, $2)
       on conflict (institution_id) do update set url = $2`,
      [bank.institutionId, bank.url],
    ),
  );
}

export async function putDisbursementFee(
  pool: Pool,
  fee: {
    readonly institutionId: string;
    readonly currency: string;
    readonly fixedMinor: bigint;
    readonly basisPoints: number;
  },
): Promise<void> {
  const change = {
    action: "disbursement.fee",
    subject: `institution:${fee.institutionId}`,
    look: [
      "select to_jsonb(f) as seen from disbursement_fees f where institution_id = $1 and currency = $2",
      fee.institutionId,
      fee.currency,
    ] as const,
  };
  await operatorChange(pool, change, (client) =>
    client.query(
      `insert into disbursement_fees (institution_id, currency, fixed_minor, basis_points) values ($1, $2, $3, $4)
       on conflict (institution_id, currency) do update set fixed_minor = $3, basis_points = $4`,
      [fee.institutionId, fee.currency, fee.fixedMinor, fee.basisPoints],
    ),
  );
}

export interface ListedBatch {
  readonly batchId: string;
  readonly institutionId: string;
  readonly state: BatchState;
  readonly stateReason: string | null;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly total: number;
  readonly paid: number;
  readonly failed: number;
  readonly createdAt: Date;
}

/** The newest first; those that have not ended only, unless `all`. */
export async function listBatches(pool: Pool, all: boolean): Promise<readonly ListedBatch[]> {
  const { rows } = await pool.query<ListedBatch>(
    `select b.batch_id as "batchId", b.institution_id as "institutionId", b.state, b.state_reason as "stateReason",
       b.currency, b.total_minor as "totalMinor", b.total_count as total, b.created_at as "createdAt",
       (select count(*)::int from credit_instructions i where i.batch = b.id and i.state = 'paid') as paid,
       (select count(*)::int from credit_instructions i where i.batch = b.id and i.state = 'failed') as failed
     from disbursement_batches b
     where $1 or b.state not in ('settled', 'rejected', 'unfunded', 'cancelled')
     order by b.id desc limit 200`,
    [all],
  );
  return rows;
}

/** Registers an institution that keeps payees' money, or changes how it is paid. */
export async function putReceivingInstitution(
  pool: Pool,
  receiver: ReceivingInstitution & { readonly defaultFor?: readonly AddressKind[] },
): Promise<void> {
  const change = {
    action: "receiver.set",
    subject: `receiver:${receiver.id}`,
    look: [
      `select to_jsonb(r) - 'paced_until' || jsonb_build_object('defaultFor', array(
         select address_kind from default_receivers d where d.institution_id = r.id order by 1)) as seen
       from receiving_institutions r where id = $1`,
      receiver.id,
    ] as const,
  };
  await operatorChange(pool, change, async (client) => {
    await client.query(
      `insert into receiving_institutions (id, name, rail, gateway, url, per_second) values ($1, $2, $3, $4, $5, $6)
       on conflict (id) do update set name = $2, rail = $3, gateway = $4, url = $5, per_second = $6`,
      [receiver.id, receiver.name, receiver.rail, receiver.gateway, receiver.url, receiver.perSecond],
    );
    for (const kind of receiver.defaultFor ?? []) {
      await client.query(
        `insert into default_receivers (address_kind, institution_id) values ($1, $2)
         on conflict (address_kind) do update set institution_id = $2`,
        [kind, receiver.id],
      );
    }
  });
}
