/** Vouchers: finding one, its life, and suspending or cancelling it. Reading them is told in the audit trail. */
import { z } from "zod";
import { parseSerial } from "#core/voucher-number.ts";
import { readVoucherLife, voucherBatchList, voucherList } from "../../postgres/console/voucher-list.ts";
import type { ListedVoucher } from "../../postgres/console/voucher-list.ts";
import { changeByOperator } from "../../vouchers/operator-change.ts";
import type { OperatorVoucherAction } from "../../vouchers/operator-change.ts";
import { answered, change, list, read, refused } from "../action.ts";
import { because, count, moment, money, shownMoment, shownMoney, shownSerial } from "../shown.ts";

const shown = z.object({
  serial: z.string(),
  state: z.string(),
  pending: z.string().nullable(),
  group: z.string(),
  amount: money,
  institution: z.string(),
  programme: z.string(),
  batch: z.string(),
  node: z.string().nullable(),
  createdAt: moment,
  expiresAt: moment,
});

const serial = z
  .string()
  .refine((text) => parseSerial(text) !== undefined, "is no serial")
  .transform((text) => BigInt(text.trim()));

const life = z.object({
  voucher: shown,
  claims: z.array(
    z.object({
      merchant: z.string(),
      amount: money,
      offline: z.boolean(),
      state: z.string(),
      transactionId: z.string(),
      at: moment,
    }),
  ),
  events: z.array(z.object({ at: moment, actor: z.string(), action: z.string(), detail: z.string() })),
});

const batch = z.object({
  batch: z.string(),
  institution: z.string(),
  programme: z.string(),
  kind: z.string(),
  createdAt: moment,
  completedAt: moment.nullable(),
  total: count,
  made: count,
  failed: count,
  activated: count,
  redeemed: count,
});

export const voucherActions = {
  voucherBatches: list(voucherBatchList, batch, ({ batchId, institutionId, programId, ...row }) => ({
    batch: batchId,
    institution: institutionId,
    programme: programId,
    kind: row.kind,
    createdAt: shownMoment(row.createdAt),
    completedAt: shownMoment(row.completedAt),
    total: Number(row.total),
    made: Number(row.made),
    failed: Number(row.failed),
    activated: Number(row.activated),
    redeemed: Number(row.redeemed),
  })),
  vouchers: list(voucherList, shown, shownVoucher, { audited: true }),
  voucher: read({
    input: z.object({ serial }),
    answer: life,
    audited: true,
    async run({ pool }, { serial }) {
      const found = await readVoucherLife(pool, serial);
      if (!found) return refused("unknown-voucher");
      return answered({
        voucher: shownVoucher(found.voucher),
        claims: found.claims.map(({ merchantId, offline, state, transactionId, createdAt, ...sum }) => ({
          merchant: merchantId,
          amount: shownMoney(sum),
          offline,
          state,
          transactionId,
          at: createdAt.getTime(),
        })),
        events: found.events.map(({ at, actor, action, after }) => ({
          at: at.getTime(),
          actor,
          action,
          detail: after === null ? "" : JSON.stringify(after),
        })),
      });
    },
  }),
  "voucher.suspend": changing("suspend"),
  "voucher.unsuspend": changing("unsuspend"),
  "voucher.cancel": changing("cancel"),
};

function changing(action: OperatorVoucherAction) {
  return change({
    input: z.object({ serial, because }),
    answer: z.object({ state: z.string(), pending: z.string().nullable() }),
    subject: ({ serial }) => `voucher:${serial}`,
    async run({ store, operator }, { serial, because }) {
      const changed = await changeByOperator(store, { serial, action, because, by: operator.name });
      return changed.ok ? answered({ state: changed.state, pending: changed.pending }) : changed;
    },
  });
}

function shownVoucher(voucher: ListedVoucher): z.input<typeof shown> {
  const { serial, groupCode, institutionId, programId, batchId, createdAt, expiresAt, ...row } = voucher;
  return {
    serial: shownSerial(serial),
    state: row.state,
    pending: row.pending,
    group: groupCode,
    amount: shownMoney(row),
    institution: institutionId,
    programme: programId,
    batch: batchId,
    node: row.node,
    createdAt: shownMoment(createdAt),
    expiresAt: shownMoment(expiresAt),
  };
}
