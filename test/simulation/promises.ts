/**
 * The promises (design section 4), checked against what was committed, what the provider credited and what the screens
 * said.
 *
 * P1  A voucher's funding is debited at most once, in the books and at the provider.
 * P2  An honest node's leased redemption that arrived before its lease closed is applied; no lease closes early.
 * P3  What a screen accepted is never lost.
 * P4  Every operation has one verdict, the same on both sides; open + ended = submitted.
 * P5  The books balance, and are the sum of what was committed.
 * P6  Each node's chain is whole on the server, and no node signs a number twice.
 * P7  A node takes a voucher once, and money for a bill once.
 * P8  What people decide is decided by two, and a guarantee is paid once, for a redemption that was rejected.
 * P9  Nothing is applied without the voucher's number, nor at risk beyond the limits of the policy.
 * P10 Nothing is taken at risk that the till's deny list holds.
 *
 * P11 to P13 are about bills: `./bill-promises.ts`.
 *
 * A server's database that was restored has forgotten. What no till was told of before, nobody can tell it again: P1 holds at
 * the provider for everything else.
 */
import { equalBytes } from "#sync/signing/bytes.ts";
import type { ClaimRow, Tx } from "../../node-server/ports/store.ts";
import { billPaymentRows, billPromises } from "./bill-promises.ts";
import { operationOf } from "./read-operation.ts";
import { leaseKey, operationKey } from "./record.ts";
import type { StoredOperation } from "./record.ts";
import { atRiskLimits, graceMs } from "./server.ts";
import type { Server } from "./server.ts";
import type { SimulatedNode } from "./node.ts";

export interface Broken {
  readonly promise: string;
  readonly what: string;
}

export type Tell = (promise: string, what: string) => void;

/** `settled`: everything is quiet, so nothing may be left that only time would mend. */
export async function brokenPromises(
  server: Server,
  nodes: readonly SimulatedNode[],
  settled: boolean,
): Promise<Broken[]> {
  const broken: Broken[] = [];
  const tell: Tell = (promise, what) => broken.push({ promise, what });
  // Before the transaction, since a store in memory has one connection.
  const payments = await billPaymentRows(server);
  await server.base.transaction(async (tx) => {
    await paidOnce(server, tx, settled, tell);
    await booksBalance(server, tx, tell);
    await decidedByTwo(server, tx, tell);
    await billPromises(server, tx, payments, nodes, settled, tell);
  });
  leasesKept(server, nodes, tell);
  chainsWhole(server, nodes, tell);
  takenOnce(nodes, tell);
  verdictsOnce(server, tell);
  provenAndLimited(server, nodes, tell);
  deniedNotTaken(nodes, tell);
  if (settled) {
    nothingLost(server, nodes, tell);
    nothingOpen(server, nodes, tell);
  }
  return broken;
}

async function paidOnce(
  { record, provider, desk }: Server,
  tx: Tx,
  settled: boolean,
  tell: Tell,
): Promise<void> {
  const live = new Map<bigint, number>();
  const credits = Map.groupBy(provider.credits, ({ idempotencyKey }) => idempotencyKey.slice(0, 36));
  const acknowledged = new Set(
    [...desk.biller.acknowledged.values()].flatMap((references) => [...references]),
  );
  // What a merchant's payout is for a redemption, the biller's answer is for a voucher that pays a bill.
  const creditsOf = ({ id, billerId, transactionId }: ClaimRow): number =>
    billerId === null ? (credits.get(id)?.length ?? 0) : Number(acknowledged.has(transactionId));
  const paid = new Map<bigint, number>();
  for (const claim of record.everClaimed.values())
    paid.set(claim.serial, (paid.get(claim.serial) ?? 0) + creditsOf(claim));
  for (const row of record.claims.values()) {
    const { id, serial } = row;
    const claim = await tx.claims.find(id);
    const made = creditsOf(row);
    if (claim?.state === "released" && made > 0) tell("P1", `claim ${id} was credited and released`);
    if (claim?.state === "paid" && made !== 1) tell("P1", `claim ${id} is paid, credited ${made} times`);
    if (claim?.state !== "released") live.set(serial, (live.get(serial) ?? 0) + 1);
    const isEnded = claim?.state === "paid" || claim?.state === "released";
    if (settled && !isEnded) tell("P4", `claim ${id} is still ${claim?.state}`);
  }
  for (const [serial, count] of live) if (count > 1) tell("P1", `voucher ${serial} has ${count} live claims`);
  for (const [serial, count] of paid)
    if (count > 1 && !record.forgotten.has(serial))
      tell("P1", `voucher ${serial} was credited ${count} times`);
  for (const [serial, reserve] of record.reserves)
    if (reserve < 0n) tell("P1", `voucher ${serial} was debited beyond its reserve: ${reserve}`);
}

export function leasesKept({ record }: Server, nodes: readonly SimulatedNode[], tell: Tell): void {
  for (const [key, { row, closed }] of record.leases) {
    if (closed?.end === "expired" && closed.atMs <= row.notAfter.getTime() + graceMs)
      tell("P2", `lease ${key} was closed before its grace was over`);
  }
  const byNode = new Map(nodes.map((node) => [node.nodeId, node]));
  for (const [key, stored] of record.operations) {
    const node = byNode.get(stored.row.nodeId);
    // Its lease had closed before the restore that has opened it again.
    if (record.rejectedBefore.has(key)) continue;
    if (!node || node.isCloned || node.isRevoked || stored.row.branch !== "chain") continue;
    if (stored.wasForPeople || stored.row.reason === "recovery" || isForged(node, stored)) continue;
    const operation = operationOf(stored);
    if (operation.body.type !== "redeem-voucher" || !operation.body.epoch) continue;
    const lease = record.leases.get(leaseKey(operation.body.serial, operation.body.epoch));
    const inTime = lease && (!lease.closed || lease.closed.atMs >= stored.arrivedMs);
    if (inTime && lease.row.nodeId === node.nodeId && stored.row.state !== "applied")
      tell(
        "P2",
        `${node.name} #${stored.row.sequence} came under its lease: ${stored.row.state} ${stored.row.reason}`,
      );
  }
}

async function booksBalance({ record }: Server, tx: Tx, tell: Tell): Promise<void> {
  for (const key of record.unbalanced) tell("P5", `entry ${key} does not balance`);
  let sum = 0n;
  for (const [account, balance] of record.balances) {
    sum += balance;
    if (balance < 0n && !account.startsWith("external:")) tell("P5", `${account} stands at ${balance}`);
    const stored = await tx.ledger.lockBalance(account);
    if (stored !== balance) tell("P5", `${account} is ${stored}, and its entries sum up to ${balance}`);
  }
  if (sum !== 0n) tell("P5", `all accounts sum up to ${sum}`);
}

function chainsWhole(server: Server, nodes: readonly SimulatedNode[], tell: Tell): void {
  const ofNode = Map.groupBy(server.record.operations.values(), ({ row }) => row.nodeId);
  for (const node of nodes) {
    const stored = ofNode.get(node.nodeId) ?? [];
    const chain = stored
      .filter(({ row }) => row.branch === "chain")
      .toSorted((a, b) => a.row.sequence - b.row.sequence);
    for (const [index, { row }] of chain.entries()) {
      const previous = chain[index - 1];
      const isNext = row.sequence === index + 1;
      const follows = !previous || equalBytes(operationOf({ row }).previousHash, previous.row.hash);
      if (!isNext || !follows) tell("P6", `${node.name} #${row.sequence} does not follow`);
    }
    const forked = stored.some(({ row }) => row.branch === "fork");
    if (node.isCloned) continue;
    if (forked) tell("P6", `${node.name} signed a number twice`);
    for (const sequence of signedTwice(node)) tell("P6", `${node.name} signed two operations #${sequence}`);
  }
}

/** Also where the second one never reached the server, which tells a node that is behind it to stop. */
function signedTwice({ accepted }: SimulatedNode): number[] {
  const ofSequence = Map.groupBy(accepted, ({ sequence }) => sequence);
  return [...ofSequence].flatMap(([sequence, [first, ...more]]) =>
    first && more.some(({ hash }) => !equalBytes(hash, first.hash)) ? [sequence] : [],
  );
}

function takenOnce(nodes: readonly SimulatedNode[], tell: Tell): void {
  for (const node of nodes) {
    const live = node.stores.database
      .prepare<[], { serial: bigint; count: bigint }>(
        "select serial, count(*) as count from redemptions where live = 1 group by serial having count(*) > 1",
      )
      .all();
    for (const { serial } of live) tell("P7", `${node.name} took voucher ${serial} more than once`);
    const bills = node.stores.database
      .prepare<[], { bill_id: string }>(
        "select bill_id from bill_payments where live = 1 group by bill_id having count(*) > 1",
      )
      .all();
    for (const { bill_id: id } of bills) tell("P7", `${node.name} took money for ${id} more than once`);
    const both = node.stores.database
      .prepare<[], { serial: bigint }>(
        `select serial from redemptions where live = 1
         intersect select serial from bill_payments where live = 1`,
      )
      .all();
    for (const { serial } of both) tell("P7", `${node.name} took voucher ${serial}, and for a bill too`);
  }
}

function verdictsOnce({ record }: Server, tell: Tell): void {
  for (const { row, ended } of record.operations.values()) {
    if (row.state === "queued") tell("P4", `operation ${row.sequence} was stored without a verdict`);
    if (ended > 1) tell("P4", `operation ${row.sequence} of ${row.nodeId} was decided ${ended} times`);
  }
}

async function decidedByTwo({ record }: Server, tx: Tx, tell: Tell): Promise<void> {
  const paid = new Set<string>();
  for (const [key, { nodeId, hash }] of record.disputes) {
    const row = await tx.disputes.lock(nodeId, hash);
    if (!row) tell("P8", `the dispute of ${key} is gone`);
    if (row?.decidedBy && row.decidedBy === row.proposedBy) tell("P8", `${key} was decided by one`);
    if (row?.state !== "paid") continue;
    paid.add(`guarantee:${Buffer.from(hash).toString("hex")}`);
    if (record.operations.get(key)?.row.state !== "rejected") tell("P8", `${key} is paid and guaranteed`);
  }
  for (const cause of record.guarantees)
    if (!paid.delete(cause)) tell("P8", `${cause} was paid, and is no dispute's, or was paid before`);
  for (const cause of paid) tell("P8", `${cause} was never paid`);
}

function provenAndLimited({ record }: Server, nodes: readonly SimulatedNode[], tell: Tell): void {
  const used = new Map<string, { count: number; sumMinor: bigint }>();
  const byNode = new Map(nodes.map((node) => [node.nodeId, node]));
  for (const stored of record.operations.values()) {
    // People may apply what no rule would.
    if (stored.row.state !== "applied" || stored.wasForPeople) continue;
    const { nodeId, sequence } = stored.row;
    const node = byNode.get(nodeId);
    if (node && isForged(node, stored)) tell("P9", `${node.name} #${sequence} has a wrong number`);
    const { body, lastServerTimeMs } = operationOf(stored);
    if (body.type !== "redeem-voucher" || body.mode !== "at-risk") continue;
    const key = `${nodeId} at ${lastServerTimeMs}`;
    const before = used.get(key) ?? { count: 0, sumMinor: 0n };
    used.set(key, { count: before.count + 1, sumMinor: before.sumMinor + body.amountMinor });
  }
  const most = atRiskLimits;
  for (const [key, { count, sumMinor }] of used)
    if (count > most.redemptions || sumMinor > most.sumMinor)
      tell("P9", `${key} has ${count} at risk, ${sumMinor} in all`);
}

function deniedNotTaken(nodes: readonly SimulatedNode[], tell: Tell): void {
  for (const { name, takenDenied } of nodes)
    for (const serial of takenDenied) tell("P10", `${name} took ${serial}, which its deny list holds`);
}

function isForged(node: SimulatedNode, { row }: StoredOperation): boolean {
  return node.forged.has(Buffer.from(row.hash).toString("hex"));
}

function nothingLost({ record }: Server, nodes: readonly SimulatedNode[], tell: Tell): void {
  for (const node of nodes) {
    if (node.isCloned || node.hasLostDisk) continue;
    for (const { hash, sequence } of node.accepted) {
      if (!record.operations.has(operationKey({ nodeId: node.nodeId, hash })))
        tell("P3", `${node.name} accepted #${sequence}, and the server never got it`);
    }
  }
}

/** People have decided what waited for them, so nothing may be open at all. */
function nothingOpen({ record }: Server, nodes: readonly SimulatedNode[], tell: Tell): void {
  for (const { row } of record.operations.values()) {
    if (row.state === "held") tell("P4", `operation ${row.sequence} is still held: ${row.reason}`);
  }
  for (const node of nodes) {
    if (node.isCloned || node.hasLostDisk || node.isRevoked) continue;
    for (const own of node.stores.queue.after(0, 1000)) {
      const stored = record.operations.get(operationKey({ nodeId: node.nodeId, hash: own.hash }));
      // What the server had signed, and could not keep to after its database was restored, people have decided anew.
      if (stored?.wasForPeople === true && record.restores > 0) continue;
      // To its node, what is written off is rejected.
      const state = stored?.row.state === "writtenOff" ? "rejected" : stored?.row.state;
      if (own.state !== state)
        tell("P4", `${node.name} #${own.sequence} is ${own.state} here, ${state} on the server`);
    }
  }
}
