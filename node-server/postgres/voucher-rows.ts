/** Vouchers, with what their batch says of them; and the encrypted number that waits for its caller. */
import { sql } from "kysely";
import type { RawBuilder } from "kysely";
import type { NewVoucher, VoucherRow, VoucherRows } from "../ports/store.ts";
import { byteaArray, int4Array, int8Array, textArray, timestamptzArray } from "./arrays.ts";
import { keptQuery } from "./kept-query.ts";
import { insertionOfLines, openEntries } from "./ledger-rows.ts";
import { bytes, expectAll, expectOne } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function voucherRows(trx: Trx): VoucherRows {
  return {
    async nextSerials(count) {
      const drawn = sql<{ serial: bigint }>`
        select nextval('voucher_serials') as serial from generate_series(1, ${count}::int)`;
      return (await drawn.execute(trx)).rows.map((row) => row.serial);
    },
    async withFreeNumbers(rows) {
      const known = sql<{ number_index: Uint8Array }>`
        select number_index from vouchers where number_index = any(${byteaArray(rows.map((row) => row.numberIndex))}::bytea[])`;
      const taken = new Set((await known.execute(trx)).rows.map((row) => asKey(row.number_index)));
      return rows.filter((row) => {
        const index = asKey(row.numberIndex);
        const isFree = !taken.has(index);
        taken.add(index);
        return isFree;
      });
    },
    async insert(rows, reserve) {
      if (rows.length === 0) return;
      const { ids, lines } = await openEntries(trx, [reserve]);
      if (ids.size === 0) throw new Error(`the money of ${reserve.idempotencyKey} is reserved already`);
      // In one statement, at whose end the database finds the vouchers to have what the lines reserve for them.
      await sql`
        with lines as (${insertionOfLines(lines)}), deliveries as (${insertionOfDeliveries(rows)})
        ${insertionOfVouchers(rows)}`.execute(trx);
    },
    async lock(serials) {
      const { rows } = await lockedVouchers(trx, serials);
      return new Map(rows.map((row) => [row.serial, voucher(row)]));
    },
    async find(serial) {
      const row = await selectVouchers(trx).where("vouchers.serial", "=", serial).executeTakeFirst();
      return row && voucher(row);
    },
    async byNumber(numberIndex) {
      const row = await trx
        .selectFrom("vouchers")
        .select("serial")
        .where("number_index", "=", numberIndex)
        .executeTakeFirst();
      return row?.serial;
    },
    async page(institutionId, { index, size }) {
      const { total } = await trx
        .selectFrom("vouchers")
        .innerJoin("voucher_batches as batch", "batch.id", "vouchers.batch")
        .select((eb) => eb.fn.countAll<bigint>().as("total"))
        .where("batch.institution_id", "=", institutionId)
        .executeTakeFirstOrThrow();
      const rows = await selectVouchers(trx)
        .where("batch.institution_id", "=", institutionId)
        .orderBy("vouchers.serial")
        .limit(size)
        .offset(index * size)
        .execute();
      return { total: Number(total), rows: rows.map(voucher) };
    },
    async due(before, limit) {
      const rows = await trx
        .selectFrom("vouchers")
        .select("serial")
        .where(sql<boolean>`expires_at < ${before}::timestamptz - case when denied_chunk is null then interval '0'
          else (select make_interval(hours => coalesce(max(late_settlement_hours), 0)) from policies) end`)
        .where("expires_at", "<", before)
        .where("state", "in", ["preActivated", "activated", "leased", "suspended", "redeeming"])
        .where((eb) => eb.or([eb("pending", "is", null), eb("pending", "=", "suspend")]))
        .orderBy("expires_at")
        .limit(limit)
        .execute();
      return rows.map((row) => row.serial);
    },
    async eraseDelivered(before, limit) {
      const erased = await sql`
        update voucher_deliveries set ciphertext = null where serial in (
          select serial from voucher_deliveries
          where ciphertext is not null and delivered_at < ${before}
          order by delivered_at limit ${limit})`.execute(trx);
      return Number(erased.numAffectedRows ?? 0n);
    },
    async erase(serial) {
      await trx.updateTable("vouchers").set({ token: null }).where("serial", "=", serial).execute();
      await trx.deleteFrom("voucher_deliveries").where("serial", "=", serial).execute();
      await trx
        .updateTable("voucher_instructions")
        .from("vouchers")
        .set({
          payee_functional_id: null,
          narration: "",
          reason: sql`case when reason is not null then '' end`,
        })
        .whereRef("vouchers.batch", "=", "voucher_instructions.batch")
        .whereRef("vouchers.line", "=", "voucher_instructions.line")
        .where("vouchers.serial", "=", serial)
        .execute();
    },
    async update(serial, { state, pending, activatedAt, expiresAt, token, dispensedBy }) {
      const result = await trx
        .updateTable("vouchers")
        .set({
          state,
          pending,
          ...(activatedAt && { activated_at: activatedAt }),
          ...(expiresAt && { expires_at: expiresAt }),
          ...(token !== undefined && { token }),
          ...(dispensedBy !== undefined && { dispensed_by: dispensedBy }),
        })
        .where("serial", "=", serial)
        .executeTakeFirst();
      expectOne(result, `voucher ${serial}`);
    },
    async moveAll(changes) {
      const moved = await sql`
        update vouchers set state = changed.state, pending = changed.pending
        from unnest(
          ${changes.map(({ serial }) => serial)}::bigint[],
          ${changes.map(({ state }) => state)}::text[],
          ${changes.map(({ pending }) => pending)}::text[]) as changed (serial, state, pending)
        where vouchers.serial = changed.serial`.execute(trx);
      expectAll(moved, changes.length, "vouchers");
    },
    async toDispense(merchantId, groupCode, limit) {
      const rows = await trx
        .selectFrom("vouchers")
        .select("serial")
        .where("dispensed_by", "=", merchantId)
        .where("group_code", "=", groupCode)
        .where("state", "=", "activated")
        .where("expires_at", ">", sql<Date>`clock_timestamp()`)
        .orderBy("serial")
        .limit(limit)
        .execute();
      return rows.map((row) => row.serial);
    },
  };
}

// The sort happens below the locking, so that rows are locked in the order of their serials.
const lockedVouchers = keptQuery((trx, serials: readonly bigint[]) =>
  selectVouchers(trx)
    .where(sql<boolean>`vouchers.serial = any(${serials}::bigint[])`)
    .orderBy("vouchers.serial")
    .forUpdate("vouchers"),
);

// Arrays in place of one parameter for each value: a statement takes 65,535 of those, and a batch may be larger. Unnested
// side by side in a list of what is selected, and not after `from`, they are not written down first.
function insertionOfVouchers(rows: readonly NewVoucher[]): RawBuilder<unknown> {
  const { batch, groupCode, currency } = sharedBy(rows);
  return sql`
    insert into vouchers (state, batch, group_code, currency, serial, line, amount_minor, reserved_minor, number_index,
      number_verifier, token_key_id, expires_at, replaces)
    select 'preActivated', ${batch}::bigint, ${groupCode}::text, ${currency}::text, serial, line, amount_minor, amount_minor,
      number_index, number_verifier, token_key_id, expires_at, replaces
    from (select
      unnest(${int8Array(rows.map((row) => row.serial))}::bigint[]) as serial,
      unnest(${int4Array(rows.map((row) => row.line))}::int[]) as line,
      unnest(${int8Array(rows.map((row) => row.amountMinor))}::bigint[]) as amount_minor,
      unnest(${byteaArray(rows.map((row) => row.numberIndex))}::bytea[]) as number_index,
      unnest(${byteaArray(rows.map((row) => row.numberVerifier))}::bytea[]) as number_verifier,
      unnest(${byteaArray(rows.map((row) => row.tokenKeyId))}::bytea[]) as token_key_id,
      unnest(${timestamptzArray(rows.map((row) => row.expiresAt))}::timestamptz[]) as expires_at,
      unnest(${int8Array(rows.map((row) => row.replaces ?? null))}::bigint[]) as replaces) as made`;
}

/** One entry reserves the money of all. */
function sharedBy(rows: readonly NewVoucher[]): Pick<NewVoucher, "batch" | "groupCode" | "currency"> {
  const [first] = rows;
  const isShared = rows.every(
    ({ batch, groupCode, currency }) =>
      batch === first?.batch && groupCode === first.groupCode && currency === first.currency,
  );
  if (!first || !isShared) throw new Error("vouchers are stored by batch, group and currency");
  return first;
}

function insertionOfDeliveries(vouchers: readonly NewVoucher[]): RawBuilder<unknown> {
  const rows = vouchers.filter((row) => row.ciphertext !== null);
  return sql`
    insert into voucher_deliveries (serial, ciphertext)
    select
      unnest(${int8Array(rows.map((row) => row.serial))}::bigint[]),
      unnest(${textArray(rows.map((row) => row.ciphertext))}::text[])`;
}

/** A character for each byte. */
function asKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function selectVouchers(trx: Trx) {
  return trx
    .selectFrom("vouchers")
    .innerJoin("voucher_batches as batch", "batch.id", "vouchers.batch")
    .innerJoin("voucher_groups as group", "group.code", "vouchers.group_code")
    .leftJoin("vouchers as replacement", "replacement.replaces", "vouchers.serial")
    .select([
      "vouchers.serial",
      "batch.institution_id",
      "batch.program_id",
      "vouchers.group_code",
      "vouchers.amount_minor",
      "vouchers.currency",
      "vouchers.state",
      "vouchers.pending",
      "vouchers.number_index",
      "vouchers.number_verifier",
      "vouchers.token_key_id",
      "vouchers.token",
      "vouchers.activated_at",
      "vouchers.expires_at",
      "vouchers.replaces",
      "vouchers.denied_since",
      "group.at_risk",
      "replacement.serial as replaced_by",
    ]);
}

type SelectedVoucher = Awaited<ReturnType<ReturnType<typeof selectVouchers>["execute"]>>[number];

function voucher(row: SelectedVoucher): VoucherRow {
  return {
    serial: row.serial,
    institutionId: row.institution_id,
    programId: row.program_id,
    groupCode: row.group_code,
    atRisk: row.at_risk,
    deniedSince: row.denied_since,
    amountMinor: row.amount_minor,
    currency: row.currency,
    state: row.state,
    pending: row.pending,
    numberIndex: bytes(row.number_index),
    numberVerifier: bytes(row.number_verifier),
    tokenKeyId: row.token_key_id && bytes(row.token_key_id),
    token: row.token,
    activatedAt: row.activated_at,
    expiresAt: row.expires_at,
    replaces: row.replaces,
    replacedBy: row.replaced_by,
  };
}
