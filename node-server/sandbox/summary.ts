/** What a sandbox prints when it is ready: what its seed put there, and what to try. No voucher number is in it. */
import { formatMajor } from "#core/money.ts";
import { buildingBlockIds, merchantIds } from "./ids.ts";
import type { Seed, SeedMerchant, SeedPayee, SeedState, SeedVoucher } from "./seed.ts";

export function describeSeed(seed: Seed): string {
  const { notExisting } = seed.left;
  return [
    `Vouchers, ${seed.vouchers.length}:`,
    ...[...Map.groupBy(seed.vouchers, ({ state }) => state)].map(
      ([state, vouchers]) => `  ${stateNames[state]}: ${vouchers.length} (serials ${serialsOf(vouchers)})`,
    ),
    "Groups: string, Payment Voucher (the vouchers of the seed) and GENERAL-PURPOSE, each funded with 1,000,000 AED",
    "  and 1,000,000 USD",
    `Merchants, ${seed.merchants.length}:`,
    ...seed.merchants.map(
      ({ name, bankDetails, state }) => `  ${name} at ${bankDetails}${merchantNotes[state]}`,
    ),
    "Callers (Gov_Stack_BB: the name or the id; X-Registering-Institution-ID: the id):",
    ...[...buildingBlockIds(seed)].map(([name, id]) => (name === id ? `  ${id}` : `  ${name}: ${id}`)),
    `Payees, ${seed.payees.length}, each of the source building block of its row`,
    `Not loaded: ${notExisting} voucher(s) that shall not exist`,
  ].join("\n");
}

export function whatToTry(seed: Seed, url: string): string {
  const voucher = seed.vouchers.find(({ state }) => state === "activated" || state === "preActivated");
  const merchant = [...merchantIds(seed).keys()].find(({ state }) => state === "payable");
  return [
    "Try:",
    ...(voucher
      ? [`  curl ${url}/vouchers/voucherstatuscheck/${voucher.serial}`, preactivation(voucher, url)]
      : []),
    ...(voucher && merchant ? [redemption(voucher, merchant, url)] : []),
    ...seed.payees.slice(0, 1).map((payee) => lookUp(payee, buildingBlockIds(seed), url)),
    `  ${url}/docs tells every call`,
  ].join("\n");
}

function preactivation({ buildingBlock, money }: SeedVoucher, url: string): string {
  const body = {
    voucher_amount: formatMajor(money),
    voucher_currency: money.currency,
    voucher_group: "Payment Voucher",
    Gov_Stack_BB: buildingBlock,
  };
  return curl("POST", `${url}/vouchers/voucher_preactivation`, body);
}

function redemption({ buildingBlock }: SeedVoucher, merchant: SeedMerchant, url: string): string {
  const body = {
    voucher_number: "<of an activated voucher>",
    Gov_Stack_BB: buildingBlock,
    merchant_name: merchant.name,
    merchant_bank_details: merchant.bankDetails,
    merchant_voucher_group: merchant.group,
    override: false,
  };
  return curl("POST", `${url}/vouchers/voucher_redemption`, body);
}

function lookUp({ sourceBlock, identity }: SeedPayee, ids: ReadonlyMap<string, string>, url: string): string {
  const header = `X-Registering-Institution-ID: ${ids.get(sourceBlock) ?? ""}`;
  return `  curl '${url}/beneficiary?payeeIdentity=${encodeURIComponent(identity)}' -H '${header.replaceAll("'", "'\\''")}'`;
}

function curl(method: string, url: string, body: Readonly<Record<string, unknown>>): string {
  return `  curl -X ${method} ${url} -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`;
}

function serialsOf(vouchers: readonly SeedVoucher[]): string {
  const shown = vouchers.slice(0, 8).map(({ serial }) => String(serial));
  return vouchers.length > shown.length ? `${shown.join(", ")}, …` : shown.join(", ");
}

const stateNames: Readonly<Record<SeedState, string>> = {
  inventory: "Not pre-activated",
  preActivated: "Pre-activated",
  activated: "Activated",
  suspended: "Suspended",
  blocked: "Blocked",
  cancelled: "Cancelled",
  consumed: "Used",
  expired: "Expired",
  purged: "Purged",
};

const merchantNotes: Readonly<Record<SeedMerchant["state"], string>> = {
  payable: "",
  "short-of-funds": ": its provider has no funds",
  closed: ": its account is closed",
};
