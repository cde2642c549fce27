/** Merchants, their groups and billers as the console lists them. */
import type { BillerSummary } from "../biller-admin.ts";
import type { MatrixRow } from "../merchant-group-admin.ts";
import type { MerchantSummary } from "../registry-admin.ts";
import type { ListSource } from "./page-of.ts";

export interface ListedMerchant extends MerchantSummary {
  readonly nodes: bigint;
}

const byId = { key: { column: "id", type: "text" }, descending: false } as const;
const idAndName = { id: { column: "id", type: "text" }, name: { column: "name", type: "text" } } as const;
const byText = (text: string) => `r.id ilike '%' || ${text} || '%' or r.name ilike '%' || ${text} || '%'`;
const byStatus = (text: string) => `r.status = ${text}`;

export const merchantList: ListSource<ListedMerchant> = {
  query: `
    select id, name, status, fsp_id as "fspId", account, area, phone,
      array(select merchant_group from merchant_group_members g where g.merchant_id = merchants.id order by 1) as groups,
      (select count(*) from nodes n where n.merchant_id = merchants.id) as nodes
    from merchants`,
  ...byId,
  sorts: idAndName,
  filters: {
    search: byText,
    status: byStatus,
    group: (text) => `${text} = any(r.groups)`,
  },
  own: { merchant: "id", fsp: "fspId" },
};

export const matrixList: ListSource<MatrixRow & { readonly name: string }> = {
  query: `
    select g.code as "merchantGroup", g.name,
      (select count(*) from merchant_group_members m where m.merchant_group = g.code) as merchants,
      array(select a.voucher_group from merchant_group_accepts a
        where a.merchant_group = g.code order by 1) as "voucherGroups"
    from merchant_groups g`,
  key: { column: "merchantGroup", type: "text" },
  sorts: { group: { column: "merchantGroup", type: "text" }, name: { column: "name", type: "text" } },
  descending: false,
  filters: {
    search: (text) => `r."merchantGroup" ilike '%' || ${text} || '%' or r.name ilike '%' || ${text} || '%'`,
    voucherGroup: (text) => `${text} = any(r."voucherGroups")`,
  },
};

export const billerList: ListSource<BillerSummary> = {
  query: `
    select id, name, prefix, inquiry, time_zone as "timeZone", status,
      array(select payer_fi_id from biller_payer_fis l where l.biller_id = billers.id order by 1) as "payerFis"
    from billers`,
  ...byId,
  sorts: idAndName,
  filters: { search: byText, status: byStatus },
  own: { biller: "id" },
};
