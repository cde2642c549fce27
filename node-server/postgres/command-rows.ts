/** Commands over many vouchers, and the outcome of each item. */
import { sql } from "kysely";
import type {
  CommandItem,
  CommandResult,
  CommandRow,
  CommandRows,
  ItemOutcome,
  VoucherCommand,
} from "../ports/store.ts";
import { expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function commandRows(trx: Trx): CommandRows {
  return {
    async insert(command, items) {
      const { id } = await trx
        .insertInto("voucher_commands")
        .values({
          institution_id: command.institutionId,
          request_id: command.requestId,
          batch_id: command.batchId,
          command: command.command,
          callback_url: command.callbackUrl,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await insertItems(trx, id, items);
      return id;
    },
    async find(id) {
      const row = await selectCommand(trx, id).executeTakeFirst();
      return row && commandRow(row);
    },
    async byRequest(institutionId, command, requestId) {
      const row = await trx
        .selectFrom("voucher_commands")
        .select("id")
        .where("institution_id", "=", institutionId)
        .where("command", "=", command)
        .where("request_id", "=", requestId)
        .executeTakeFirst();
      return row?.id;
    },
    async lock(id) {
      const row = await selectCommand(trx, id).forNoKeyUpdate().executeTakeFirst();
      return row && commandRow(row);
    },
    async nextOpen(id) {
      const row = await selectItems(trx, id).where("done", "=", false).limit(1).executeTakeFirst();
      return row && item(row);
    },
    async finish(id, line, outcome) {
      const result = await trx
        .updateTable("voucher_command_items")
        .set({ done: true, ...outcomeColumns(outcome) })
        .where("command", "=", id)
        .where("line", "=", line)
        .where("done", "=", false)
        .executeTakeFirst();
      expectOne(result, `open line ${line} of command ${id}`);
    },
    async complete(id) {
      await trx
        .updateTable("voucher_commands")
        .set({ completed_at: sql`clock_timestamp()` })
        .where("id", "=", id)
        .where("completed_at", "is", null)
        .execute();
    },
    async results(id) {
      const rows = await selectItems(trx, id).execute();
      return rows.map(itemResult);
    },
  };
}

async function insertItems(trx: Trx, command: bigint, items: readonly CommandItem[]): Promise<void> {
  await sql`
    insert into voucher_command_items (command, line, action, serial_number, lease_to, lease_until, dispensed_by)
    select ${command}::bigint, * from unnest(
      ${items.map((row) => row.line)}::int[],
      ${items.map((row) => row.action)}::text[],
      ${items.map((row) => row.serialNumber)}::text[],
      ${items.map((row) => row.leaseTo)}::text[],
      ${items.map((row) => row.leaseUntil)}::timestamptz[],
      ${items.map((row) => row.dispensedBy ?? null)}::text[])`.execute(trx);
}

function selectCommand(trx: Trx, id: bigint) {
  return trx
    .selectFrom("voucher_commands")
    .select(["id", "institution_id", "request_id", "batch_id", "command", "callback_url"])
    .where("id", "=", id);
}

function commandRow(row: {
  id: bigint;
  institution_id: string;
  request_id: string;
  batch_id: string;
  command: VoucherCommand;
  callback_url: string;
}): CommandRow {
  return {
    id: row.id,
    institutionId: row.institution_id,
    requestId: row.request_id,
    batchId: row.batch_id,
    command: row.command,
    callbackUrl: row.callback_url,
  };
}

const itemColumns = ["line", "action", "serial_number", "lease_to", "lease_until", "dispensed_by"] as const;

function selectItems(trx: Trx, id: bigint) {
  return trx
    .selectFrom("voucher_command_items")
    .select([...itemColumns, "failure_reason", "pending", "pending_until"])
    .where("command", "=", id)
    .orderBy("line");
}

type SelectedItem = Awaited<ReturnType<ReturnType<typeof selectItems>["execute"]>>[number];

function itemResult(row: SelectedItem): CommandResult {
  return {
    ...item(row),
    failureReason: row.failure_reason,
    pending: row.pending,
    pendingUntil: row.pending_until,
  };
}

function item(row: Pick<SelectedItem, (typeof itemColumns)[number]>): CommandItem {
  return {
    line: row.line,
    action: row.action,
    serialNumber: row.serial_number,
    leaseTo: row.lease_to,
    leaseUntil: row.lease_until,
    ...(row.dispensed_by !== null && { dispensedBy: row.dispensed_by }),
  };
}

function outcomeColumns(outcome: ItemOutcome) {
  return outcome.failureReason === null
    ? { failure_reason: null, pending: outcome.pending, pending_until: outcome.pendingUntil }
    : { failure_reason: outcome.failureReason };
}
