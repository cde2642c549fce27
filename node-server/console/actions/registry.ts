/** Merchants, their groups with what they accept, and billers. They are changed by the command line. */
import { z } from "zod";
import { billerList, matrixList, merchantList } from "../../postgres/console/registry-lists.ts";
import { list } from "../action.ts";
import { count } from "../shown.ts";

const merchant = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  area: z.string().nullable(),
  phone: z.string().nullable(),
  fsp: z.string().nullable(),
  account: z.string().nullable(),
  groups: z.string(),
  nodes: count,
});

const group = z.object({
  group: z.string(),
  name: z.string(),
  merchants: count,
  accepts: z.string(),
});

const biller = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  inquiry: z.string(),
  timeZone: z.string(),
  status: z.string(),
  payerFis: z.string(),
});

export const registryActions = {
  merchants: list(merchantList, merchant, ({ fspId, groups, nodes, account, ...row }) => ({
    ...row,
    fsp: fspId,
    account: account === null ? null : masked(account),
    groups: groups.join(" "),
    nodes: Number(nodes),
  })),
  matrix: list(matrixList, group, ({ merchantGroup, name, merchants, voucherGroups }) => ({
    group: merchantGroup,
    name,
    merchants: Number(merchants),
    accepts: voucherGroups.join(" "),
  })),
  billers: list(billerList, biller, ({ payerFis, ...row }) => ({ ...row, payerFis: payerFis.join(" ") })),
};

/** Enough to tell one account from another, and not to pay into it. */
function masked(account: string): string {
  return account.length <= 4 ? "••••" : `••••${account.slice(-4)}`;
}
