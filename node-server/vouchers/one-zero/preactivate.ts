/**
 * Creating one voucher while the caller waits (GovStack vouchers, 1.0: voucher_preactivation). It is the batch of one
 * instruction that the current API would make, funded in the same way; only the number is handed over at once.
 */
import { currencyDecimals, parseMajor } from "#core/money.ts";
import type { Money, MoneyRefusal } from "#core/money.ts";
import type { Store } from "../../ports/store.ts";
import type { Issuance } from "../create-funded.ts";
import { drawNumber, keepNumber } from "../numbers.ts";
import type { NumberMaking } from "../numbers.ts";
import { answerOnce, findCaller, refusable } from "./call.ts";
import type { OnceRefusal, OneZeroCall, Refusable } from "./call.ts";
import { sealedMemory } from "./sealed-memory.ts";
import { createSingle } from "./single.ts";

/** Null where the field is missing or no text. */
export interface PreactivationRequest {
  readonly amount: string | null;
  readonly currency: string | null;
  readonly group: string | null;
  readonly comment: string;
}

export type PreactivationRefusal =
  | OnceRefusal
  | MoneyRefusal["code"]
  | "unknown-building-block"
  | "zero-amount"
  | "unknown-group"
  | "group-exhausted";

export interface PreactivationDependencies {
  readonly store: Store;
  readonly numbers: NumberMaking;
  /** Seals answers that hold a number; 32 bytes. */
  readonly answerKey: Uint8Array;
}

/** The value is the text of the answer, JSON. */
export function preactivate(
  deps: PreactivationDependencies,
  call: OneZeroCall,
  request: PreactivationRequest,
): Promise<Refusable<string, PreactivationRefusal>> {
  const memory = sealedMemory(deps.answerKey, deps.numbers.randomBytes);
  return refusable<string, PreactivationRefusal>(deps.store, async (tx, refuse) => {
    const institutionId = await findCaller(tx, call);
    if (institutionId === undefined) throw refuse("unknown-building-block");
    const money = readMoney(request);
    if (typeof money === "string") throw refuse(money);
    const group = request.group === null ? undefined : await tx.registry.voucherGroup(request.group);
    if (!group) throw refuse("unknown-group");
    const operation = "POST /vouchers/voucher_preactivation";
    return answerOnce(tx, call, { institutionId, operation }, memory, refuse, async () => {
      let number = "";
      const issuance: Issuance = {
        areFree: false,
        drawSerials: (count) => tx.vouchers.nextSerials(count),
        async issue(serial) {
          number = drawNumber(deps.numbers.randomBytes);
          return { ...(await keepNumber(deps.numbers, serial, number)), ciphertext: null };
        },
      };
      const wish = { institutionId, group, money, comment: request.comment };
      const voucher = await createSingle(tx, deps.numbers.randomBytes, wish, issuance);
      if (!voucher) throw refuse("group-exhausted");
      return JSON.stringify({
        voucher_number: number,
        voucher_serial_number: voucher.serial.toString().padStart(16, "0"),
        expiry_date_time: voucher.expiresAt.toISOString(),
      });
    });
  });
}

/** The published form of an amount; what of it a currency takes is `parseMajor`'s to say. */
const published = /^(0|[1-9][0-9]{0,17})(\.[0-9]{0,3}[0-9])?$/;

function readMoney({ amount, currency }: PreactivationRequest): Money | PreactivationRefusal {
  if (amount === null || !published.test(amount)) return "malformed-amount";
  if (currency === null || currencyDecimals(currency) === undefined) return "unknown-currency";
  const parsed = parseMajor(amount, currency);
  if (!parsed.ok) return parsed.refusal.code;
  return parsed.money.amountMinor === 0n ? "zero-amount" : parsed.money;
}
