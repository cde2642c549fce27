/** Operations with their signed evidence, what people decide about held ones, and disputes. */
import { z } from "zod";
import { evidenceOf } from "../../disputes/evidence.ts";
import { decide, proposeVerdict } from "../../disputes/disputes.ts";
import { decideHeld, proposeDecision, retryQuarantined } from "../../operations/decide-held.ts";
import { receiptOf } from "../../operations/receipt.ts";
import { disputeList, operationList } from "../../postgres/console/operation-list.ts";
import { answered, change, file, list, refused } from "../action.ts";
import type { Outcome } from "../action.ts";
import { because, count, hash, moment, money, shownMoment, shownMoney, shownSerial } from "../shown.ts";

const operation = z.object({
  hash: z.string(),
  nodeId: z.string(),
  node: z.string(),
  merchant: z.string(),
  sequence: count,
  branch: z.string(),
  type: z.string(),
  serial: z.string().nullable(),
  state: z.string(),
  reason: z.string().nullable(),
  transactionId: z.string().nullable(),
  receivedAt: moment,
  proposed: z.string().nullable(),
  proposedBy: z.string().nullable(),
});

const dispute = z.object({
  hash: z.string(),
  nodeId: z.string(),
  node: z.string(),
  merchant: z.string(),
  group: z.string(),
  serial: z.string(),
  amount: money,
  guaranteed: money,
  state: z.string(),
  reason: z.string().nullable(),
  openedAt: moment,
  verdict: z.string().nullable(),
  because: z.string().nullable(),
  proposedBy: z.string().nullable(),
  decidedBy: z.string().nullable(),
  appeal: z.string().nullable(),
});

/** An operation, and so a dispute about it, by its node and its hash. */
const name = z.object({ node: z.uuid(), hash });
const state = z.object({ state: z.string() });

const subject = ({ node, hash }: z.output<typeof name>) => `operation:${node}:${hash.slice(0, 12)}`;

export const operationActions = {
  operations: list(
    operationList,
    operation,
    ({ nodeName, merchantId, serial, sequence, receivedAt, ...row }) => ({
      ...row,
      node: nodeName,
      merchant: merchantId,
      sequence: Number(sequence),
      serial: shownSerial(serial),
      receivedAt: shownMoment(receivedAt),
    }),
  ),
  "operation.evidence": file({
    input: name,
    subject,
    async run(context, input) {
      const bytes = await receiptOf(context, named(input));
      if (!bytes) return refused("no-such-operation");
      return answered({
        name: `operation-${input.hash.slice(0, 12)}.paypost`,
        type: "application/cbor",
        bytes,
      });
    },
  }),
  "held.propose": change({
    input: name.extend({ verdict: z.enum(["apply", "reject", "write-off"]), because }),
    answer: state,
    subject,
    async run({ store, operator }, { verdict, because, ...input }) {
      const by = operator.name;
      return told(await proposeDecision(store, named(input), { verdict, because, by }));
    },
  }),
  "held.decide": change({
    input: name,
    answer: state,
    subject,
    async run({ store, context, operator }, input) {
      return told(await decideHeld(context, store, named(input), operator.name));
    },
  }),
  "held.retry": change({
    input: name,
    answer: state,
    subject,
    async run({ store, context, operator }, input) {
      return told(await retryQuarantined(context, store, named(input), operator.name));
    },
  }),
  disputes: list(disputeList, dispute, ({ nodeName, merchantId, groupCode, serial, openedAt, ...row }) => ({
    ...row,
    node: nodeName,
    merchant: merchantId,
    group: groupCode,
    serial: shownSerial(serial),
    amount: shownMoney(row),
    guaranteed: shownMoney({ amountMinor: row.guaranteedMinor, currency: row.currency }),
    openedAt: shownMoment(openedAt),
  })),
  "dispute.propose": change({
    input: name.extend({ verdict: z.enum(["pay", "refuse", "write-off"]), because }),
    answer: state,
    subject,
    async run({ store, operator }, { verdict, because, ...input }) {
      return told(await proposeVerdict(store, named(input), { verdict, because, by: operator.name }));
    },
  }),
  "dispute.decide": change({
    input: name,
    answer: state,
    subject,
    async run({ store, operator }, input) {
      return told(await decide(store, named(input), operator.name));
    },
  }),
  "dispute.evidence": file({
    input: name,
    subject,
    async run(context, input) {
      const bytes = await evidenceOf(context, named(input));
      if (!bytes) return refused("no-such-dispute");
      return answered({
        name: `dispute-${input.hash.slice(0, 12)}.paypost`,
        type: "application/cbor",
        bytes,
      });
    },
  }),
};

function named({ node, hash }: z.output<typeof name>) {
  return { nodeId: node, hash: new Uint8Array(Buffer.from(hash, "hex")) };
}

function told(
  outcome:
    | { readonly ok: true; readonly row: { readonly state: string } }
    | { readonly ok: false; readonly code: string },
): Outcome<{ state: string }> {
  return outcome.ok ? answered({ state: outcome.row.state }) : refused(outcome.code);
}
