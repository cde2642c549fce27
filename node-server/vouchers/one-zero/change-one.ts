/**
 * Activating or cancelling one voucher while the caller waits (GovStack vouchers, 1.0: voucher_activation, cancel): the
 * one item that a command of the current API would carry out.
 */
import { parseSerial } from "#core/voucher-number.ts";
import type { ItemOutcome, Tx } from "../../ports/store.ts";
import { carryOutItem, ItemRefused } from "../commands.ts";
import type { CommandDependencies, ItemRefusalCode } from "../commands.ts";
import { answerOnce, findCaller, refusable } from "./call.ts";
import type { Memory, OnceRefusal, OneZeroCall, Refusable } from "./call.ts";

export type ChangeRefusal = ItemRefusalCode | OnceRefusal | "unknown-building-block" | "not-pre-activated";

export interface ChangeRequest {
  readonly action: "activate" | "cancel";
  readonly serialNumber: string;
}

export interface ChangeAnswers {
  /** The text of the answer for what was done, JSON. */
  done(outcome: Extract<ItemOutcome, { readonly failureReason: null }>): string;
  /** For refusals that are answered like a success, since the voucher is as it was asked to be. */
  readonly instead: Readonly<Partial<Record<ItemRefusalCode, string>>>;
}

export function changeOne(
  deps: CommandDependencies,
  call: OneZeroCall,
  request: ChangeRequest,
  answers: ChangeAnswers,
): Promise<Refusable<string, ChangeRefusal>> {
  return refusable<string, ChangeRefusal>(deps.store, async (tx, refuse) => {
    const institutionId = await findCaller(tx, call);
    if (institutionId === undefined) throw refuse("unknown-building-block");
    if (await isInventory(tx, request.serialNumber)) throw refuse("not-pre-activated");
    const { action, serialNumber } = request;
    const operation = `1.0 ${action}`;
    return answerOnce(tx, call, { institutionId, operation }, plainMemory, refuse, async () => {
      const item = { line: 1, action, serialNumber, leaseTo: null, leaseUntil: null };
      try {
        return answers.done(await carryOutItem(deps, tx, institutionId, item));
      } catch (error) {
        // A refused item has changed nothing: no lease was asked for, and the machine is asked before it is written.
        if (!(error instanceof ItemRefused)) throw error;
        const instead = answers.instead[error.code];
        if (instead === undefined) throw refuse(error.code);
        return instead;
      }
    });
  });
}

async function isInventory(tx: Tx, serialNumber: string): Promise<boolean> {
  const serial = parseSerial(serialNumber);
  return serial !== undefined && (await tx.inventory.find(serial)) !== undefined;
}

/** Answers without a secret stay with their request. */
const plainMemory: Memory = {
  write: (tx, key, answer) => tx.requests.answer(key, 200, answer),
  read: async (_tx, _key, stored) => stored.response,
};
