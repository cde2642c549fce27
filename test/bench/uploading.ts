/** Nodes that upload redemptions, signed before, in batches of a hundred. */
import type { BenchKeys } from "./bed.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import type { BareNode, SignedOperation } from "../support/bare-node.ts";
import { merchants } from "./bed.ts";
import type { Bed } from "./bed.ts";
import { plantVouchers } from "./plant.ts";

export const batchSize = 100;

export interface NodesBatches {
  readonly node: BareNode;
  readonly batches: readonly (readonly SignedOperation[])[];
}

/** While a server runs: nodes, each at a merchant of its own. */
export async function enrolNodes(bed: Bed, count: number): Promise<BareNode[]> {
  const nodes: BareNode[] = [];
  for (const merchantId of merchants.slice(0, count)) nodes.push(await bed.enrolNode(merchantId));
  return nodes;
}

/** Redemptions of vouchers that are planted and leased to the nodes here, in the order of their chains. */
export async function signBatches(
  client: DatabaseClient,
  keys: BenchKeys,
  nodes: readonly BareNode[],
  batches: number,
): Promise<NodesBatches[]> {
  const work: NodesBatches[] = [];
  for (const node of nodes) {
    const vouchers = await plantVouchers(client, keys, batches * batchSize, {
      nodeId: node.identity.nodeId,
    });
    const signed = vouchers.map((voucher) => node.redeem(voucher));
    work.push({
      node,
      batches: Array.from({ length: batches }, (_, at) => signed.slice(at * batchSize, (at + 1) * batchSize)),
    });
  }
  return work;
}

/**
 * Operations settled a second, by all nodes at once; each node's first batch warms up. Throws where one is not
 * applied.
 */
export async function uploadAll(work: readonly NodesBatches[]): Promise<number> {
  const uploadSome = (from: number, to?: number) =>
    Promise.all(
      work.map(async ({ node, batches }) => {
        for (const batch of batches.slice(from, to)) {
          const { status, verdicts, body } = await node.upload(batch);
          const applied = verdicts?.verdicts.filter((verdict) => verdict.status === "applied").length;
          if (applied !== batch.length)
            throw new Error(`${applied} applied: ${status} ${JSON.stringify(body)}`);
        }
      }),
    );
  await uploadSome(0, 1);
  const begun = performance.now();
  await uploadSome(1);
  const count = work.reduce((sum, { batches }) => sum + (batches.length - 1) * batchSize, 0);
  return count / ((performance.now() - begun) / 1000);
}
