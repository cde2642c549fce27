/** Nodes: when they were heard of, what they hold, and stopping one. */
import { z } from "zod";
import { freezeNode, revokeNode } from "../../nodes/revoke.ts";
import { nodeList } from "../../postgres/console/node-list.ts";
import { answered, change, list, refused } from "../action.ts";
import { count, moment, shownMoment } from "../shown.ts";

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
});

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
  })),
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
