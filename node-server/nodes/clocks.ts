/** Nodes' wall clocks as they are measured at each contact (design: "Clock"): kept, shown, and told of when too far off. */
import type { NodeRow, Tx } from "../ports/store.ts";
import { readPolicy } from "./policies.ts";

/** Alerts an operator once while the clock is further off than the policy allows, and ends the alert after that. */
export async function noteClock(tx: Tx, node: NodeRow, wallMs: number | null): Promise<void> {
  if (wallMs === null) return tx.nodes.touch(node.id, null);
  const offsetMs = wallMs - (await tx.now()).getTime();
  await tx.nodes.touch(node.id, offsetMs);
  const current = await tx.limits.currentPolicy();
  if (!current) return;
  const subject = `node:${node.id}`;
  if (Math.abs(offsetMs) <= readPolicy(current).clockErrorMs) await tx.alerts.end("node-clock", subject);
  else await tx.alerts.raise("node-clock", subject, { name: node.name, offsetMs });
}
