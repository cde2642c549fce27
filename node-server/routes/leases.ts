/** What an online node asks about leases (design: "Lease"): more of them, longer ones, and who holds a voucher. */
import { z } from "@hono/zod-openapi";
import { Hono } from "hono";
import type { Context } from "hono";
import type { NodeRow } from "../ports/store.ts";
import { freeAt } from "../vouchers/lease-holder.ts";
import { askHolder, mostLeasesAtOnce, renewLeases, requestLeases } from "../vouchers/lease-requests.ts";
import type { LeaseDependencies } from "../vouchers/lease-requests.ts";
import { askedByActiveNode, refuse } from "./node-call.ts";
import type { NodeCallDependencies } from "./node-call.ts";

export interface LeaseRouteDependencies extends LeaseDependencies, NodeCallDependencies {
  /** How long after its not-after a lease stays open. */
  readonly graceMs: number;
}

export function leaseRoutes(deps: LeaseRouteDependencies): Hono {
  const routes = new Hono({ strict: false });
  routes.post("/v1/leases", (c) =>
    askedByActiveNode(deps, c, leaseRequest, async (node, wish) => {
      const answer = await requestLeases(deps, node.id, wish);
      if (answer !== "used-for-another-wish") return c.json(answer);
      return refuse(c, 409, "request-used", "This request id was used for another wish");
    }),
  );
  routes.post("/v1/leases/renewals", (c) =>
    asActiveNode(deps, c, renewalRequest, (node, { serials }) => longer(deps, node, serials)),
  );
  routes.post("/v1/leases/holder", (c) =>
    asActiveNode(deps, c, holderRequest, (node, presented) => holder(deps, node, presented)),
  );
  return routes;
}

const serial = z.string().regex(/^[0-9]{1,16}$/);

export const leaseRequest = z
  .object({
    group: z.string().regex(/^[A-Z0-9]{3}$/),
    quantity: z.int().min(1).max(mostLeasesAtOnce),
    request: z.uuid().optional().openapi({ description: "The same again is granted once" }),
  })
  .openapi("LeaseRequest");

export const renewalRequest = z
  .object({ serials: z.array(serial).min(1).max(mostLeasesAtOnce) })
  .openapi("LeaseRenewal");

export const holderRequest = z.object({ serial, sealed: z.base64().max(1000) }).openapi("LeaseHolderRequest");

async function longer(
  deps: LeaseRouteDependencies,
  node: NodeRow,
  serials: readonly string[],
): Promise<object> {
  const renewals = await renewLeases(deps, node.id, [...new Set(serials)].map(BigInt));
  return {
    renewals: renewals.map((renewal) => ({
      serial: renewal.serial.toString(),
      ...("refused" in renewal.outcome
        ? { refused: renewal.outcome.refused }
        : { notAfter: renewal.outcome.notAfter.toISOString() }),
    })),
  };
}

async function holder(
  deps: LeaseRouteDependencies,
  node: NodeRow,
  presented: z.infer<typeof holderRequest>,
): Promise<object> {
  const found = await askHolder(deps, node.id, {
    serial: BigInt(presented.serial),
    sealed: new Uint8Array(Buffer.from(presented.sealed, "base64")),
  });
  if (!found) return { holder: null };
  const { area, phone, till, merchantId } = found;
  // At which till it is concerns nobody but the same merchant.
  const isOurs = merchantId === node.merchantId;
  const freeAtMs = freeAt(found, deps.graceMs).getTime();
  return { holder: { area, phone, till: isOurs ? till : null, freeAtMs } };
}

function asActiveNode<T>(
  deps: LeaseRouteDependencies,
  c: Context,
  schema: z.ZodType<T>,
  work: (node: NodeRow, body: T) => Promise<object>,
): Promise<Response> {
  return askedByActiveNode(deps, c, schema, async (node, body) => c.json(await work(node, body)));
}
