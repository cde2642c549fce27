/** Which programmes, and which of their areas, an agent's node serves: it reads their payees, and changes them. */
import type { Store, Tx } from "../ports/store.ts";

export interface ServedProgramme {
  readonly nodeId: string;
  readonly programId: string;
  readonly institutionId: string;
  /** Null for every area. */
  readonly area: string | null;
  readonly by: string;
  /** False takes it away. */
  readonly isGranted: boolean;
}

const sliceSize = 1_000;

export type ServeOutcome = "done" | "no-such-node" | "no-such-institution";

export async function serveProgramme(store: Store, served: ServedProgramme): Promise<ServeOutcome> {
  const outcome = await store.transaction((tx) => grant(tx, served));
  if (outcome !== "done") return outcome;
  // In slices: a programme may have many payees, and each is written by itself anyway.
  let afterId: bigint | undefined = 0n;
  while (afterId !== undefined) afterId = await projectSlice(store, served.programId, afterId);
  return "done";
}

async function grant(tx: Tx, served: ServedProgramme): Promise<ServeOutcome> {
  const { nodeId, programId, institutionId, area, by, isGranted } = served;
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(nodeId);
  if (!isUuid || !(await tx.nodes.lock(nodeId))) return "no-such-node";
  if (!(await tx.registry.institution(institutionId))) return "no-such-institution";
  const before = await tx.payees.programmeOf(nodeId, programId);
  await tx.payees.serve(nodeId, programId, isGranted ? { institutionId, area, by } : null);
  await tx.audit.record({
    actor: `operator:${by}`,
    action: "node.serve",
    subject: `node:${nodeId}`,
    ...(before && { before: { ...before } }),
    ...(isGranted && { after: { programId, institutionId, area } }),
  });
  return "done";
}

function projectSlice(store: Store, programId: string, afterId: bigint): Promise<bigint | undefined> {
  return store.transaction((tx) => tx.payees.project(programId, { afterId, limit: sliceSize }));
}
