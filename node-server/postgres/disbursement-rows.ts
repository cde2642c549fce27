/** Disbursement batches, their instructions, and who may approve them. */
import type { CreditInstructionState } from "#core/credit-instruction.machine.ts";
import { sql } from "kysely";
import type { UpdateObject } from "kysely";
import type {
  BatchTotals,
  CreditInstruction,
  DisbursementReport,
  DisbursementBatch,
  DisbursementRows,
  DisbursementTerms,
  NewCreditInstruction,
  RepeatedInstruction,
} from "../ports/disbursement.ts";
import { bytes, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";
import type { Database } from "./schema.ts";

export function disbursementRows(trx: Trx): DisbursementRows {
  return {
    async lockTerms(institutionId) {
      const row = await selectTerms(trx, institutionId).forNoKeyUpdate().executeTakeFirst();
      return row && termsOf(row);
    },
    async terms(institutionId) {
      const row = await selectTerms(trx, institutionId).executeTakeFirst();
      return row && termsOf(row);
    },
    async insert(batch) {
      const inserted = await trx
        .insertInto("disbursement_batches")
        .values({
          batch_id: batch.batchId,
          institution_id: batch.institutionId,
          external_id: batch.externalId,
          source: batch.source,
          request_id: batch.requestId,
          program_id: batch.programId,
          callback_url: batch.callbackUrl,
          currency: batch.currency,
          total_count: batch.totalCount,
          total_minor: batch.totalMinor,
          content_hash: batch.contentHash,
          submitted_by: batch.submittedBy,
          execute_at: batch.executeAt,
          after_batch: batch.afterBatch,
          most_failed_percent: batch.mostFailedPercent,
          combined: batch.combined,
        })
        .onConflict((conflict) => conflict.columns(["institution_id", "external_id"]).doNothing())
        .returning("id")
        .executeTakeFirst();
      return inserted?.id;
    },
    add: (batch, instructions) => addInstructions(trx, batch, instructions),
    async samePayments({ id, institutionId }, since, limit) {
      const found = sql<{ line: number; batchId: string; earlierLine: number }>`
        select i.line, b.batch_id as "batchId", e.line as "earlierLine"
        from credit_instructions i
        join credit_instructions e on e.fingerprint = i.fingerprint and e.batch <> i.batch
        join disbursement_batches b on b.id = e.batch
        where i.batch = ${id} and b.institution_id = ${institutionId} and b.created_at >= ${since}
          and b.state not in ('rejected', 'unfunded', 'cancelled') and e.state not in ('failed', 'cancelled')
        order by i.line limit ${limit}`;
      return (await found.execute(trx)).rows.map(({ line, batchId, earlierLine }) => ({
        line,
        of: "payment",
        earlier: { batchId, line: earlierLine },
      }));
    },
    async find(id) {
      const row = await selectBatches(trx).where("id", "=", id).executeTakeFirst();
      return row && batchOf(row);
    },
    async byBatchId(batchId) {
      const row = await selectBatches(trx).where("batch_id", "=", batchId).executeTakeFirst();
      return row && batchOf(row);
    },
    async byExternalId(institutionId, externalId) {
      const row = await selectBatches(trx)
        .where("institution_id", "=", institutionId)
        .where("external_id", "=", externalId)
        .executeTakeFirst();
      return row && batchOf(row);
    },
    async lock(id) {
      const row = await selectBatches(trx).where("id", "=", id).forNoKeyUpdate().executeTakeFirst();
      return row && batchOf(row);
    },
    async setState(id, state, reason) {
      const result = await trx
        .updateTable("disbursement_batches")
        .set({
          state,
          state_reason: reason,
          ...(state === "running" ? { started_at: sql`coalesce(started_at, clock_timestamp())` } : {}),
          ...(state === "settled" ? { settled_at: sql`clock_timestamp()` } : {}),
        })
        .where("id", "=", id)
        .executeTakeFirst();
      expectOne(result, `disbursement batch ${id}`);
    },
    async approve(id, { by, publicKey, signature }) {
      const result = await trx
        .updateTable("disbursement_batches")
        .set({
          approved_by: by,
          approved_at: sql`clock_timestamp()`,
          approval_key: publicKey,
          approval_signature: signature,
        })
        .where("id", "=", id)
        .where("approved_by", "is", null)
        .executeTakeFirst();
      expectOne(result, `unapproved disbursement batch ${id}`);
    },
    async signatory(institutionId, name) {
      const row = await trx
        .selectFrom("batch_signatories")
        .select(["name", "public_key"])
        .where("institution_id", "=", institutionId)
        .where("name", "=", name)
        .where("approved_by", "is not", null)
        .executeTakeFirst();
      return row && { name: row.name, publicKey: bytes(row.public_key) };
    },
    async instructions(id, { afterLine, limit }) {
      const rows = await selectInstructions(trx)
        .where("batch", "=", id)
        .where("line", ">", afterLine)
        .orderBy("line")
        .limit(limit)
        .execute();
      return rows.map(instructionOf);
    },
    totals: (id) => totalsOf(trx, id),
    async report(batch, note) {
      const totals = await totalsOf(trx, batch);
      const row = await trx
        .insertInto("disbursement_reports")
        .values({
          batch,
          note,
          ongoing: totals.ongoing,
          failed: totals.failed,
          completed: totals.completed,
          ongoing_minor: totals.ongoingMinor,
          failed_minor: totals.failedMinor,
          completed_minor: totals.completedMinor,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return reportOf(row);
    },
    async findReport(id) {
      const row = await selectReports(trx).where("id", "=", id).executeTakeFirst();
      return row && reportOf(row);
    },
    async lastReport(batch) {
      const row = await selectReports(trx)
        .where("batch", "=", batch)
        .orderBy("id", "desc")
        .limit(1)
        .executeTakeFirst();
      return row && reportOf(row);
    },
    async followers(id) {
      const rows = await trx
        .selectFrom("disbursement_batches")
        .select("id")
        .where("after_batch", "=", id)
        .where("state", "=", "scheduled")
        .execute();
      return rows.map((row) => row.id);
    },
    async inState(state, limit) {
      const rows = await trx
        .selectFrom("disbursement_batches")
        .select("id")
        .where("state", "=", state)
        .orderBy("id")
        .limit(limit)
        .execute();
      return rows.map((row) => row.id);
    },
    // Planned anew: where a payee is paid may have changed since.
    reopenFailed: (id) =>
      moveAll(trx, id, "failed", "waiting", {
        chunk: null,
        rail: null,
        paid_to_kind: null,
        paid_to_sealed: null,
        reason_code: null,
        reason: null,
        ended_at: null,
      }),
    cancelWaiting: (id) => moveAll(trx, id, "waiting", "cancelled", { ended_at: sql`clock_timestamp()` }),
    async judgeFromHere(id) {
      await sql`
        update disbursement_batches b set judged_from_failed = c.failed, judged_from_paid = c.paid
        from (select count(*) filter (where state = 'failed')::int as failed,
          count(*) filter (where state = 'paid')::int as paid from credit_instructions where batch = ${id}) as c
        where b.id = ${id}`.execute(trx);
    },
    async freeIds(id) {
      await trx
        .updateTable("credit_instructions")
        .set({ unique_for: null })
        .where("batch", "=", id)
        .execute();
    },
  };
}

async function addInstructions(
  trx: Trx,
  batch: { readonly id: bigint; readonly uniqueFor: string | null },
  rows: readonly NewCreditInstruction[],
): Promise<RepeatedInstruction[]> {
  const added = await sql<{ line: number }>`
    insert into credit_instructions (batch, unique_for, line, instruction_id, payee_identity, address_kind, address_sealed,
      institution_code, payee_index, payment_mode, payer_party, amount_minor, fee_minor, narration, fingerprint, corrections)
    select ${batch.id}::bigint, ${batch.uniqueFor}::text, line, instruction_id, payee_identity, address_kind,
      address_sealed, institution_code, payee_index, payment_mode, payer_party, amount_minor, fee_minor, narration, fingerprint,
      array(select jsonb_array_elements_text(corrections))
    from unnest(
      ${rows.map((row) => row.line)}::int[],
      ${rows.map((row) => row.instructionId)}::text[],
      ${rows.map((row) => row.payeeIdentity)}::text[],
      ${rows.map((row) => row.address?.kind ?? null)}::text[],
      ${rows.map((row) => (row.address ? Buffer.from(row.address.sealed) : null))}::bytea[],
      ${rows.map((row) => row.institutionCode)}::text[],
      ${rows.map((row) => Buffer.from(row.payeeIndex))}::bytea[],
      ${rows.map((row) => row.paymentMode)}::text[],
      ${rows.map((row) => row.payerParty)}::text[],
      ${rows.map((row) => row.amountMinor)}::bigint[],
      ${rows.map((row) => row.feeMinor)}::bigint[],
      ${rows.map((row) => row.narration)}::text[],
      ${rows.map((row) => Buffer.from(row.fingerprint))}::bytea[],
      ${rows.map((row) => JSON.stringify(row.corrections))}::jsonb[])
      as given (line, instruction_id, payee_identity, address_kind, address_sealed, institution_code, payee_index,
        payment_mode, payer_party, amount_minor, fee_minor, narration, fingerprint, corrections)
    on conflict (unique_for, instruction_id) where unique_for is not null do nothing
    returning line`.execute(trx);
  if (added.rows.length === rows.length) return [];
  const lines = new Set(added.rows.map(({ line }) => line));
  const repeated = rows.filter(({ line }) => !lines.has(line));
  const earlier = await trx
    .selectFrom("credit_instructions as i")
    .innerJoin("disbursement_batches as b", "b.id", "i.batch")
    .select(["i.instruction_id", "i.line", "b.batch_id"])
    .where("i.unique_for", "=", batch.uniqueFor)
    .where(
      "i.instruction_id",
      "in",
      repeated.map(({ instructionId }) => instructionId),
    )
    .execute();
  const places = new Map(
    earlier.map((row) => [row.instruction_id, { batchId: row.batch_id, line: row.line }]),
  );
  return repeated.map(({ line, instructionId }) => {
    const place = places.get(instructionId);
    if (!place) throw new Error(`instruction ${instructionId} was not added, and is nowhere else`);
    return { line, of: "instruction id", earlier: place };
  });
}

function selectTerms(trx: Trx, institutionId: string) {
  return trx.selectFrom("disbursement_terms").selectAll().where("institution_id", "=", institutionId);
}

function termsOf(row: {
  institution_id: string;
  payer_bank: string | null;
  payer_identifier: string;
  country_code: string | null;
  voucher_group: string | null;
  duplicate_days: number;
  most_failed_percent: number | null;
}): DisbursementTerms {
  return {
    institutionId: row.institution_id,
    payerBank: row.payer_bank,
    payerIdentifier: row.payer_identifier,
    countryCode: row.country_code,
    voucherGroup: row.voucher_group,
    duplicateDays: row.duplicate_days,
    mostFailedPercent: row.most_failed_percent,
  };
}

function selectBatches(trx: Trx) {
  return trx.selectFrom("disbursement_batches").selectAll();
}

type SelectedBatch = Awaited<ReturnType<ReturnType<typeof selectBatches>["execute"]>>[number];

function batchOf(row: SelectedBatch): DisbursementBatch {
  return {
    id: row.id,
    batchId: row.batch_id,
    institutionId: row.institution_id,
    externalId: row.external_id,
    source: row.source,
    requestId: row.request_id,
    programId: row.program_id,
    callbackUrl: row.callback_url,
    currency: row.currency,
    totalCount: row.total_count,
    totalMinor: row.total_minor,
    contentHash: bytes(row.content_hash),
    submittedBy: row.submitted_by,
    executeAt: row.execute_at,
    afterBatch: row.after_batch,
    mostFailedPercent: row.most_failed_percent,
    combined: row.combined,
    state: row.state,
    stateReason: row.state_reason,
    judgedFromFailed: row.judged_from_failed,
    judgedFromPaid: row.judged_from_paid,
    approvedBy: row.approved_by,
    createdAt: row.created_at,
    startedAt: row.started_at,
    settledAt: row.settled_at,
  };
}

function selectInstructions(trx: Trx) {
  return trx
    .selectFrom("credit_instructions")
    .select([
      "line",
      "instruction_id",
      "payee_identity",
      "address_kind",
      "address_sealed",
      "institution_code",
      "payee_index",
      "payment_mode",
      "payer_party",
      "amount_minor",
      "fee_minor",
      "narration",
      "fingerprint",
      "corrections",
      "state",
    ]);
}

type SelectedInstruction = Awaited<ReturnType<ReturnType<typeof selectInstructions>["execute"]>>[number];

function instructionOf(row: SelectedInstruction): CreditInstruction {
  return {
    line: row.line,
    instructionId: row.instruction_id,
    payeeIdentity: row.payee_identity,
    address:
      row.address_kind && row.address_sealed
        ? { kind: row.address_kind, sealed: bytes(row.address_sealed) }
        : null,
    institutionCode: row.institution_code,
    payeeIndex: bytes(row.payee_index),
    paymentMode: row.payment_mode,
    payerParty: row.payer_party,
    amountMinor: row.amount_minor,
    feeMinor: row.fee_minor,
    narration: row.narration,
    fingerprint: bytes(row.fingerprint),
    corrections: row.corrections,
    state: row.state,
  };
}

async function totalsOf(trx: Trx, id: bigint): Promise<BatchTotals> {
  const counted = sql<BatchTotals>`
    select count(*) filter (where state in ('waiting', 'sent', 'unknown'))::int as ongoing,
      count(*) filter (where state in ('failed', 'cancelled'))::int as failed,
      count(*) filter (where state = 'paid')::int as completed,
      coalesce(sum(amount_minor) filter (where state in ('waiting', 'sent', 'unknown')), 0)::bigint as "ongoingMinor",
      coalesce(sum(amount_minor) filter (where state in ('failed', 'cancelled')), 0)::bigint as "failedMinor",
      coalesce(sum(amount_minor) filter (where state = 'paid'), 0)::bigint as "completedMinor"
    from credit_instructions where batch = ${id}`;
  const [row] = (await counted.execute(trx)).rows;
  if (!row) throw new Error("a count has one row");
  return row;
}

function selectReports(trx: Trx) {
  return trx.selectFrom("disbursement_reports").selectAll();
}

type SelectedReport = Awaited<ReturnType<ReturnType<typeof selectReports>["execute"]>>[number];

function reportOf(row: SelectedReport): DisbursementReport {
  return {
    id: row.id,
    batch: row.batch,
    at: row.at,
    note: row.note,
    ongoing: row.ongoing,
    failed: row.failed,
    completed: row.completed,
    ongoingMinor: row.ongoing_minor,
    failedMinor: row.failed_minor,
    completedMinor: row.completed_minor,
  };
}

async function moveAll(
  trx: Trx,
  id: bigint,
  from: CreditInstructionState,
  to: CreditInstructionState,
  more: UpdateObject<Database, "credit_instructions">,
): Promise<number> {
  const result = await trx
    .updateTable("credit_instructions")
    .set({ state: to, ...more })
    .where("batch", "=", id)
    .where("state", "=", from)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
