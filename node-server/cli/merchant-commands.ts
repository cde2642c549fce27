/** Commands about merchants: who they are, which groups they belong to, and which vouchers those may redeem. */
import {
  joinMerchantGroup,
  leaveMerchantGroup,
  putMerchantGroup,
  readMatrix,
  setAcceptedGroups,
} from "../postgres/merchant-group-admin.ts";
import { listMerchants, putMerchant, setMerchantStatus } from "../postgres/registry-admin.ts";
import { done, option, refuseUnregistered, UsageError, words } from "./command.ts";
import type { Command, Options } from "./command.ts";
import { table } from "./table.ts";

export const merchantCommands: readonly (readonly [string, Command])[] = [
  [
    "merchant add",
    {
      database: true,
      usage:
        "merchant add ID NAME [--accepts CODE[,CODE…]] [--fsp ID] [--account TEXT] [--area TEXT] [--phone NUMBER]",
      summary:
        "register a merchant or agent (id of at most 10 characters) and the voucher groups it may redeem; what is left out stays as it was",
      async run({ pool }, args, options) {
        const [id, name] = words(this.usage, args, 2);
        if (id.length > 10) throw new UsageError(`${id} is longer than 10 characters`);
        const accepts = option(options, "accepts")
          ?.split(",")
          .filter((code) => code !== "");
        const merchant = {
          id,
          name,
          accepts,
          fspId: option(options, "fsp"),
          account: option(options, "account"),
          area: option(options, "area"),
          phone: phoneOf(options),
        };
        await putMerchant(pool, merchant).catch(refuseUnregistered);
        const told = accepts ? `; of its own it accepts ${accepts.join(", ") || "no voucher group"}` : "";
        return done(`Merchant ${id} is registered${told}.`, { id, accepts: accepts ?? null });
      },
    },
  ],
  [
    "merchant status",
    {
      database: true,
      usage: "merchant status ID active|closed",
      summary: "open or close a merchant's account; a closed one cannot be credited",
      async run({ pool }, args) {
        const [id, status] = words(this.usage, args, 2);
        if (status !== "active" && status !== "closed")
          throw new UsageError(`${status} is neither active nor closed`);
        if (!(await setMerchantStatus(pool, id, status))) throw new UsageError(`There is no merchant ${id}`);
        return done(`Merchant ${id} is ${status}.`, { id, status });
      },
    },
  ],
  [
    "merchants",
    {
      database: true,
      usage: "merchants",
      summary: "list the merchants: who pays them, where, and whether they can be credited",
      async run({ pool }) {
        const merchants = await listMerchants(pool);
        const rows = merchants.map((merchant) => [
          merchant.id,
          merchant.name,
          merchant.status,
          merchant.fspId ?? "",
          merchant.account ?? "",
          merchant.area ?? "",
          merchant.phone ?? "",
          merchant.groups.join(", "),
        ]);
        return done(
          table(["id", "name", "status", "fsp", "account", "area", "phone", "groups"], rows),
          merchants,
        );
      },
    },
  ],
  [
    "merchant-group add",
    {
      database: true,
      usage: "merchant-group add CODE NAME",
      summary: "make a group of merchants; each merchant has one of its own already",
      async run({ pool }, args) {
        const [code, name] = words(this.usage, args, 2);
        await putMerchantGroup(pool, { code, name });
        return done(`Merchant group ${code} is there.`, { code });
      },
    },
  ],
  [
    "merchant-group join",
    {
      database: true,
      usage: "merchant-group join GROUP MERCHANT",
      summary: "put a merchant into a group",
      async run({ pool }, args) {
        const [group, merchant] = words(this.usage, args, 2);
        const isNew = await joinMerchantGroup(pool, group, merchant).catch(refuseUnregistered);
        return done(isNew ? `${merchant} is in ${group}.` : `${merchant} was in ${group} already.`, {
          group,
        });
      },
    },
  ],
  [
    "merchant-group leave",
    {
      database: true,
      usage: "merchant-group leave GROUP MERCHANT",
      summary: "take a merchant out of a group",
      async run({ pool }, args) {
        const [group, merchant] = words(this.usage, args, 2);
        if (!(await leaveMerchantGroup(pool, group, merchant)))
          throw new UsageError(`${merchant} is not in ${group}`);
        return done(`${merchant} is no longer in ${group}.`, { group, merchant });
      },
    },
  ],
  [
    "merchant-group accept",
    {
      database: true,
      usage: "merchant-group accept GROUP VOUCHER-GROUP[,VOUCHER-GROUP…]",
      summary: "say which voucher groups the merchants of a group may redeem",
      async run({ pool }, args) {
        const [group, list] = words(this.usage, args, 2);
        const accepted = list.split(",").filter((code) => code !== "");
        await setAcceptedGroups(pool, group, accepted).catch(refuseUnregistered);
        return done(`Merchants of ${group} may redeem ${accepted.join(", ")}.`, { group, accepted });
      },
    },
  ],
  [
    "matrix",
    {
      database: true,
      usage: "matrix",
      summary: "which merchant groups may redeem which voucher groups",
      async run({ pool }) {
        const matrix = await readMatrix(pool);
        const columns = [...new Set(matrix.flatMap((row) => row.voucherGroups))].toSorted();
        const rows = matrix.map((row) => [
          row.merchantGroup,
          row.merchants,
          ...columns.map((column) => (row.voucherGroups.includes(column) ? "yes" : "")),
        ]);
        return done(table(["merchant group", "merchants", ...columns], rows), matrix);
      },
    },
  ],
];

function phoneOf(options: Options): string | null {
  const phone = option(options, "phone");
  if (phone !== null && !/^[+0-9][0-9 ()/-]{2,29}$/.test(phone))
    throw new UsageError(`${phone} is no telephone number`);
  return phone;
}
