/** Who takes part: institutions, voucher groups, merchants, and the database's own identity. */
import type { InstitutionRow, RegistryRows } from "../ports/store.ts";
import { keptQuery } from "./kept-query.ts";
import { bytesOrNull } from "./rows.ts";
import type { Trx } from "./rows.ts";

export function registryRows(trx: Trx): RegistryRows {
  return {
    async institution(id) {
      const row = await trx
        .selectFrom("institutions")
        .select(institutionColumns)
        .where("id", "=", id)
        .executeTakeFirst();
      return row && institution(row);
    },
    async institutionByName(name) {
      const rows = await trx
        .selectFrom("institutions")
        .select(institutionColumns)
        .where("name", "=", name)
        .limit(2)
        .execute();
      const [row] = rows;
      return row && rows.length === 1 ? institution(row) : undefined;
    },
    async signingKey(institutionId) {
      const row = await trx
        .selectFrom("institutions")
        .select("signing_key")
        .where("id", "=", institutionId)
        .executeTakeFirst();
      return bytesOrNull(row?.signing_key ?? null) ?? undefined;
    },
    async xRoadClient(client) {
      const row = await trx
        .selectFrom("x_road_clients")
        .select(["institution_id", "scopes"])
        .where("client", "=", client)
        .executeTakeFirst();
      return row && { institutionId: row.institution_id, scopes: row.scopes };
    },
    async voucherGroup(codeOrName) {
      // One group's name may be another's code; then the code is meant.
      const row = await trx
        .selectFrom("voucher_groups")
        .select(["code", "name", "validity_days", "reservation_days", "at_risk"])
        .where((eb) => eb.or([eb("code", "=", codeOrName), eb("name", "=", codeOrName)]))
        .orderBy((eb) => eb("code", "=", codeOrName), "desc")
        .limit(1)
        .executeTakeFirst();
      return (
        row && {
          code: row.code,
          name: row.name,
          validityDays: row.validity_days,
          reservationDays: row.reservation_days,
          atRisk: row.at_risk,
        }
      );
    },
    merchant: async (id) => (await merchantOfId(trx, id)).rows[0],
    fsp: (id) => trx.selectFrom("fsps").select(["id", "name"]).where("id", "=", id).executeTakeFirst(),
    async contact(merchantId) {
      const row = await trx
        .selectFrom("merchants")
        .select(["area", "phone"])
        .where("id", "=", merchantId)
        .executeTakeFirst();
      return row ?? { area: null, phone: null };
    },
    async accepts(merchantId, groupCode) {
      return (await memberAccepting(trx, merchantId, groupCode)).rows.length > 0;
    },
    async paymentTerms(merchantId, groupCode, currency) {
      const [row] = (await termsOfMerchant(trx, merchantId, groupCode, currency)).rows;
      if (!row) throw new Error(`no merchant ${merchantId}`);
      return {
        fspId: row.fsp_id,
        feeFixedMinor: row.fixed_minor ?? 0n,
        feeBasisPoints: row.basis_points ?? 0,
      };
    },
    async acceptsAs(merchantId, groupCode, named) {
      if (named === null) return this.accepts(merchantId, groupCode);
      const row = await trx
        .selectFrom("merchant_group_members as member")
        .innerJoin("merchant_group_accepts as accepted", "accepted.merchant_group", "member.merchant_group")
        .innerJoin("merchant_groups as own", "own.code", "member.merchant_group")
        .innerJoin("voucher_groups as group", "group.code", "accepted.voucher_group")
        .select("member.merchant_id")
        .where("member.merchant_id", "=", merchantId)
        .where("accepted.voucher_group", "=", groupCode)
        .where((eb) =>
          eb.or([
            eb("group.code", "=", named),
            eb("group.name", "=", named),
            eb("own.code", "=", named),
            eb("own.name", "=", named),
          ]),
        )
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
    merchantsByName: (name, bankDetails) =>
      trx
        .selectFrom("merchants")
        .leftJoin("fsps", "fsps.id", "merchants.fsp_id")
        .select(["merchants.id", "merchants.name", "merchants.status", "merchants.account"])
        .where("merchants.name", "=", name)
        .where((eb) =>
          eb.or([
            eb("fsps.name", "=", bankDetails),
            eb("fsps.id", "=", bankDetails),
            eb("merchants.account", "=", bankDetails),
          ]),
        )
        .orderBy("merchants.id")
        .execute(),
    async hasPermission(institutionId, permission) {
      const row = await trx
        .selectFrom("institution_permissions")
        .select("permission")
        .where("institution_id", "=", institutionId)
        .where("permission", "=", permission)
        .where("approved_by", "is not", null)
        .executeTakeFirst();
      return row !== undefined;
    },
    async generation() {
      const [row] = (await currentGeneration(trx)).rows;
      if (!row) throw new Error("the database has no identity");
      return row.generation;
    },
  };
}

const currentGeneration = keptQuery((trx) => trx.selectFrom("server_identity").select("generation"));

const merchantOfId = keptQuery((trx, id: string) =>
  trx.selectFrom("merchants").select(["id", "name", "status", "account"]).where("id", "=", id),
);

const memberAccepting = keptQuery((trx, merchantId: string, groupCode: string) =>
  trx
    .selectFrom("merchant_group_members as member")
    .innerJoin("merchant_group_accepts as accepted", "accepted.merchant_group", "member.merchant_group")
    .select("member.merchant_id")
    .where("member.merchant_id", "=", merchantId)
    .where("accepted.voucher_group", "=", groupCode)
    .limit(1),
);

const termsOfMerchant = keptQuery((trx, merchantId: string, groupCode: string, currency: string) =>
  trx
    .selectFrom("merchants")
    .leftJoin("voucher_group_fees as fee", (join) =>
      join.on("fee.group_code", "=", groupCode).on("fee.currency", "=", currency),
    )
    .select(["merchants.fsp_id", "fee.fixed_minor", "fee.basis_points"])
    .where("merchants.id", "=", merchantId),
);

const institutionColumns = [
  "id",
  "name",
  "callback_base_url",
  "callback_method",
  "profile",
  "box_public_key",
] as const;

function institution(row: {
  id: string;
  name: string;
  callback_base_url: string | null;
  callback_method: InstitutionRow["callbackMethod"];
  profile: InstitutionRow["profile"];
  box_public_key: Uint8Array | null;
}): InstitutionRow {
  return {
    id: row.id,
    name: row.name,
    callbackBaseUrl: row.callback_base_url,
    callbackMethod: row.callback_method,
    profile: row.profile,
    boxPublicKey: bytesOrNull(row.box_public_key),
  };
}
