/** The execution of batches: chunks, credits noted before they are sent, and what became of them. */
import { sql } from "kysely";
import type { AddressKind } from "../ports/disbursement.ts";
import type {
  ChunkCredit,
  ChunkRow,
  ExecutionRows,
  ReceiptRow,
  ReceivingInstitution,
  UnplannedInstruction,
} from "../ports/execution.ts";
import { bytes } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function executionRows(trx: Trx): ExecutionRows {
  return {
    async receiver(id) {
      const row = await trx
        .selectFrom("receiving_institutions")
        .selectAll()
        .where("id", "=", id)
        .executeTakeFirst();
      return row && receiverOf(row);
    },
    async defaultReceiver(kind) {
      const row = await trx
        .selectFrom("default_receivers as d")
        .innerJoin("receiving_institutions as r", "r.id", "d.institution_id")
        .selectAll("r")
        .where("d.address_kind", "=", kind)
        .executeTakeFirst();
      return row && receiverOf(row);
    },
    async pace(institutionId, count) {
      const paced = await sql<{ from: Date }>`
        update receiving_institutions r set paced_until = s.from +
          case when r.per_second is null then interval '0' else ${count}::int * interval '1 second' / r.per_second end
        from (select id, greatest(paced_until, clock_timestamp()) as from from receiving_institutions
          where id = ${institutionId} for no key update) as s
        where r.id = s.id returning s.from`.execute(trx);
      const [row] = paced.rows;
      if (!row) throw new Error(`no receiving institution ${institutionId}`);
      return row.from;
    },
    async combine(batch) {
      await sql`
        update credit_instructions i set paid_with = f.first
        from (select payee_index, min(line) as first from credit_instructions where batch = ${batch}
          group by payee_index having count(*) > 1) as f
        where i.batch = ${batch} and i.payee_index = f.payee_index and i.line <> f.first
          and i.paid_with is null`.execute(trx);
    },
    async nextUnplanned(batch, limit) {
      const rows = await trx
        .selectFrom("credit_instructions")
        .select([
          "line",
          "payee_identity",
          "address_kind",
          "address_sealed",
          "institution_code",
          "instruction_id",
          sql<bigint>`amount_minor + (select coalesce(sum(f.amount_minor), 0)::bigint from credit_instructions f
            where f.batch = ${batch} and f.paid_with = credit_instructions.line)`.as("amount_minor"),
          "narration",
        ])
        .where("batch", "=", batch)
        .where("state", "=", "waiting")
        .where("chunk", "is", null)
        .where("paid_with", "is", null)
        .orderBy("line")
        .limit(limit)
        .forNoKeyUpdate()
        .execute();
      return rows.map(unplannedOf);
    },
    async refuse(batch, refused) {
      if (refused.length === 0) return;
      await sql`
        update credit_instructions i set state = 'failed', reason_code = f.code, reason = f.reason,
          ended_at = clock_timestamp()
        from unnest(${refused.map(({ line }) => line)}::int[], ${refused.map((row) => row.reasonCode)}::text[],
          ${refused.map(({ reason }) => reason)}::text[]) as f (line, code, reason)
        where i.batch = ${batch} and (i.line = f.line or i.paid_with = f.line) and i.state = 'waiting'`.execute(
        trx,
      );
    },
    async nextChunk(batch) {
      const { last } = await trx
        .selectFrom("disbursement_chunks")
        .select((eb) => eb.fn.max("n").as("last"))
        .where("batch", "=", batch)
        .executeTakeFirstOrThrow();
      return (last ?? 0) + 1;
    },
    async plan(batch, { institutionId, rail }, credits) {
      const n = await addChunk(trx, batch, institutionId, null);
      await sql`
        update credit_instructions i set chunk = ${n}, rail = ${rail}, paid_to_kind = p.kind, paid_to_sealed = p.sealed
        from unnest(${credits.map(({ line }) => line)}::int[], ${credits.map(({ to }) => to.kind)}::text[],
          ${credits.map(({ to }) => Buffer.from(to.sealed))}::bytea[]) as p (line, kind, sealed)
        where i.batch = ${batch} and (i.line = p.line or i.paid_with = p.line) and i.state = 'waiting'`.execute(
        trx,
      );
      return n;
    },
    async planVouchers(batch, voucherBatch, lines) {
      const n = await addChunk(trx, batch, null, voucherBatch);
      await sql`
        update credit_instructions set chunk = ${n}, rail = 'voucher', state = 'sent'
        where batch = ${batch} and (line = any(${lines}::int[]) or paid_with = any(${lines}::int[])) and state = 'waiting'`.execute(
        trx,
      );
      return n;
    },
    async chunk(batch, n) {
      const row = await selectChunks(trx).where("batch", "=", batch).where("n", "=", n).executeTakeFirst();
      return row && chunkOf(row);
    },
    async chunkOfVouchers(voucherBatch) {
      const row = await selectChunks(trx).where("voucher_batch", "=", voucherBatch).executeTakeFirst();
      return row && chunkOf(row);
    },
    async openChunks(batch) {
      const found = sql<{ n: number; institutionId: string; count: number }>`
        select c.n, c.institution_id as "institutionId", count(*)::int as count
        from credit_instructions i join disbursement_chunks c on c.batch = i.batch and c.n = i.chunk
        where i.batch = ${batch} and i.state in ('waiting', 'sent', 'unknown') and i.paid_with is null
          and c.institution_id is not null
        group by c.n, c.institution_id order by c.n`;
      return (await found.execute(trx)).rows;
    },
    lockCredits: (batch, chunk) => lockCredits(trx, batch, chunk),
    async start(batch, credits) {
      if (credits.length === 0) return;
      const lines = credits.map(({ line }) => line);
      await sql`
        insert into credit_attempts (batch, line, n, key)
        select ${batch}::bigint, * from unnest(${lines}::int[], ${credits.map(({ n }) => n)}::int[],
          ${credits.map(({ key }) => key)}::text[])`.execute(trx);
      await sql`
        update credit_instructions set state = 'sent'
        where batch = ${batch} and (line = any(${lines}::int[]) or paid_with = any(${lines}::int[])) and state = 'waiting'`.execute(
        trx,
      );
    },
    async end(batch, credits) {
      if (credits.length === 0) return;
      const lines = credits.map(({ line }) => line);
      const outcomes = credits.map(({ outcome }) => outcome);
      const ended = await sql`
        update credit_attempts a set outcome = e.outcome, ended_at = clock_timestamp(),
          reference = coalesce(e.reference, a.reference)
        from unnest(${lines}::int[], ${credits.map(({ n }) => n)}::int[], ${outcomes}::text[],
          ${credits.map(({ reference }) => reference)}::text[]) as e (line, n, outcome, reference)
        where a.batch = ${batch} and a.line = e.line and a.n = e.n and a.outcome is null`.execute(trx);
      if (ended.numAffectedRows !== BigInt(credits.length))
        throw new Error(`batch ${batch}: a credit that was to end was not open`);
      await sql`
        update credit_instructions i set state = e.outcome, reason_code = nullif(e.code, ''), reason = e.reason,
          transaction_id = coalesce(e.transaction, i.transaction_id), ended_at = clock_timestamp()
        from unnest(${lines}::int[], ${outcomes}::text[], ${credits.map((row) => row.reasonCode)}::text[],
          ${credits.map(({ reason }) => reason)}::text[],
          ${credits.map(({ transactionId }) => transactionId)}::text[]) as e (line, outcome, code, reason, transaction)
        where i.batch = ${batch} and (i.line = e.line or i.paid_with = e.line)
          and i.state in ('sent', 'unknown')`.execute(trx);
    },
    async markUnknown(batch, credits) {
      if (credits.length === 0) return;
      const lines = credits.map(({ line }) => line);
      await sql`
        update credit_attempts a set reference = u.reference
        from unnest(${lines}::int[], ${credits.map(({ n }) => n)}::int[],
          ${credits.map(({ reference }) => reference)}::text[]) as u (line, n, reference)
        where a.batch = ${batch} and a.line = u.line and a.n = u.n and a.outcome is null
          and u.reference is not null`.execute(trx);
      await sql`
        update credit_instructions set state = 'unknown'
        where batch = ${batch} and (line = any(${lines}::int[]) or paid_with = any(${lines}::int[])) and state = 'sent'`.execute(
        trx,
      );
    },
    async endVouchers(batch, outcomes) {
      await sql`
        update credit_instructions i set
          state = case when v.serial is null then 'failed' else 'paid' end,
          reason_code = case when v.serial is null then 'NARR' end, reason = v.reason, voucher_serial = v.serial,
          ended_at = clock_timestamp()
        from unnest(${outcomes.map(({ line }) => line)}::int[], ${outcomes.map(({ serial }) => serial)}::bigint[],
          ${outcomes.map(({ reason }) => reason)}::text[]) as v (line, serial, reason)
        where i.batch = ${batch} and (i.line = v.line or i.paid_with = v.line) and i.state = 'sent'`.execute(
        trx,
      );
    },
    async byKey(key) {
      const row = await trx
        .selectFrom("credit_attempts as a")
        .innerJoin("credit_instructions as i", (join) =>
          join.onRef("i.batch", "=", "a.batch").onRef("i.line", "=", "a.line"),
        )
        .select(["a.batch", "a.line", "i.chunk"])
        .where("a.key", "=", key)
        .executeTakeFirst();
      return row?.chunk === null || row === undefined
        ? undefined
        : { batch: row.batch, line: row.line, chunk: row.chunk };
    },
    async receiptsOf(batch, lines) {
      const found = sql<ReceiptRow>`
        select line, paid_with as "paidWith", instruction_id as "instructionId", amount_minor as "amountMinor",
          narration, transaction_id as "transactionId"
        from credit_instructions where batch = ${batch} and (line = any(${lines}::int[]) or paid_with = any(${lines}::int[]))
          and transaction_id is not null order by line`;
      return (await found.execute(trx)).rows;
    },
    async receiptLanguage(institutionId) {
      const row = await trx
        .selectFrom("disbursement_terms")
        .select("receipt_language")
        .where("institution_id", "=", institutionId)
        .executeTakeFirst();
      return row?.receipt_language ?? null;
    },
  };
}

/** The batch is locked by whoever plans it, so that no number is given twice. */
async function addChunk(
  trx: Trx,
  batch: bigint,
  institutionId: string | null,
  voucherBatch: bigint | null,
): Promise<number> {
  const added = await sql<{ n: number }>`
    insert into disbursement_chunks (batch, n, institution_id, voucher_batch)
    select ${batch}, coalesce(max(n), 0) + 1, ${institutionId}, ${voucherBatch}::bigint from disbursement_chunks
    where batch = ${batch} returning n`.execute(trx);
  const [row] = added.rows;
  if (!row) throw new Error("an insert has one row");
  return row.n;
}

async function lockCredits(trx: Trx, batch: bigint, chunk: number): Promise<ChunkCredit[]> {
  const locked = await sql<LockedCredit>`
    select i.line, i.instruction_id, i.state, i.amount_minor, i.fee_minor, i.payee_index, i.payee_identity, i.narration,
      i.paid_to_kind, i.paid_to_sealed, a.n, a.key, a.started_at, a.outcome, a.reference,
      (select coalesce(sum(f.amount_minor), 0)::bigint from credit_instructions f
        where f.batch = i.batch and f.paid_with = i.line) as more_minor,
      (select coalesce(sum(f.fee_minor), 0)::bigint from credit_instructions f
        where f.batch = i.batch and f.paid_with = i.line) as more_fee_minor
    from credit_instructions i
    left join lateral (select n, key, started_at, outcome, reference from credit_attempts a
      where a.batch = i.batch and a.line = i.line order by n desc limit 1) a on true
    where i.batch = ${batch} and i.chunk = ${chunk} and i.paid_with is null
      and i.state in ('waiting', 'sent', 'unknown')
    order by i.line for no key update of i`.execute(trx);
  return locked.rows.map((row) => ({
    line: row.line,
    instructionId: row.instruction_id,
    state: row.state,
    amountMinor: row.amount_minor + row.more_minor,
    feeMinor: row.fee_minor + row.more_fee_minor,
    payeeIndex: bytes(row.payee_index),
    payeeIdentity: row.payee_identity,
    to: { kind: row.paid_to_kind, sealed: bytes(row.paid_to_sealed) },
    narration: row.narration,
    n: row.n ?? 0,
    key: row.outcome === null ? row.key : null,
    startedAt: row.outcome === null ? row.started_at : null,
    reference: row.outcome === null ? row.reference : null,
  }));
}

interface LockedCredit {
  readonly line: number;
  readonly instruction_id: string;
  readonly state: ChunkCredit["state"];
  readonly amount_minor: bigint;
  readonly fee_minor: bigint;
  readonly payee_index: Uint8Array;
  readonly payee_identity: string | null;
  readonly narration: string;
  readonly paid_to_kind: AddressKind;
  readonly paid_to_sealed: Uint8Array;
  readonly n: number | null;
  readonly key: string | null;
  readonly started_at: Date | null;
  readonly outcome: "paid" | "failed" | null;
  readonly reference: string | null;
  readonly more_minor: bigint;
  readonly more_fee_minor: bigint;
}

function unplannedOf(row: {
  line: number;
  payee_identity: string | null;
  address_kind: AddressKind | null;
  address_sealed: Uint8Array | null;
  institution_code: string | null;
  instruction_id: string;
  amount_minor: bigint;
  narration: string;
}): UnplannedInstruction {
  return {
    line: row.line,
    payeeIdentity: row.payee_identity,
    address:
      row.address_kind && row.address_sealed
        ? { kind: row.address_kind, sealed: bytes(row.address_sealed) }
        : null,
    institutionCode: row.institution_code,
    instructionId: row.instruction_id,
    amountMinor: row.amount_minor,
    narration: row.narration,
  };
}

function selectChunks(trx: Trx) {
  return trx.selectFrom("disbursement_chunks").select(["batch", "n", "institution_id", "voucher_batch"]);
}

function chunkOf(row: {
  batch: bigint;
  n: number;
  institution_id: string | null;
  voucher_batch: bigint | null;
}): ChunkRow {
  return {
    batch: row.batch,
    n: row.n,
    institutionId: row.institution_id,
    voucherBatch: row.voucher_batch,
  };
}

function receiverOf(row: {
  id: string;
  name: string;
  rail: ReceivingInstitution["rail"];
  gateway: ReceivingInstitution["gateway"];
  url: string | null;
  per_second: number | null;
}): ReceivingInstitution {
  return {
    id: row.id,
    name: row.name,
    rail: row.rail,
    gateway: row.gateway,
    url: row.url,
    perSecond: row.per_second,
  };
}
