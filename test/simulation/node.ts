/**
 * A node of a simulation: the real queue, records and uploads over real files, with the clock, the chance, the link and
 * the disk of the seed. Stopping at any write and starting again is what a crash leaves; SQLite's own promise, that a
 * commit is on the disk when it returns, is kept by real processes in `test/faults`.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commitmentOf, openingFor, sealNumber } from "#sync/documents/voucher-number.ts";
import { requestEnrolment } from "#sync/enrolment.ts";
import { trustedTime } from "#sync/clock.ts";
import type { MachineClock } from "#sync/ports/clock.ts";
import type { ShapeName, ShapeStorage } from "#sync/ports/shape-storage.ts";
import type { NodeCallParts } from "#sync/node-call.ts";
import type { Tended } from "#sync/node-sync.ts";
import { createSessions } from "#sync/session.ts";
import type { Sessions } from "#sync/session.ts";
import { createConsumer } from "#sync/shapes/consumer.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import type { SyncSigner } from "#sync/signing/signers.ts";
import { upload } from "#sync/upload.ts";
import { exportFrom, importInto } from "../../desktop/worker/carry.ts";
import { createNode } from "../../desktop/worker/node.ts";
import type { PaypostNode } from "../../desktop/worker/node.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import { recordOperation } from "../../desktop/worker/record.ts";
import { standingRefusal, timeOf } from "../../desktop/worker/standing.ts";
import { tendLeases } from "../../desktop/worker/tend-leases.ts";
import { createShapeStorage } from "../../desktop/worker/store/shapes.ts";
import { migratedDatabase } from "./migrated-database.ts";
import { Link } from "./network.ts";
import { replaced } from "./observed-store.ts";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Server, SimulatedVoucher } from "./server.ts";
import type { Weakness } from "./weaknesses.ts";
import type { World } from "./world.ts";

class NodeCrashed extends Error {}

/** A write that fails, of a machine that goes on. */
class DiskFull extends Error {}

const serverUrl = "http://127.0.0.1:9";

/** What the screen said was accepted. */
export interface Accepted {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly mode: string;
}

export class SimulatedNode {
  readonly name: string;
  readonly merchantId: string;
  readonly link: Link;
  readonly accepted: Accepted[] = [];
  /** Its key is in two places, or a person has put a whole old disk back. */
  isCloned = false;
  /** Its database was put back from an old copy: what it had taken since is gone with the disk. */
  hasLostDisk = false;
  isRevoked = false;
  /** What was signed with this till's key by a program that keeps to none of its rules, by hash in hexadecimal. */
  readonly forged = new Set<string>();
  /** What the deny list held when it was loaded last, and at what it was taken at risk in spite of that. */
  #denied: ReadonlySet<bigint> = new Set();
  readonly takenDenied: bigint[] = [];
  /** What it was told of its float, and the cash that it took; bills for which it took more than was left. */
  #float = { floatMinor: 0n, counted: 0 };
  readonly #cash: { readonly sequence: number; readonly amountMinor: bigint }[] = [];
  readonly takenBeyondFloat: string[] = [];
  nodeId = "";
  readonly #world: World;
  readonly #weakness: Weakness;
  readonly #random: Random;
  readonly #directory: string;
  readonly #key: Ed25519Key;
  readonly #signer: SyncSigner;
  #wallSkewMs: number;
  #frozenWallMs: number | undefined;
  #bootedMs: number;
  #boots = 1;
  #stores: NodeStores;
  /** What a process has from its start on. */
  #process:
    | {
        readonly stores: NodeStores;
        readonly node: PaypostNode;
        readonly sessions: Sessions;
        readonly shapes: ShapeStorage;
      }
    | undefined;
  /** How many writes come before the machine dies, or its disk is full. */
  #writesLeft = Infinity;
  #isDiskFull = false;
  /** The database as it was before the last commits, for a disk that has not written them yet. */
  #unsynced: Buffer | undefined;
  #oldCopy: Buffer | undefined;

  constructor(
    world: World,
    server: Server,
    weakness: Weakness,
    options: {
      readonly name: string;
      readonly merchantId: string;
      readonly folder: string;
      readonly from?: SimulatedNode;
    },
  ) {
    const { name, merchantId, folder, from } = options;
    this.name = name;
    this.merchantId = merchantId;
    this.link = new Link(world, server, name);
    this.#world = world;
    this.#weakness = weakness;
    this.#random = createRandom(world.seed, name);
    this.#directory = join(folder, name);
    this.#key = from ? from.#key : ed25519Key(this.#random.bytes(32));
    this.#signer = createSyncSigner("operation", this.#key);
    this.#wallSkewMs = this.#random.below(120_000) - 60_000;
    this.#bootedMs = world.nowMs - this.#random.below(86_400_000);
    mkdirSync(this.#directory, { recursive: true });
    if (from) {
      from.#stores.close();
      cpSync(from.#directory, this.#directory, { recursive: true });
      from.#stores = from.#open();
      this.nodeId = from.nodeId;
    } else writeFileSync(join(this.#directory, "node.db"), migratedDatabase());
    this.#stores = this.#open();
  }

  readonly #clock: MachineClock = ((node: () => SimulatedNode) => ({
    wallMs: () => node().#frozenWallMs ?? node().#world.nowMs + node().#wallSkewMs,
    sinceBootMs: () => node().#world.nowMs - node().#bootedMs,
    get bootId() {
      return `00000000-0000-4000-8000-${String(node().#boots).padStart(12, "0")}`;
    },
  }))(() => this);

  get stores(): NodeStores {
    return this.#stores;
  }

  async enrol(code: string): Promise<void> {
    const stores = this.#stores;
    const codeHash = new Uint8Array(32);
    const { publicKey } = this.#key;
    stores.node.keepKey({ publicKey, wrappedKey: "{}", serverUrl, codeHash, headFile: null });
    const result = await requestEnrolment({ baseUrl: serverUrl, fetch: this.link.fetch }, this.#key, code);
    if (!result.ok) throw new Error(`enrolment was refused: ${JSON.stringify(result)}`);
    const { certificate, certificateDocument, keySet, keySetDocument } = result.enrolment;
    stores.queue.transaction(() => {
      stores.node.keepCertificate(certificateDocument, certificate);
      stores.trust.keepKeySet(keySet, keySetDocument);
    });
    this.nodeId = certificate.nodeId;
    stores.writeHead(this.nodeId, stores.queue.head());
  }

  /** Whether it has a lease for the voucher that it has neither used nor given back. */
  mayTake(serial: bigint): boolean {
    const { leases, redemptions, bills } = this.#stores;
    const lease = leases.find(serial);
    if (!lease || leases.isGivenBack(serial, lease.epoch)) return false;
    return redemptions.ofVoucher(serial).length === 0 && !bills.isPaying(serial);
  }

  /** A cashier takes a voucher; the machine may die at any write on the way. */
  async redeem(voucher: SimulatedVoucher, offline: boolean): Promise<string> {
    if (this.#weakness.nodeCommitsLate && this.#random.chance(0.5)) {
      this.#unsynced = this.#stores.database.serialize();
    }
    const { serial, token, number } = voucher;
    const outcome = await this.#untilItDies(() =>
      this.#node().redeem({ serial, token, number, actor: "cashier", offline }),
    );
    if (typeof outcome === "string") return outcome;
    if (outcome.kind !== "accepted") return outcome.kind === "refused" ? outcome.refusal.code : outcome.kind;
    const { sequence, hash, mode } = outcome.redeemed;
    this.accepted.push({ sequence, hash, mode });
    if (mode === "at-risk" && this.#denied.has(serial)) this.takenDenied.push(serial);
    return `accepted ${mode} #${sequence}`;
  }

  /** Uploads the queue, then loads what the server has for this node. */
  async sync(): Promise<string> {
    const parts = this.#syncParts();
    const report = await upload(parts);
    if (report.problem) return `${report.problem.code} after ${report.sent}`;
    if (report.status !== "active") return report.status;
    for (const name of ["trust", "leases", "denied", "verdicts", "billers", "bills", "floats"] as const) {
      if (this.link.isCut || this.#world.strikes(0.05)) return `cut before ${name}`;
      await this.#load(name);
    }
    const { released, renewed } = await this.#tend(parts);
    const tended = `${released > 0 ? `, gives back ${released}` : ""}${renewed > 0 ? `, renews ${renewed}` : ""}`;
    return `sent ${report.sent}${tended}`;
  }

  /** An agent takes cash for a bill, or a voucher; the machine may die at any write on the way. */
  async payBill(billId: string, voucher?: SimulatedVoucher): Promise<string> {
    const leftMinor = this.#floatLeft();
    const by = voucher && { serial: voucher.serial, token: voucher.token, number: voucher.number };
    const outcome = await this.#untilItDies(() =>
      this.#node().payBill({ billId, actor: "agent", voucher: by }),
    );
    if (typeof outcome === "string") return outcome;
    if (!outcome.ok) return outcome.refusal.code;
    const { sequence, hash, money } = outcome.paid;
    this.accepted.push({ sequence, hash, mode: "bill" });
    if (voucher) return `accepted #${sequence}`;
    if (leftMinor < money.amountMinor && !this.isCloned && !this.hasLostDisk)
      this.takenBeyondFloat.push(billId);
    this.#cash.push({ sequence, amountMinor: money.amountMinor });
    return `accepted ${money.amountMinor} #${sequence}`;
  }

  /** Payments whose cash is to be given back, as the till lists them. */
  toGiveBack(): number[] {
    return this.#stores.refunds.open(10);
  }

  async refundBill(payment: number): Promise<string> {
    const outcome = await this.#untilItDies(async () => this.#node().refundBill({ payment, actor: "agent" }));
    if (typeof outcome === "string") return outcome;
    if (!outcome.ok) return outcome.refusal.code;
    const refund = this.#stores.refunds.ofPayment(payment);
    const [row] = refund ? this.#stores.queue.after(refund.sequence - 1, 1) : [];
    if (!row) throw new Error(`the refund of #${payment} was accepted and is not in the queue`);
    this.accepted.push({ sequence: row.sequence, hash: row.hash, mode: "refund" });
    return `recorded #${row.sequence}`;
  }

  /** What the server told of the float, less what was taken since and not rejected: counted apart from the till's own count. */
  #floatLeft(): bigint {
    const taken = this.#cash
      .filter(({ sequence }) => sequence > this.#float.counted)
      .filter(({ sequence }) => this.#stores.bills.find(sequence)?.state !== "rejected")
      .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
    return this.#float.floatMinor - taken;
  }

  /**
   * Somebody has tampered with the till: it signs a redemption with a number that is not the voucher's, under the lease that
   * it has or at risk. Undefined where it has taken the voucher, or signs nothing.
   */
  signWrongNumber({ serial }: SimulatedVoucher, number: string): string | undefined {
    const stores = this.#stores;
    // What the till's database refuses, whatever the program does.
    if (stores.redemptions.ofVoucher(serial).length > 0 || stores.bills.isPaying(serial)) return undefined;
    const { clock, randomBytes } = this.#parts();
    const lease = stores.leases.find(serial);
    if (lease && stores.leases.isGivenBack(serial, lease.epoch)) return undefined;
    const opening = openingFor(number, randomBytes);
    const voucher = { serial, amountMinor: 1250n, currency: "USD" };
    const claim = { mode: lease ? "leased" : "at-risk", epoch: lease?.epoch ?? null } as const;
    const deniedAsOfMs = lease ? null : (stores.denied.asOfMs() ?? 0);
    const numberCommitment = commitmentOf(opening);
    const unasked = { authentication: null, cashOut: null };
    const body = {
      type: "redeem-voucher",
      ...voucher,
      ...claim,
      numberCommitment,
      deniedAsOfMs,
      ...unasked,
    } as const;
    const sealed = sealNumber(stores.trust.keySet().serverBoxKey, opening, randomBytes);
    const actor = "nobody";
    const lastServerTimeMs = stores.node.anchor()?.serverTimeMs ?? 0;
    const time = timeOf(stores, clock);
    const recorded = recordOperation(
      { ...this.#parts(), nodeId: this.nodeId, signer: this.#signer },
      { body, sealed, actor, time },
      () => standingRefusal(stores),
      (sequence) =>
        stores.redemptions.insert({
          sequence,
          ...voucher,
          ...claim,
          actor,
          anchored: time.anchored,
          lastServerTimeMs,
          shift: null,
          cashFeeMinor: null,
          authentication: null,
        }),
    );
    if (!recorded.ok) return recorded.refusal.code;
    this.forged.add(Buffer.from(recorded.recorded.hash).toString("hex"));
    return `signed #${recorded.recorded.sequence}`;
  }

  /** Tampered with in another way: it takes a voucher at risk whatever it has taken before. */
  async takeBeyondLimits({ serial, token, number }: SimulatedVoucher): Promise<string> {
    const stores = this.#stores;
    const redemptions = replaced(stores.redemptions, { usedAtRisk: () => ({ count: 0, sumMinor: 0n }) });
    const node = createNode({ ...this.#parts(), stores: { ...stores, redemptions } });
    const outcome = await node.redeem({ serial, token, number, actor: "nobody", offline: true });
    return outcome.kind === "refused" ? outcome.refusal.code : outcome.kind;
  }

  /** A cashier gives a reserved voucher back, which the machine may not survive. */
  async giveBack(serial: bigint): Promise<string> {
    const released = await this.#untilItDies(async () => this.#node().release(serial, "cashier"));
    if (typeof released === "string") return released;
    return released.ok ? `given back #${released.recorded.sequence}` : released.refusal.code;
  }

  /** A machine that died on the way is started again. */
  async #untilItDies<T extends object>(
    work: () => Promise<T>,
  ): Promise<T | "machine dies" | "its disk is full"> {
    this.#writesLeft = this.#world.strikes(0.15) ? this.#world.random.below(9) : Infinity;
    this.#isDiskFull = this.#world.strikes(0.2);
    try {
      const outcome = await work();
      // Its death was taken for a write that failed, and told as that.
      if (this.#writesLeft < 0 && !this.#isDiskFull) this.restart(true);
      return outcome;
    } catch (error) {
      if (error instanceof DiskFull) return "its disk is full";
      if (!(error instanceof NodeCrashed)) throw error;
      this.restart(true);
      return "machine dies";
    } finally {
      this.#writesLeft = Infinity;
    }
  }

  /** As a node does when it has heard from its server; what it gives back goes up with the next sync. */
  #tend(calls: NodeCallParts): Promise<Tended> {
    return tendLeases({ ...this.#parts(), nodeId: this.nodeId, signer: this.#signer, calls });
  }

  /** Hashes, in hexadecimal, of what it was told is applied, and can say again; none where its word counts for nothing. */
  applied(): string[] {
    if (this.isCloned || this.hasLostDisk || this.isRevoked) return [];
    const told = this.#stores.queue.after(0, 1000).filter(({ state }) => state === "applied");
    return told.map(({ hash }) => Buffer.from(hash).toString("hex"));
  }

  /** The queue as a file on a stick; undefined when there is nothing to carry. */
  export(): Uint8Array | undefined {
    const nowMs = this.#clock.wallMs();
    const exported = exportFrom({
      stores: this.#stores,
      key: this.#key,
      randomBytes: this.#random.bytes,
      nowMs,
    });
    return exported.ok ? exported.file : undefined;
  }

  async handIn(file: Uint8Array): Promise<Uint8Array | undefined> {
    const handed = await this.#node().handIn(file);
    return handed.ok ? handed.answer : undefined;
  }

  async import(answer: Uint8Array): Promise<string> {
    const imported = await importInto(this.#stores, this.nodeId, answer);
    return imported.ok ? "imported" : imported.refusal.code;
  }

  /** Opens the files again as a new process does. `hard`: the power went, and with it what was not on the disk. */
  restart(hard: boolean): void {
    this.#stores.close();
    if (hard && this.#unsynced) this.#putBack(this.#unsynced);
    this.#unsynced = undefined;
    this.#stores = this.#open();
  }

  /** The machine is off for a while, and wakes up at the hour at which it was switched off. */
  reboot(offMs: number): void {
    this.#stores.close();
    this.#wallSkewMs -= offMs;
    this.#boots += 1;
    this.#bootedMs = this.#world.nowMs;
    this.#stores = this.#open();
  }

  setClock(how: "jump" | "stand still" | "right"): void {
    if (how === "jump") this.#wallSkewMs += this.#random.below(10 * 86_400_000) - 5 * 86_400_000;
    this.#frozenWallMs = how === "stand still" ? this.#clock.wallMs() : undefined;
    if (how === "right") this.#wallSkewMs = 0;
  }

  copyDisk(): void {
    this.#oldCopy = this.#stores.database.serialize();
  }

  /** The database alone comes back from the copy; the head file, on another disk, stays. */
  restoreDatabase(): boolean {
    if (!this.#oldCopy) return false;
    this.hasLostDisk = true;
    this.#stores.close();
    this.#putBack(this.#oldCopy);
    this.#stores = this.#open();
    return true;
  }

  loseHeadFile(): void {
    // Both places are gone then, and nothing is left that could notice.
    this.isCloned ||= this.hasLostDisk;
    const path = this.#stores.headFile();
    this.#stores.close();
    rmSync(path, { force: true });
    this.#stores = this.#open();
  }

  close(): void {
    this.#stores.close();
  }

  /** As after the passphrase was given. */
  #open(): NodeStores {
    const stores = this.#openLocked();
    stores.vault.unlock(this.#key.seed);
    return stores;
  }

  #openLocked(): NodeStores {
    const opened = openStores({ directory: this.#directory, wallMs: () => this.#clock.wallMs() });
    if (!opened.ok) throw new Error("the directory is in use");
    if (!this.#weakness.headFileUnread || this.nodeId === "" || !opened.stores.stopped())
      return opened.stores;
    opened.stores.writeHead(this.nodeId, opened.stores.queue.head());
    opened.stores.close();
    const again = openStores({ directory: this.#directory, wallMs: () => this.#clock.wallMs() });
    if (!again.ok) throw new Error("the directory is in use");
    return again.stores;
  }

  #putBack(copy: Buffer): void {
    for (const end of ["-wal", "-shm"]) rmSync(join(this.#directory, `node.db${end}`), { force: true });
    writeFileSync(join(this.#directory, "node.db"), copy);
  }

  async #load(name: ShapeName): Promise<void> {
    const { shapes, trust, contact, clock } = this.#syncParts();
    const begun = trustedTime(contact.anchor(), clock, 0);
    const context = () => ({ nodeId: this.nodeId, keySet: trust.keySet() });
    const consumer = createConsumer({ name, storage: shapes, context, reload: true });
    const rows = await this.#server.shapeRows(name, this.nodeId);
    await consumer.receive([...rows, { control: "up-to-date" }], { handle: "s", position: "0_0" });
    const [float] = name === "floats" ? rows : [];
    if (float) {
      const { float_minor: floatMinor, counted } = float.value;
      this.#float = { floatMinor: BigInt(floatMinor ?? 0), counted: Number(counted) };
    }
    if (name !== "denied") return;
    this.#denied = new Set(this.#server.shapes.denied);
    if (begun.anchored) shapes.setAsOf(name, begun.nowMs);
  }

  get #server(): Server {
    return this.link.server;
  }

  #node(): PaypostNode {
    return this.#started().node;
  }

  #started() {
    const stores = this.#stores;
    if (this.#process?.stores === stores) return this.#process;
    const { nodeId } = this;
    const assertions = createSyncSigner("session-assertion", this.#key);
    const link = { baseUrl: serverUrl, fetch: this.link.fetch };
    const { queue, trust, database, vault } = stores;
    const wallMs = () => this.#clock.wallMs();
    this.#process = {
      stores,
      shapes: createShapeStorage({ database, queue, trust, vault, nodeId, wallMs }),
      node: createNode({
        ...this.#parts(),
        stores: this.#weakness.weakenNode?.(stores) ?? stores,
        onStep: () => {
          // A full disk is full for what follows as well.
          if (this.#isDiskFull && this.#writesLeft <= 0) throw new DiskFull();
          if (this.#writesLeft-- === 0) throw new NodeCrashed();
        },
      }),
      sessions: createSessions({ link, nodeId, assertions, contact: stores.node }),
    };
    return this.#process;
  }

  #parts() {
    return {
      stores: this.#stores,
      key: this.#key,
      serverUrl,
      clock: this.#clock,
      randomBytes: this.#random.bytes,
      sleep: async (ms: number) => {
        this.#world.nowMs += ms;
      },
      fetch: this.link.fetch,
    };
  }

  #syncParts() {
    const { stores, clock, randomBytes, sleep } = this.#parts();
    const link = { baseUrl: serverUrl, fetch: this.link.fetch };
    const { sessions, shapes } = this.#started();
    return {
      nodeId: this.nodeId,
      link,
      sessions,
      shapes,
      queue: stores.queue,
      trust: stores.trust,
      clock,
      contact: stores.node,
      leaseDocument: stores.leases.documentFor.bind(stores.leases),
      patience: { sleep, randomBytes, attempts: 3, signal: undefined },
    };
  }
}
