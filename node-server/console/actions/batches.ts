/** Batches of payments: how far they are, steering them, and the signature of whoever approves one. */
import { z } from "zod";
import { approveBatch } from "../../disbursement/approve.ts";
import { approvalText } from "../../disbursement/content-hash.ts";
import { batchCommands, controlBatch } from "../../disbursement/control.ts";
import type { BatchCommand } from "../../disbursement/control.ts";
import { batchList } from "../../postgres/console/other-lists.ts";
import { answered, change, list, read, refused } from "../action.ts";
import { because, count, moment, money, shownMoment, shownMoney } from "../shown.ts";

const shown = z.object({
  batch: z.string(),
  institution: z.string(),
  state: z.string(),
  stateReason: z.string().nullable(),
  total: count,
  paid: count,
  failed: count,
  amount: money,
  submittedBy: z.string(),
  approvedBy: z.string().nullable(),
  createdAt: moment,
});

const batch = z.string().min(1).max(50);
const subject = (input: { readonly batch: string }) => `batch:${input.batch}`;

export const batchActions = {
  batches: list(batchList, shown, ({ batchId, institutionId, createdAt, currency, totalMinor, ...row }) => ({
    ...row,
    batch: batchId,
    institution: institutionId,
    amount: shownMoney({ amountMinor: totalMinor, currency }),
    createdAt: shownMoment(createdAt),
  })),
  /** What its approver signs, with the key that only they have. */
  "batch.text": read({
    input: z.object({ batch }),
    answer: z.object({ toSign: z.string() }),
    async run({ store }, { batch }) {
      const found = await store.transaction((tx) => tx.disbursements.byBatchId(batch));
      return found ? answered({ toSign: approvalText(found) }) : refused("unknown-batch");
    },
  }),
  "batch.approve": change({
    input: z.object({ batch, signature: z.string().regex(/^[A-Za-z0-9+/_-]{86}={0,2}$/) }),
    answer: z.object({}),
    subject,
    async run({ store, operator }, { batch, signature }) {
      const found = await store.transaction((tx) => tx.disbursements.byBatchId(batch));
      if (!found) return refused("unknown-batch");
      const outcome = await approveBatch(store, {
        institutionId: found.institutionId,
        batchId: batch,
        signatory: operator.name,
        signature: new Uint8Array(Buffer.from(signature, "base64")),
      });
      return outcome.ok
        ? answered({})
        : refused(outcome.code === "batch-state" ? "not-possible" : outcome.code);
    },
  }),
  "batch.steer": change({
    input: z.object({ batch, command: z.enum(batchCommands), because }),
    answer: z.object({ state: z.string() }),
    subject,
    async run({ store, operator }, { batch, command, because }) {
      const found = await store.transaction((tx) => tx.disbursements.byBatchId(batch));
      if (!found) return refused("unknown-batch");
      const actor = `operator:${operator.name}`;
      const steer: BatchCommand = command;
      const outcome = await controlBatch(store, found.id, steer, { actor, reason: because });
      return outcome.ok ? answered({ state: outcome.next }) : refused("not-possible");
    },
  }),
};
