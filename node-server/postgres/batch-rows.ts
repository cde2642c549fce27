/** Batches of voucher instructions, and what became of each instruction. */
import { sql } from "kysely";
import type { RawBuilder } from "kysely";
import type {
  BatchKind,
  BatchResult,
  BatchRow,
  BatchRows,
  RepeatedItem,
  VoucherInstruction,
} from "../ports/store.ts";
import { int4Array, textArray } from "./arrays.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function batchRows(trx: Trx): BatchRows {
  return {
    async insert(batch, instructions) {
      const inserted = await trx
        .insertInto("voucher_batches")
        .values({
          kind: batch.kind,
          institution_id: batch.institutionId,
          batch_id: batch.batchId,
          request_id: batch.requestId,
          program_id: batch.programId,
          callback_url: batch.callbackUrl,
        })
        .onConflict((conflict) => conflict.columns(["institution_id", "batch_id"]).doNothing())
        .returning("id")
        .executeTakeFirst();
      if (!inserted) return undefined;
      await insertion(inserted.id, instructions, null).execute(trx);
      return inserted.id;
    },
    async addUnique(batch, instructions) {
      const added = await insertUnique(trx, batch.id, instructions, batch.institutionId);
      const repeated = instructions.find(({ line }) => !added.has(line));
      return (
        repeated && { line: repeated.line, earlier: await findEarlier(trx, batch.institutionId, repeated) }
      );
    },
    async find(id) {
      const row = await selectBatches(trx).where("id", "=", id).executeTakeFirst();
      return row && batchRow(row);
    },
    async byRequest(institutionId, kind, requestId) {
      const row = await trx
        .selectFrom("voucher_batches")
        .select("id")
        .where("institution_id", "=", institutionId)
        .where("kind", "=", kind)
        .where("request_id", "=", requestId)
        .executeTakeFirst();
      return row?.id;
    },
    async byBatchId(institutionId, batchId) {
      const row = await selectBatches(trx)
        .where("institution_id", "=", institutionId)
        .where("batch_id", "=", batchId)
        .executeTakeFirst();
      return row && batchRow(row);
    },
    async progress(id) {
      const counted = sql<{ total: number; created: number; failed: number; complete: boolean }>`
        select count(*)::int as total, count(*) filter (where made)::int as created,
          count(failure_reason)::int as failed,
          exists (select from voucher_batches where id = ${id} and completed_at is not null) as complete
        from voucher_instructions where batch = ${id}`;
      const [row] = (await counted.execute(trx)).rows;
      if (!row) throw new Error("a count has one row");
      return row;
    },
    async lock(id) {
      // The weaker lock keeps other workers out, and lets rows that refer to the batch come in.
      const row = await selectBatches(trx).where("id", "=", id).forNoKeyUpdate().executeTakeFirst();
      return row && batchRow(row);
    },
    async nextOpen(id, limit, afterLine = 0) {
      const rows = await trx
        .selectFrom("voucher_instructions")
        .select(instructionColumns)
        .where("batch", "=", id)
        .where("failure_reason", "is", null)
        // As text, and not as a value, since the index holds only these.
        .where(sql<boolean>`not made`)
        .where("line", ">", afterLine)
        .orderBy("line")
        .limit(limit)
        .execute();
      return rows.map(instruction);
    },
    async areOpen(id, lines) {
      // Nothing opens again, so that their number tells, and the index that holds only open ones gives it.
      const counted = sql<{ open: number }>`
        select count(*)::int as open from voucher_instructions
        where batch = ${id} and line between ${lines[0] ?? 0} and ${lines.at(-1) ?? 0}
          and failure_reason is null and not made`;
      const [row] = (await counted.execute(trx)).rows;
      return row?.open === lines.length;
    },
    async fail(id, failures) {
      if (failures.length === 0) return;
      const failed = await sql`
        update voucher_instructions as i set failure_reason = f.reason
        from unnest(${failures.map(({ line }) => line)}::int[], ${failures.map(({ reason }) => reason)}::text[])
          as f (line, reason)
        where i.batch = ${id} and i.line = f.line and i.failure_reason is null`.execute(trx);
      if (failed.numAffectedRows !== BigInt(failures.length))
        throw new Error(`batch ${id}: an instruction that was to fail was not open`);
    },
    async takeOver(id, line, lost) {
      const result = await sql`
        update voucher_instructions i
        set group_code = o.group_code, currency = o.currency, amount = o.amount,
          payee_functional_id = o.payee_functional_id, narration = o.narration
        from vouchers v join voucher_instructions o on o.batch = v.batch and o.line = v.line
        where i.batch = ${id} and i.line = ${line} and not i.made and v.serial = ${lost}`.execute(trx);
      expectOne({ numUpdatedRows: result.numAffectedRows ?? 0n }, `open line ${line} of batch ${id}`);
    },
    async complete(id) {
      await trx
        .updateTable("voucher_batches")
        .set({ completed_at: sql`clock_timestamp()` })
        .where("id", "=", id)
        .where("completed_at", "is", null)
        .execute();
    },
    async results(id, slice) {
      const all = selectResults(trx, id);
      const wanted = slice
        ? all.where("voucher_instructions.line", ">", slice.afterLine).limit(slice.limit)
        : all;
      return (await wanted.execute()).map(batchResult);
    },
    async markDelivered(id) {
      await trx
        .updateTable("voucher_deliveries")
        .from("vouchers")
        .set({ delivered_at: sql`clock_timestamp()` })
        .whereRef("vouchers.serial", "=", "voucher_deliveries.serial")
        .where("vouchers.batch", "=", id)
        .where("delivered_at", "is", null)
        .execute();
    },
  };
}

/** Returns the lines that were added; only a repeated unique id keeps one out. */
async function insertUnique(
  trx: Trx,
  batch: bigint,
  instructions: readonly VoucherInstruction[],
  uniqueFor: string,
): Promise<ReadonlySet<number>> {
  const added = await sql<{ line: number }>`
    ${insertion(batch, instructions, uniqueFor)}
    on conflict (unique_for, instruction_id) where unique_for is not null do nothing
    returning line`.execute(trx);
  return new Set(added.rows.map(({ line }) => line));
}

function insertion(
  batch: bigint,
  instructions: readonly VoucherInstruction[],
  uniqueFor: string | null,
): RawBuilder<unknown> {
  return sql`
    insert into voucher_instructions (batch, unique_for, line, instruction_id, group_code, currency, amount,
      payee_functional_id, narration, replaces, reason)
    select ${batch}::bigint, ${uniqueFor}::text,
      unnest(${int4Array(instructions.map((row) => row.line))}::int[]),
      unnest(${textArray(instructions.map((row) => row.instructionId))}::text[]),
      unnest(${textArray(instructions.map((row) => row.groupCode))}::text[]),
      unnest(${textArray(instructions.map((row) => row.currency))}::text[]),
      unnest(${textArray(instructions.map((row) => row.amount))}::text[]),
      unnest(${textArray(instructions.map((row) => row.payeeFunctionalId))}::text[]),
      unnest(${textArray(instructions.map((row) => row.narration))}::text[]),
      unnest(${textArray(instructions.map((row) => row.replaces?.serialNumber ?? null))}::text[]),
      unnest(${textArray(instructions.map((row) => row.replaces?.reason ?? null))}::text[])`;
}

async function findEarlier(
  trx: Trx,
  institutionId: string,
  { instructionId }: VoucherInstruction,
): Promise<RepeatedItem["earlier"]> {
  const row = await trx
    .selectFrom("voucher_instructions")
    .innerJoin("voucher_batches", "voucher_batches.id", "voucher_instructions.batch")
    .select(["voucher_batches.batch_id", "voucher_instructions.line"])
    .where("unique_for", "=", institutionId)
    .where("instruction_id", "=", instructionId)
    .executeTakeFirstOrThrow();
  return { batchId: row.batch_id, line: row.line };
}

function selectBatches(trx: Trx) {
  return trx
    .selectFrom("voucher_batches")
    .select(["id", "kind", "institution_id", "batch_id", "request_id", "program_id", "callback_url"]);
}

function batchRow(row: {
  id: bigint;
  kind: BatchKind;
  institution_id: string;
  batch_id: string;
  request_id: string;
  program_id: string;
  callback_url: string | null;
}): BatchRow {
  return {
    id: row.id,
    kind: row.kind,
    institutionId: row.institution_id,
    batchId: row.batch_id,
    requestId: row.request_id,
    programId: row.program_id,
    callbackUrl: row.callback_url,
  };
}

const instructionColumns = [
  "voucher_instructions.line",
  "voucher_instructions.instruction_id",
  "voucher_instructions.group_code",
  "voucher_instructions.currency",
  "voucher_instructions.amount",
  "voucher_instructions.payee_functional_id",
  "voucher_instructions.narration",
  "voucher_instructions.replaces",
  "voucher_instructions.reason",
] as const;

function selectResults(trx: Trx, id: bigint) {
  return trx
    .selectFrom("voucher_instructions")
    .leftJoin("vouchers", (join) =>
      join
        .onRef("vouchers.batch", "=", "voucher_instructions.batch")
        .onRef("vouchers.line", "=", "voucher_instructions.line"),
    )
    .leftJoin("voucher_deliveries", "voucher_deliveries.serial", "vouchers.serial")
    .select([
      ...instructionColumns,
      "voucher_instructions.failure_reason",
      "vouchers.serial",
      "vouchers.expires_at",
      "voucher_deliveries.ciphertext",
    ])
    .where("voucher_instructions.batch", "=", id)
    .orderBy("voucher_instructions.line");
}

type SelectedResult = Awaited<ReturnType<ReturnType<typeof selectResults>["execute"]>>[number];

function batchResult(row: SelectedResult): BatchResult {
  return {
    ...instruction(row),
    failureReason: row.failure_reason,
    serial: row.serial,
    ciphertext: row.ciphertext,
    expiresAt: row.expires_at,
  };
}

function instruction(row: {
  line: number;
  instruction_id: string;
  group_code: string;
  currency: string;
  amount: string;
  payee_functional_id: string | null;
  narration: string;
  replaces: string | null;
  reason: string | null;
}): VoucherInstruction {
  return {
    line: row.line,
    instructionId: row.instruction_id,
    groupCode: row.group_code,
    currency: row.currency,
    amount: row.amount,
    payeeFunctionalId: row.payee_functional_id,
    narration: row.narration,
    ...(row.replaces === null ? {} : { replaces: { serialNumber: row.replaces, reason: row.reason ?? "" } }),
  };
}
