/** What people decide in a simulation: disputes and held operations, one proposing and another deciding, sometimes the same. */
import * as disputes from "../../node-server/disputes/disputes.ts";
import {
  decideHeld,
  proposeDecision,
  retryQuarantined,
  withdrawProposal,
} from "../../node-server/operations/decide-held.ts";
import { forPeople } from "./record.ts";
import type { StoredOperation } from "./record.ts";
import type { Server } from "./server.ts";
import type { World } from "./world.ts";

const people = ["Amina", "Ben", "Carl", "Dora"];

/** Somebody looks into a dispute and takes the next step, or one that is not theirs to take. */
export async function lookIntoDispute({ random, note }: World, server: Server): Promise<void> {
  if (server.record.disputes.size === 0) return;
  const name = random.pick([...server.record.disputes.values()]);
  const [first, second] = [random.pick(people), random.pick(people)];
  const verdict = random.pick(["pay", "pay", "refuse", "write-off"] as const);
  const because = "looked into it";
  const told = [];
  if (random.chance(0.2)) told.push(await disputes.appeal(server.store, name, because, `operator:${first}`));
  told.push(await disputes.proposeVerdict(server.store, name, { verdict, because, by: first }));
  if (random.chance(0.1)) told.push(await disputes.withdrawVerdict(server.store, name, second));
  told.push(await disputes.decide(server.store, name, second));
  const steps = told.map((step) => (step.ok ? step.row.state : step.code));
  note(`${first} and ${second} on the dispute of ${name.nodeId.slice(-4)}: ${steps.join(", ")}`);
}

/** Somebody looks into an operation that is held, for whatever reason. */
export async function lookIntoHeld({ random, note }: World, server: Server): Promise<void> {
  const held = [...server.record.operations.values()].filter(({ row }) => row.state === "held");
  if (held.length === 0) return;
  const { row } = random.pick(held);
  const [first, second] = [random.pick(people), random.pick(people)];
  const verdict = random.pick(["apply", "apply", "reject", "write-off"] as const);
  const told = [];
  if (row.reason === "quarantined" && random.chance(0.7)) {
    server.upgrade(row.hash);
    told.push(await retryQuarantined(server.context, server.store, row, first));
  } else {
    told.push(await proposeDecision(server.store, row, { verdict, because: "looked into it", by: first }));
    if (random.chance(0.1)) told.push(await withdrawProposal(server.store, row, second));
    told.push(await decideHeld(server.context, server.store, row, second));
  }
  const steps = told.map((step) => (step.ok ? step.row.state : step.code));
  note(`${first} and ${second} on ${row.nodeId.slice(-4)}/${row.sequence}, ${verdict}: ${steps.join(", ")}`);
}

/** At the end, nothing is left that waits for people. Gives how many operations there were. */
export async function decideTheRest({ note }: World, server: Server): Promise<number> {
  const waiting = () =>
    [...server.record.operations.values()].filter(
      ({ row }) => row.state === "held" && forPeople.has(row.reason ?? ""),
    );
  const found = waiting();
  for (const { row } of found) {
    if (row.reason !== "quarantined") continue;
    const told = await retryQuarantined(server.context, server.store, row, "Amina");
    note(`Amina has ${row.sequence} judged again: ${told.ok ? told.row.state : told.code}`);
  }
  for (const stored of waiting()) await decideByTwo(server, stored, note);
  return found.length;
}

async function decideByTwo(
  { context, store }: Server,
  { row }: StoredOperation,
  note: (line: string) => void,
): Promise<void> {
  await proposeDecision(store, row, { verdict: "apply", because: "the goods were given", by: "Amina" });
  for (const by of ["Ben", "Amina"]) {
    const told = await decideHeld(context, store, row, by);
    note(`${by} decides ${row.nodeId.slice(-4)}/${row.sequence}: ${told.ok ? told.row.state : told.code}`);
    if (told.ok) return;
  }
  await withdrawProposal(store, row, "Amina");
  await proposeDecision(store, row, { verdict: "reject", because: "somebody else has it", by: "Amina" });
  await decideHeld(context, store, row, "Ben");
}
