/**
 * A make-believe till: the same program over a folder of its own, with a make-believe server in place of the network. The
 * thread that opens it must have entered practice (`sync/signing/realm.ts`).
 */
import { formatMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { KeyStore } from "../../thread-line.ts";
import { enrol } from "../enrol.ts";
import type { NodeStores } from "../open.ts";
import { hashPin } from "../till/pin.ts";
import type { Practice, TillParts } from "../till/till.ts";
import { createPracticeAuthority, practiceCurrency } from "./authority.ts";
import type { PracticeAuthority } from "./authority.ts";
import { practiceBills } from "./bills.ts";
import { createPracticeServer, practiceAddress } from "./server.ts";

type PracticeParts = Required<Pick<TillParts, "practice" | "keyStore" | "fetch">>;

/** The PIN of the cashier who is there from the beginning. */
export const practicePin = "0000";

/** Makes the till the first time, and opens it as it was left after that. */
export async function openPractice(
  stores: NodeStores,
  { wallMs, randomBytes }: { readonly wallMs: () => number; readonly randomBytes: RandomBytes },
): Promise<PracticeParts> {
  const { seed, startedMs } = beginning(stores, wallMs, randomBytes);
  const authority = createPracticeAuthority(seed, startedMs);
  const fetch = createPracticeServer({ authority, stores, wallMs });
  if (!stores.node.identity()?.certificate) {
    const parts = { stores, fetch, randomBytes, keyStore: noSecret };
    const request = { serverUrl: practiceAddress, code: "PRACTICE", passphrase: null, headFile: null };
    const result = await enrol(parts, request);
    if (!result.ok) throw new Error("a make-believe server has refused its own till");
  }
  if (stores.people.list().length === 0) {
    stores.people.add({ name: "Practice", role: "supervisor", ...hashPin(practicePin, randomBytes) });
  }
  return { practice: practiceOf(stores, authority), keyStore: noSecret, fetch };
}

/** There is nothing to protect: the key of a make-believe till is worth nothing. */
export const noSecret: KeyStore = {
  wrap: async (bytes) => bytes,
  unwrap: async (bytes) => bytes,
  renew: async (bytes) => bytes,
};

function beginning(
  { settings }: NodeStores,
  wallMs: () => number,
  randomBytes: RandomBytes,
): { readonly seed: Uint8Array; readonly startedMs: number } {
  const kept = settings.preference("practice");
  if (kept === undefined) {
    const [seed, startedMs] = [randomBytes(32), wallMs()];
    settings.setPreference("practice", `${startedMs} ${Buffer.from(seed).toString("hex")}`);
    return { seed, startedMs };
  }
  const [startedMs = "", seed = ""] = kept.split(" ");
  return { seed: Uint8Array.from(Buffer.from(seed, "hex")), startedMs: Number(startedMs) };
}

function practiceOf({ redemptions, bills }: NodeStores, authority: PracticeAuthority): Practice {
  return {
    vouchers: () =>
      authority.vouchers.map(({ serial, number, token, amountMinor, outcome }) => ({
        serial: formatSerial(serial),
        number,
        token,
        amount: formatMajor({ amountMinor, currency: practiceCurrency }),
        currency: practiceCurrency,
        outcome,
        used: redemptions.ofVoucher(serial).length > 0 || bills.isPaying(serial),
      })),
    bills: () =>
      practiceBills.map(({ billId, outcome }) => ({
        billId,
        outcome,
        used: bills.ofBill(billId).length > 0,
      })),
  };
}
