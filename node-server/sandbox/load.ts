/**
 * Loads a seed into an empty sandbox. Every state is reached as in life, by the same decisions and entries of the
 * journal: made and funded, activated, then cancelled, redeemed, or whatever the file says became of it.
 */
import type { Pool } from "pg";
import type { AddressFields, Modality } from "#core/payee-addresses.ts";
import { fundGroup } from "../ledger/entries.ts";
import { changePayees } from "../mapper/change-payees.ts";
import { claimVoucher } from "../payments/claim.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { payClaim } from "../payments/settle-claim.ts";
import type { Tx, VoucherAction, VoucherRow } from "../ports/store.ts";
import { putDisbursementTerms } from "../postgres/disbursement-admin.ts";
import { fundFspAccount, putFsp } from "../postgres/payment-admin.ts";
import { approvePermission, proposePermission } from "../postgres/permission-admin.ts";
import {
  putInstitution,
  putMerchant,
  putVoucherGroup,
  setMerchantStatus,
} from "../postgres/registry-admin.ts";
import { changeVoucher } from "../vouchers/change.ts";
import { carryOutItem } from "../vouchers/commands.ts";
import type { CommandDependencies } from "../vouchers/commands.ts";
import { indexOfNumber, keepNumber } from "../vouchers/numbers.ts";
import type { NumberMaking } from "../vouchers/numbers.ts";
import { createSingle } from "../vouchers/one-zero/single.ts";
import { buildingBlockIds, fspIds, merchantIds } from "./ids.ts";
import type { Seed, SeedState, SeedVoucher } from "./seed.ts";

export interface LoadDependencies extends CommandDependencies {
  readonly pool: Pool;
  readonly gateway: PaymentGateway;
  readonly numbers: NumberMaking;
  /** What the current API encrypts voucher numbers for; all callers of a sandbox share one pair. */
  readonly callerPublicKey: Uint8Array;
}

/** The groups of the published samples; a seed's vouchers belong to the second. */
const groups = [
  { code: "STR", name: "string" },
  { code: "PAY", name: "Payment Voucher" },
  { code: "GEN", name: "GENERAL-PURPOSE" },
] as const;
const sampleGroup = "PAY";

/** What each group, and each provider that is not short of funds, has: a million of either. */
const funds = ["AED", "USD"].map((currency) => ({ amountMinor: 100_000_000n, currency }));

const aYear = 365;

export async function loadSeed(deps: LoadDependencies, seed: Seed): Promise<void> {
  await loadGroups(deps);
  await loadInstitutions(deps, seed);
  await loadMerchants(deps, seed);
  await loadPayees(deps, seed);
  for (const voucher of seed.vouchers) await loadVoucher(deps, seed, voucher);
}

async function loadGroups({ pool, store }: LoadDependencies): Promise<void> {
  for (const group of groups) {
    await putVoucherGroup(pool, { ...group, validityDays: aYear, reservationDays: aYear });
    for (const money of funds) {
      const entry = fundGroup(`sandbox-${group.code}-${money.currency}`, group.code, money);
      await store.transaction((tx) => tx.ledger.post(entry));
    }
  }
}

/** Everybody of a sandbox may disburse, out of money in our own ledger. */
const disbursementTerms = {
  payerBank: null,
  countryCode: null,
  voucherGroup: null,
  duplicateDays: 0,
  mostFailedPercent: null,
} as const;

async function loadInstitutions({ pool, callerPublicKey }: LoadDependencies, seed: Seed): Promise<void> {
  for (const [name, id] of buildingBlockIds(seed)) {
    await putInstitution(pool, { id, name, callbackBaseUrl: null, boxPublicKey: callerPublicKey });
    await putDisbursementTerms(pool, { ...disbursementTerms, institutionId: id, payerIdentifier: id });
    if (!seed.vouchers.some(({ buildingBlock }) => buildingBlock === name)) continue;
    const grant = { institutionId: id, permission: "override" } as const;
    await proposePermission(pool, { ...grant, by: "sandbox, first" });
    await approvePermission(pool, { ...grant, by: "sandbox, second" });
  }
}

async function loadMerchants({ pool, store }: LoadDependencies, seed: Seed): Promise<void> {
  const providers = fspIds(seed);
  for (const [name, fspId] of providers) {
    await putFsp(pool, { id: fspId, name });
    const isShort = seed.merchants.some(
      ({ bankDetails, state }) => bankDetails === name && state === "short-of-funds",
    );
    for (const money of isShort ? [] : funds)
      await fundFspAccount(store, { fspId, money, reference: `sandbox-${money.currency}` });
  }
  for (const [merchant, id] of merchantIds(seed)) {
    const accepts = groups.filter(({ name }) => name === merchant.group).map(({ code }) => code);
    const fspId = providers.get(merchant.bankDetails) ?? null;
    await putMerchant(pool, { id, name: merchant.name, accepts, fspId });
    if (merchant.state === "closed") await setMerchantStatus(pool, id, "closed");
  }
}

async function loadPayees({ store }: LoadDependencies, seed: Seed): Promise<void> {
  const ids = buildingBlockIds(seed);
  for (const [sourceBlock, payees] of Map.groupBy(seed.payees, (payee) => payee.sourceBlock)) {
    const institutionId = ids.get(sourceBlock) ?? "";
    const items = payees.map(({ identity, modality, address }, index) => ({
      line: index + 1,
      payeeIdentity: identity,
      area: null,
      changes: [{ type: "REGISTER" as const, address: addressOf(modality, address) }],
    }));
    const work = { institutionId, programId: null, actor: "sandbox", cause: "seed" };
    const outcomes = await store.transaction((tx) => changePayees(tx, work, items));
    for (const { line, payeeIdentity } of items) {
      const refusal = outcomes.get(line);
      if (refusal !== null) throw new Error(`the payee ${payeeIdentity} of the seed: ${String(refusal)}`);
    }
  }
}

function addressOf(modality: Modality | undefined, address: string | undefined): AddressFields | null {
  if (modality === undefined && address === undefined) return null;
  return { modality: modality ?? "00", institutionCode: null, address: address ?? null };
}

async function loadVoucher(deps: LoadDependencies, seed: Seed, voucher: SeedVoucher): Promise<void> {
  const { serial, number, money } = voucher;
  if (voucher.state === "inventory") {
    const numberIndex = indexOfNumber(deps.numbers.keys.indexKey, number);
    await deps.store.transaction((tx) =>
      tx.inventory.insert({ ...money, serial, numberIndex, groupCode: sampleGroup }),
    );
    return;
  }
  const institutionId = buildingBlockIds(seed).get(voucher.buildingBlock) ?? "";
  await deps.store.transaction((tx) => createVoucher(deps, tx, institutionId, voucher));
  for (const step of lives[voucher.state]) await takeStep(deps, seed, institutionId, serial, step);
}

async function createVoucher(
  { numbers }: LoadDependencies,
  tx: Tx,
  institutionId: string,
  { serial, number, money }: SeedVoucher,
): Promise<void> {
  const group = await tx.registry.voucherGroup(sampleGroup);
  if (!group) throw new Error(`there is no group ${sampleGroup}`);
  const made = await createSingle(
    tx,
    numbers.randomBytes,
    { institutionId, group, money, comment: "from the seed" },
    {
      areFree: false,
      drawSerials: async () => [serial],
      issue: async () => ({ ...(await keepNumber(numbers, serial, number)), ciphertext: null }),
    },
  );
  if (!made)
    throw new Error(`the funding of ${group.name} does not cover the voucher with the serial ${serial}`);
}

type Step = VoucherAction | "redeem" | "expire";

const lives: Readonly<Record<Exclude<SeedState, "inventory">, readonly Step[]>> = {
  preActivated: [],
  activated: ["activate"],
  suspended: ["activate", "suspend"],
  blocked: ["activate", "block"],
  cancelled: ["activate", "cancel"],
  consumed: ["activate", "redeem"],
  expired: ["activate", "expire"],
  purged: ["activate", "cancel", "purge"],
};

async function takeStep(
  deps: LoadDependencies,
  seed: Seed,
  institutionId: string,
  serial: bigint,
  step: Step,
): Promise<void> {
  if (step === "redeem") return redeem(deps, seed, serial);
  if (step === "expire") return deps.store.transaction(async (tx) => expire(tx, await lock(tx, serial)));
  const item = { line: 1, action: step, serialNumber: String(serial), leaseTo: null, leaseUntil: null };
  await deps.store.transaction((tx) => carryOutItem(deps, tx, institutionId, item));
}

async function redeem({ store, gateway }: LoadDependencies, seed: Seed, serial: bigint): Promise<void> {
  const payable = [...merchantIds(seed)].find(([{ state }]) => state === "payable");
  if (!payable) throw new Error("no merchant of the seed can be paid");
  const claimId = await store.transaction(async (tx) => {
    const claimed = await claimVoucher(tx, await lock(tx, serial), {
      cause: `sandbox:${serial}`,
      merchantId: payable[1],
      offline: false,
      entitled: false,
      actor: "sandbox",
    });
    if (!claimed.ok)
      throw new Error(`the voucher ${serial} of the seed is not redeemed: ${claimed.refusal.code}`);
    return claimed.claim.id;
  });
  const state = await payClaim(store, gateway, claimId);
  if (state !== "paid") throw new Error(`the payout for the voucher ${serial} of the seed is ${state}`);
}

/** Its time ends now, and then what the schedule would do is done. */
async function expire(tx: Tx, voucher: VoucherRow): Promise<void> {
  const { serial, state, pending } = voucher;
  await tx.vouchers.update(serial, { state, pending, expiresAt: await tx.now() });
  const reason = { actor: "sandbox", action: "voucher.expire" };
  const changed = await changeVoucher(tx, voucher, { type: "EXPIRE" }, reason);
  if (!changed.ok)
    throw new Error(`the voucher ${serial} of the seed does not expire: ${changed.refusal.code}`);
}

async function lock(tx: Tx, serial: bigint): Promise<VoucherRow> {
  const voucher = (await tx.vouchers.lock([serial])).get(serial);
  if (!voucher) throw new Error(`there is no voucher ${serial}`);
  return voucher;
}
