/** What callers ask of the account mapper, and the outcome of each item. Addresses are sealed until then, and erased. */
import { sql } from "kysely";
import type { Addresses } from "../addresses.ts";
import type {
  LineSlice,
  MapperItem,
  MapperProgress,
  MapperRequestRow,
  MapperRequestRows,
  MapperResult,
} from "../ports/mapper.ts";
import type { Page } from "../ports/store.ts";
import type { Trx } from "./rows.ts";

export function mapperRequestRows(trx: Trx, tokens: Addresses): MapperRequestRows {
  return {
    async insert(request) {
      const { id } = await trx
        .insertInto("mapper_requests")
        .values({
          institution_id: request.institutionId,
          action: request.action,
          face: request.face,
          request_id: request.requestId,
          request_key: request.requestKey,
          batch_id: request.batchId,
          program_id: request.programId,
          callback_url: request.callbackUrl,
          about: request.about,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },
    addItems: (request, items) => insertItems(trx, tokens, request, items),
    find: (id) => one(select(trx).where("id", "=", id).executeTakeFirst()),
    async byKey({ institutionId, action, face, requestKey }) {
      const row = await trx
        .selectFrom("mapper_requests")
        .select("id")
        .where("institution_id", "=", institutionId)
        .where("action", "=", action)
        .where("face", "=", face)
        .where("request_key", "=", requestKey)
        .executeTakeFirst();
      return row?.id;
    },
    byRequestId: (institutionId, requestId) =>
      one(
        select(trx)
          .where("institution_id", "=", institutionId)
          .where("request_id", "=", requestId)
          .orderBy("id", "desc")
          .limit(1)
          .executeTakeFirst(),
      ),
    lock: (id) => one(select(trx).where("id", "=", id).forNoKeyUpdate().executeTakeFirst()),
    async nextOpen(request, limit) {
      const rows = await trx
        .selectFrom("mapper_items")
        .select([...resultColumns, "address_token", "replaces_token", "area", "active", "prefer"])
        .where("request", "=", request.id)
        .where("done", "=", false)
        .orderBy("line")
        .limit(limit)
        .execute();
      return rows.map((row) => {
        const { institutionId } = request;
        const seal = tokens.ofPayee({ institutionId, payeeIdentity: row.payee_identity ?? "" });
        const opened = (token: Uint8Array | null) => token && seal.open(token);
        return {
          ...result(row),
          address: opened(row.address_token),
          replaces: opened(row.replaces_token),
          area: row.area,
          active: row.active,
          prefer: row.prefer,
        };
      });
    },
    async byTransaction({ institutionId, action }, by) {
      const all = select(trx)
        .where("institution_id", "=", institutionId)
        .where("action", "=", action)
        .where("face", "=", "g2p-connect");
      const named =
        "transactionId" in by
          ? all.where("request_id", "=", by.transactionId)
          : "correlationId" in by
            ? all.where("batch_id", "=", by.correlationId)
            : all.where(
                sql<boolean>`exists (select from mapper_items i where i.request = mapper_requests.id
                  and i.instruction_id = any(${by.referenceIds}::text[]))`,
              );
      return one(named.orderBy("id", "desc").limit(1).executeTakeFirst());
    },
    async finish(id, outcomes) {
      if (outcomes.length === 0) return;
      const finished = await sql`
        update mapper_items i set done = true, failure_reason = o.reason, reason_code = o.code,
          payee_identity = coalesce(o.found, i.payee_identity), address_token = null, replaces_token = null
        from unnest(
          ${outcomes.map(({ line }) => line)}::int[],
          ${outcomes.map(({ failureReason }) => failureReason)}::text[],
          ${outcomes.map(({ reasonCode }) => reasonCode ?? null)}::text[],
          ${outcomes.map(({ foundIdentity }) => foundIdentity ?? null)}::text[]) as o (line, reason, code, found)
        where i.request = ${id} and i.line = o.line and not i.done`.execute(trx);
      if (finished.numAffectedRows !== BigInt(outcomes.length))
        throw new Error(`mapper request ${id}: an item that was to be finished was not open`);
    },
    async correct(id, outcomes) {
      await sql`
        update mapper_items i set failure_reason = o.reason
        from unnest(
          ${outcomes.map(({ line }) => line)}::int[],
          ${outcomes.map(({ failureReason }) => failureReason)}::text[]) as o (line, reason)
        where i.request = ${id} and i.line = o.line and i.done`.execute(trx);
    },
    async complete(id) {
      await trx
        .updateTable("mapper_requests")
        .set({ completed_at: sql`clock_timestamp()` })
        .where("id", "=", id)
        .where("completed_at", "is", null)
        .execute();
    },
    progress: (id) => readProgress(trx, id),
    results: (id, slice) => readResults(trx, id, slice, false),
    failures: (id, page) => readResults(trx, id, page, true),
  };
}

async function insertItems(
  trx: Trx,
  tokens: Addresses,
  { id, institutionId }: Pick<MapperRequestRow, "id" | "institutionId">,
  items: readonly MapperItem[],
): Promise<void> {
  const sealed = ({ payeeIdentity }: MapperItem, address: string | null) =>
    address === null
      ? null
      : tokens.ofPayee({ institutionId, payeeIdentity: payeeIdentity ?? "" }).seal(address);
  await sql`
    insert into mapper_items (request, line, instruction_id, payee_identity, modality, institution_code, area, active,
      prefer, dated, details, address_token, replaces_token)
    select ${id}::bigint, * from unnest(
      ${items.map((item) => item.line)}::int[],
      ${items.map((item) => item.instructionId)}::text[],
      ${items.map((item) => item.payeeIdentity)}::text[],
      ${items.map((item) => item.modality)}::text[],
      ${items.map((item) => item.institutionCode)}::text[],
      ${items.map((item) => item.area)}::text[],
      ${items.map((item) => item.active)}::boolean[],
      ${items.map((item) => item.prefer)}::boolean[],
      ${items.map((item) => item.dated)}::text[],
      ${items.map((item) => item.details)}::boolean[],
      ${items.map((item) => sealed(item, item.address))}::bytea[],
      ${items.map((item) => sealed(item, item.replaces))}::bytea[])`.execute(trx);
}

/**
 * Lines count from 1 without gaps and are worked through in their order, so the first open one tells how many are done:
 * a file of a million is not counted each time that somebody asks.
 */
async function readProgress(trx: Trx, id: bigint): Promise<MapperProgress> {
  const read = sql<MapperProgress>`
    select total, coalesce(open - 1, total) as done, failed, complete from (select
      coalesce((select max(line) from mapper_items where request = ${id}), 0) as total,
      (select min(line) from mapper_items where request = ${id} and not done) as open,
      (select count(*)::int from mapper_items where request = ${id} and failure_reason is not null) as failed,
      exists (select from mapper_requests where id = ${id} and completed_at is not null) as complete) as seen`;
  const [row] = (await read.execute(trx)).rows;
  if (!row) throw new Error("a count has one row");
  return row;
}

const resultColumns = [
  "line",
  "instruction_id",
  "payee_identity",
  "modality",
  "institution_code",
  "dated",
  "details",
] as const;

async function readResults(trx: Trx, id: bigint, slice: LineSlice | Page, failedOnly: boolean) {
  const all = trx
    .selectFrom("mapper_items")
    .select([...resultColumns, "failure_reason", "reason_code", "done"])
    .where("request", "=", id)
    .orderBy("line");
  const wanted = failedOnly ? all.where("failure_reason", "is not", null) : all;
  const part =
    "afterLine" in slice
      ? wanted.where("line", ">", slice.afterLine).limit(slice.limit)
      : wanted.limit(slice.size).offset(slice.index * slice.size);
  const rows = await part.execute();
  return rows.map((row): MapperResult => ({
    ...result(row),
    failureReason: row.failure_reason,
    reasonCode: row.reason_code,
    done: row.done,
  }));
}

function result(row: {
  line: number;
  instruction_id: string | null;
  payee_identity: string | null;
  modality: string | null;
  institution_code: string | null;
  dated: string | null;
  details: boolean | null;
}): Omit<MapperResult, "failureReason" | "reasonCode" | "done"> {
  return {
    line: row.line,
    instructionId: row.instruction_id,
    payeeIdentity: row.payee_identity,
    modality: row.modality,
    institutionCode: row.institution_code,
    dated: row.dated,
    details: row.details,
  };
}

function select(trx: Trx) {
  return trx
    .selectFrom("mapper_requests")
    .select([
      "id",
      "institution_id",
      "action",
      "face",
      "request_id",
      "request_key",
      "batch_id",
      "program_id",
      "callback_url",
      "about",
    ]);
}

type Selected = Awaited<ReturnType<ReturnType<typeof select>["execute"]>>[number];

async function one(selected: Promise<Selected | undefined>): Promise<MapperRequestRow | undefined> {
  const row = await selected;
  return (
    row && {
      id: row.id,
      institutionId: row.institution_id,
      action: row.action,
      face: row.face,
      requestId: row.request_id,
      requestKey: row.request_key,
      batchId: row.batch_id,
      programId: row.program_id,
      callbackUrl: row.callback_url,
      about: row.about,
    }
  );
}
