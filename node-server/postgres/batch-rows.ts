/** Batches of voucher instructions, and what became of each instruction. */
import { sql } from "kysely";
import type { BatchResult, BatchRow, BatchRows, VoucherInstruction } from "../ports/store.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function batchRows(trx: Trx): BatchRows {
  return {
    async insert(batch, instructions) {
      const inserted = await trx
        .insertInto("voucher_batches")
        .values({
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
      await insertInstructions(trx, inserted.id, instructions);
      return inserted.id;
    },
    async find(id) {
      const row = await selectBatch(trx, id).executeTakeFirst();
      return row && batchRow(row);
    },
    async byRequest(institutionId, requestId) {
      const row = await trx
        .selectFrom("voucher_batches")
        .select("id")
        .where("institution_id", "=", institutionId)
        .where("request_id", "=", requestId)
        .executeTakeFirst();
      return row?.id;
    },
    async lock(id) {
      // The weaker lock keeps other workers out, and lets rows that refer to the batch come in.
      const row = await selectBatch(trx, id).forNoKeyUpdate().executeTakeFirst();
      return row && batchRow(row);
    },
    async nextOpen(id, limit) {
      const rows = await trx
        .selectFrom("voucher_instructions")
        .select(instructionColumns)
        .where("batch", "=", id)
        .where("failure_reason", "is", null)
        .where("made", "=", false)
        .orderBy("line")
        .limit(limit)
        .execute();
      return rows.map(instruction);
    },
    async fail(id, line, reason) {
      const result = await trx
        .updateTable("voucher_instructions")
        .set({ failure_reason: reason })
        .where("batch", "=", id)
        .where("line", "=", line)
        .where("failure_reason", "is", null)
        .executeTakeFirst();
      expectOne(result, `open line ${line} of batch ${id}`);
    },
    async complete(id) {
      await trx
        .updateTable("voucher_batches")
        .set({ completed_at: sql`clock_timestamp()` })
        .where("id", "=", id)
        .where("completed_at", "is", null)
        .execute();
    },
    async results(id) {
      const rows = await selectResults(trx, id).execute();
      return rows.map(batchResult);
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

async function insertInstructions(
  trx: Trx,
  batch: bigint,
  instructions: readonly VoucherInstruction[],
): Promise<void> {
  await sql`
    insert into voucher_instructions (batch, line, instruction_id, group_code, currency, amount,
      payee_functional_id, narration)
    select ${batch}::bigint, * from unnest(
      ${instructions.map((row) => row.line)}::int[],
      ${instructions.map((row) => row.instructionId)}::text[],
      ${instructions.map((row) => row.groupCode)}::text[],
      ${instructions.map((row) => row.currency)}::text[],
      ${instructions.map((row) => row.amount)}::text[],
      ${instructions.map((row) => row.payeeFunctionalId)}::text[],
      ${instructions.map((row) => row.narration)}::text[])`.execute(trx);
}

function selectBatch(trx: Trx, id: bigint) {
  return trx
    .selectFrom("voucher_batches")
    .select(["id", "institution_id", "batch_id", "request_id", "program_id", "callback_url"])
    .where("id", "=", id);
}

function batchRow(row: {
  id: bigint;
  institution_id: string;
  batch_id: string;
  request_id: string;
  program_id: string;
  callback_url: string;
}): BatchRow {
  return {
    id: row.id,
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
}): VoucherInstruction {
  return {
    line: row.line,
    instructionId: row.instruction_id,
    groupCode: row.group_code,
    currency: row.currency,
    amount: row.amount,
    payeeFunctionalId: row.payee_functional_id,
    narration: row.narration,
  };
}
