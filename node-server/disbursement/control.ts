/** How people steer a batch: whether it goes on, pauses, tries again, or is called off. */
import type { BatchEvent } from "#core/batch.machine.ts";
import type { BatchDecision } from "#core/decide-disbursement.ts";
import type { Store } from "../ports/store.ts";
import { changeBatch } from "./change-batch.ts";

export const batchCommands = ["pause", "resume", "retry", "cancel", "reject"] as const;

export type BatchCommand = (typeof batchCommands)[number];

const commands: Readonly<Record<BatchCommand, { readonly type: BatchEvent["type"]; readonly done: string }>> =
  {
    pause: { type: "PAUSE", done: "Paused" },
    resume: { type: "RESUME", done: "Resumed" },
    retry: { type: "RETRY", done: "Its failed instructions are tried again" },
    cancel: { type: "CANCEL", done: "Called off" },
    reject: { type: "REJECT", done: "Not approved" },
  };

export function controlBatch(
  store: Store,
  id: bigint,
  command: BatchCommand,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<BatchDecision> {
  const { type, done } = commands[command];
  return store.transaction(async (tx) => {
    const batch = await tx.disbursements.lock(id);
    if (!batch) throw new Error(`no disbursement batch ${id}`);
    const note = reason === "" ? `${done} by ${actor}` : `${done} by ${actor}: ${reason}`;
    return changeBatch(tx, batch, { type }, { actor, note, ...(reason === "" ? {} : { because: reason }) });
  });
}
