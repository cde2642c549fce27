/** Nodes: when they were heard of, what they hold and told of themselves, their limits, and stopping one. */
import { z } from "zod";
import type { Policy } from "#sync/documents/policy.ts";
import { freezeNode, revokeNode } from "../../nodes/revoke.ts";
import { readPolicy } from "../../nodes/policies.ts";
import { nodeList, toldPolicy } from "../../postgres/console/node-list.ts";
import { answered, change, list, read, refused } from "../action.ts";
import { count, moment, money, shownMoment, shownMoney } from "../shown.ts";

const shown = z.object({
  id: z.string(),
  name: z.string(),
  merchantId: z.string(),
  merchantName: z.string(),
  status: z.string(),
  lastContact: moment.nullable(),
  enrolledAt: moment,
  operations: count,
  held: count,
  openLeases: count,
  mostLeases: count,
  clockOffsetSeconds: count.nullable(),
  /** When the node told its version and what waits on it; null where it told nothing. */
  reportedAt: moment.nullable(),
  version: z.string().nullable(),
  waiting: count.nullable(),
  oldestAt: moment.nullable(),
  worth: z.array(money),
});

const limits = z.object({
  version: count,
  expiresAt: moment,
  /** Null: nothing is redeemed without a lease. */
  atRisk: z.object({ redemptions: count, hours: count, denyListHours: count }).nullable(),
  unanchoredHours: count,
  clockErrorSeconds: z.number(),
  currencies: z.array(
    z.object({ perVoucher: money, perOperation: money, sum: money, guaranteed: money, unanchored: money }),
  ),
});

function shownLimits(policy: Policy): z.input<typeof limits> {
  const { version, expiresAtMs, atRisk, unanchoredHours, clockErrorMs, currencies } = policy;
  return {
    version,
    expiresAt: expiresAtMs,
    atRisk,
    unanchoredHours,
    clockErrorSeconds: clockErrorMs / 1000,
    currencies: currencies.map(({ currency, ...most }) => {
      const of = (amountMinor: bigint) => shownMoney({ amountMinor, currency });
      return {
        perVoucher: of(most.voucherMinor),
        perOperation: of(most.operationMinor),
        sum: of(most.sumMinor),
        guaranteed: of(most.guaranteedMinor),
        unanchored: of(most.unanchoredMinor),
      };
    }),
  };
}

const stopping = z.object({ id: z.uuid() });
const lastOne = z.object({ lastSequence: count });

export const nodeActions = {
  nodes: list(nodeList, shown, (node) => ({
    id: node.id,
    name: node.name,
    merchantId: node.merchantId,
    merchantName: node.merchantName,
    status: node.status,
    lastContact: shownMoment(node.lastContactAt),
    enrolledAt: node.enrolledAt.getTime(),
    operations: Number(node.lastSequence),
    held: Number(node.heldOperations),
    openLeases: Number(node.openLeases),
    mostLeases: node.mostLeases,
    clockOffsetSeconds: node.clockOffsetMs === null ? null : Math.round(Number(node.clockOffsetMs) / 1000),
    reportedAt: shownMoment(node.reportedAt),
    version: node.version,
    waiting: node.waiting === null ? null : Number(node.waiting),
    oldestAt: shownMoment(node.oldestAt),
    worth: (node.worth ?? []).map(({ currency, amountMinor }) =>
      shownMoney({ currency, amountMinor: BigInt(amountMinor) }),
    ),
  })),
  /** What the policy allows the node that it keeps to since its last contact; null where it has none. */
  nodeLimits: read({
    input: z.object({ id: z.uuid() }),
    answer: z.object({ limits: limits.nullable() }),
    async run({ pool }, { id }) {
      const policy = await toldPolicy(pool, id);
      if (policy === undefined) return refused("no-such-node");
      return answered({ limits: policy && shownLimits(readPolicy(policy)) });
    },
  }),
  "node.freeze": change({
    input: stopping,
    answer: lastOne,
    subject: ({ id }) => `node:${id}`,
    run: ({ store, operator }, { id }) => stopped(freezeNode(store, id, `operator:${operator.name}`)),
  }),
  "node.revoke": change({
    input: stopping,
    answer: lastOne,
    subject: ({ id }) => `node:${id}`,
    run: ({ store, operator }, { id }) => stopped(revokeNode(store, id, `operator:${operator.name}`)),
  }),
};

async function stopped(done: ReturnType<typeof freezeNode>) {
  const node = await done;
  return node ? answered({ lastSequence: node.lastSequence }) : refused("not-possible");
}
