/**
 * A node of a simulation: the real queue, records and uploads over real files, with the clock, the chance, the link and
 * the disk of the seed. Stopping at any write and starting again is what a crash leaves; SQLite's own promise, that a
 * commit is on the disk when it returns, is kept by real processes in `test/faults`.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requestEnrolment } from "#sync/enrolment.ts";
import { trustedTime } from "#sync/clock.ts";
import type { MachineClock } from "#sync/ports/clock.ts";
import type { ShapeName } from "#sync/ports/shape-storage.ts";
import type { NodeCallParts } from "#sync/node-call.ts";
import type { Tended } from "#sync/node-sync.ts";
import { createSessions } from "#sync/session.ts";
import type { Sessions } from "#sync/session.ts";
import { createConsumer } from "#sync/shapes/consumer.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { upload } from "#sync/upload.ts";
import { exportFrom, importInto } from "../../desktop/worker/carry.ts";
import { createNode } from "../../desktop/worker/node.ts";
import type { RedeemOutcome } from "../../desktop/worker/node.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import { tendLeases } from "../../desktop/worker/tend-leases.ts";
import { createShapeStorage } from "../../desktop/worker/store/shapes.ts";
import { Link } from "./network.ts";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Server, SimulatedVoucher } from "./server.ts";
import type { Weakness } from "./weaknesses.ts";
import type { World } from "./world.ts";

class NodeCrashed extends Error {}

const serverUrl = "http://127.0.0.1:9";

/** What the screen said was accepted. */
export interface Accepted {
  readonly serial: bigint;
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
  nodeId = "";
  readonly #world: World;
  readonly #weakness: Weakness;
  readonly #random: Random;
  readonly #directory: string;
  readonly #key: Ed25519Key;
  #wallSkewMs: number;
  #frozenWallMs: number | undefined;
  #bootedMs: number;
  #boots = 1;
  #stores: NodeStores;
  /** One session for each start of the process. */
  #sessions: { readonly stores: NodeStores; readonly sessions: Sessions } | undefined;
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
    this.#wallSkewMs = this.#random.below(120_000) - 60_000;
    this.#bootedMs = world.nowMs - this.#random.below(86_400_000);
    mkdirSync(this.#directory, { recursive: true });
    if (from) {
      from.#stores.close();
      cpSync(from.#directory, this.#directory, { recursive: true });
      from.#stores = from.#open();
      this.nodeId = from.nodeId;
    }
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

  /** Whether it has a lease for the voucher that it has not used. */
  mayTake(serial: bigint): boolean {
    const { leases, redemptions } = this.#stores;
    return leases.find(serial) !== undefined && redemptions.ofVoucher(serial).length === 0;
  }

  /** A cashier takes a voucher; the machine may die at any write on the way. */
  async redeem(voucher: SimulatedVoucher, offline: boolean): Promise<string> {
    const writes = this.#world.strikes(0.12) ? this.#world.random.below(9) : Infinity;
    let step = 0;
    const onStep = (): void => {
      if (step++ === writes) throw new NodeCrashed();
    };
    if (this.#weakness.nodeCommitsLate && this.#random.chance(0.5)) {
      this.#unsynced = this.#stores.database.serialize();
    }
    const stores = this.#weakness.weakenNode?.(this.#stores) ?? this.#stores;
    let outcome: RedeemOutcome;
    try {
      const request = { serial: voucher.serial, token: voucher.token, number: voucher.number };
      outcome = await createNode({ ...this.#parts(), stores, onStep }).redeem({
        ...request,
        actor: "cashier",
        offline,
      });
    } catch (error) {
      if (!(error instanceof NodeCrashed)) throw error;
      this.restart(true);
      return "machine dies";
    }
    if (step > writes) this.restart(true);
    if (outcome.kind !== "accepted") return outcome.kind === "refused" ? outcome.refusal.code : outcome.kind;
    const { sequence, hash, mode } = outcome.redeemed;
    this.accepted.push({ serial: voucher.serial, sequence, hash, mode });
    return `accepted ${mode} #${sequence}`;
  }

  /** Uploads the queue, then loads what the server has for this node. */
  async sync(): Promise<string> {
    const parts = this.#syncParts();
    const report = await upload(parts);
    if (report.problem) return `${report.problem.code} after ${report.sent}`;
    if (report.status !== "active") return report.status;
    for (const name of ["trust", "leases", "denied", "verdicts"] as const) {
      if (this.link.isCut || this.#world.strikes(0.05)) return `cut before ${name}`;
      await this.#load(name);
    }
    const { released, renewed } = await this.#tend(parts);
    const tended = `${released > 0 ? `, gives back ${released}` : ""}${renewed > 0 ? `, renews ${renewed}` : ""}`;
    return `sent ${report.sent}${tended}`;
  }

  /** A cashier gives a reserved voucher back, which the machine may not survive. */
  giveBack(serial: bigint): string {
    const writes = this.#world.strikes(0.12) ? this.#world.random.below(9) : Infinity;
    let step = 0;
    const onStep = (): void => {
      if (step++ === writes) throw new NodeCrashed();
    };
    try {
      const released = createNode({ ...this.#parts(), onStep }).release(serial, "cashier");
      return released.ok ? `given back #${released.recorded.sequence}` : released.refusal.code;
    } catch (error) {
      if (!(error instanceof NodeCrashed)) throw error;
      this.restart(true);
      return "machine dies";
    }
  }

  /** As a node does when it has heard from its server; what it gives back goes up with the next sync. */
  #tend(calls: NodeCallParts): Promise<Tended> {
    const signer = createSyncSigner("operation", this.#key.seed);
    return tendLeases({ ...this.#parts(), nodeId: this.nodeId, signer, calls });
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
    const handed = await createNode(this.#parts()).handIn(file);
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
    const path = this.#stores.headFile();
    this.#stores.close();
    rmSync(path, { force: true });
    this.#stores = this.#open();
  }

  close(): void {
    this.#stores.close();
  }

  #open(): NodeStores {
    const stores = this.#openFolder();
    // Whoever starts the machine gives the passphrase; before, nothing that is sealed can be read.
    stores.vault.unlock(this.#key.seed);
    return stores;
  }

  #openFolder(): NodeStores {
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
    const rows = this.#server.shapes.read(name, this.nodeId);
    await consumer.receive([...rows, { control: "up-to-date" }], { handle: "s", position: "0_0" });
    if (name === "denied" && begun.anchored) shapes.setAsOf(name, begun.nowMs);
  }

  get #server(): Server {
    return this.link.server;
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
    const { queue, trust, database, vault } = stores;
    const { nodeId } = this;
    if (this.#sessions?.stores !== stores) {
      const assertions = createSyncSigner("session-assertion", this.#key.seed);
      this.#sessions = {
        stores,
        sessions: createSessions({ link, nodeId, assertions, contact: stores.node }),
      };
    }
    return {
      nodeId,
      link,
      sessions: this.#sessions.sessions,
      queue,
      trust,
      clock,
      contact: stores.node,
      leaseDocument: stores.leases.documentFor.bind(stores.leases),
      shapes: createShapeStorage({ database, queue, trust, vault, nodeId, wallMs: () => clock.wallMs() }),
      patience: { sleep, randomBytes, attempts: 3, signal: undefined },
    };
  }
}
