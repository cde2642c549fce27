/** The server of a simulation: the real routes, decisions and settlement, over the store and the provider of the seed. */
import { scryptSync } from "node:crypto";
import nacl from "tweetnacl";
import { encodeKeySet, trustedKeys } from "#sync/documents/key-set.ts";
import { toBase64 } from "#sync/base64.ts";
import { verifierCost } from "#sync/documents/voucher-number.ts";
import { signDocument } from "#sync/signing/cose.ts";
import type { ShapeName } from "#sync/ports/shape-storage.ts";
import type { ShapeRow } from "#sync/shapes/check-row.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import { createSigner } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";
import { keepFirstKeySet, keySetsAfter } from "../../node-server/postgres/signing-key-rows.ts";
import { periodicTasks } from "../../node-server/jobs/handlers.ts";
import { fundGroup, fundGuarantee } from "../../node-server/ledger/entries.ts";
import { issuePolicy } from "../../node-server/nodes/policies.ts";
import type { OperationContext } from "../../node-server/operations/context.ts";
import { payClaim } from "../../node-server/payments/settle-claim.ts";
import type { CommandItem, Job, Store, Tx, VoucherAction } from "../../node-server/ports/store.ts";
import { beginRecovery, readIdentity } from "../../node-server/postgres/recovery-admin.ts";
import { createRateGuard } from "../../node-server/middleware/rates.ts";
import { nodeRoutes } from "../../node-server/routes/nodes.ts";
import type { NodeRouteDependencies } from "../../node-server/routes/nodes.ts";
import { runCommand } from "../../node-server/vouchers/commands.ts";
import { issueBatch } from "../../node-server/vouchers/issue.ts";
import { decryptNumber, indexOfNumber } from "../../node-server/vouchers/numbers.ts";
import { redeemOnline } from "../../node-server/vouchers/redeem-online.ts";
import { testPolicy } from "../support/policy.ts";
import { BillDesk } from "./bill-desk.ts";
import { JudgingFailed, observedStore, replaced, ServerDied, untilAlive } from "./observed-store.ts";
import { Provider } from "./provider.ts";
import { createRandom } from "./random.ts";
import { Record } from "./record.ts";
import { ShapeRows } from "./shape-rows.ts";
import type { SimulatedStore, SimulatedStores } from "./stores.ts";
import type { Weakness } from "./weaknesses.ts";
import type { World } from "./world.ts";

const hourMs = 3_600_000;
export const graceMs = 24 * hourMs;
/** The policy's, which its vouchers of 12.50 reach. */
export const atRiskLimits = { redemptions: 3, sumMinor: 5000n };
const scheduled = new Set(["close-overdue-leases", "expire-vouchers", "tend-bills", "end-recovery"]);
export const merchants = ["shop-1", "shop-2"];
const groups = [
  { code: "AID", atRisk: false },
  { code: "RSK", atRisk: true },
];

export interface SimulatedVoucher {
  readonly serial: bigint;
  readonly number: string;
  token: string;
  readonly atRisk: boolean;
}

export class Server {
  readonly record = new Record();
  readonly shapes = new ShapeRows();
  readonly provider: Provider;
  readonly desk: BillDesk;
  readonly vouchers: SimulatedVoucher[] = [];
  readonly #world: World;
  readonly #weakness: Weakness;
  #requests = 0;
  /** As the file beside the keys has them at least. */
  #numbersSeen: readonly bigint[] = [];
  #backup: ((heard: ReadonlySet<string>) => void) | undefined;
  readonly #judged = new Map<string, "fails" | "works">();
  /** Wrong numbers that a till has signed, by the serial that they were said to be of. */
  readonly wrongNumbers = new Map<bigint, string>();
  #parts!: {
    readonly base: SimulatedStore;
    readonly deps: NodeRouteDependencies;
    readonly signers: Readonly<{ [kind in ServerKind]: Signer }>;
    readonly routes: ReturnType<typeof nodeRoutes>;
    readonly caller: nacl.BoxKeyPair;
  };

  constructor(world: World, weakness: Weakness) {
    this.#world = world;
    this.#weakness = weakness;
    this.provider = new Provider(world, weakness.providerForgetsKeys ?? false);
    this.desk = new BillDesk(world, this);
  }

  get store(): Store {
    return this.#parts.deps.store;
  }

  /** The store without observation and faults: what the checks read. */
  get base(): Store {
    return this.#parts.base.store;
  }

  /** What the database holds, for the checks. */
  async rows<Row extends object>(query: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#parts.base.pool.query<Row>(query, [...values])).rows;
  }

  async start(stores: SimulatedStores): Promise<void> {
    const random = createRandom(this.#world.seed, "server");
    const caller = nacl.box.keyPair.fromSecretKey(random.bytes(32));
    const base = await stores.open({ boxPublicKey: caller.publicKey, groups, merchants });
    for (const index of this.#weakness.indexes ?? []) await base.dropIndex(index);
    const store = observedStore(base.store, {
      world: this.#world,
      record: this.record,
      shapes: this.shapes,
      onJob: (job, afterSeconds) => this.#onJob(job, afterSeconds),
      isUnjudgeable: (hash) => this.#isUnjudgeable(hash),
      weaken: (tx) => this.#weaken(tx),
    });
    const signers = {} as { [kind in ServerKind]: Signer };
    for (const signed of serverKinds) signers[signed] = await createSigner(signed, random.bytes(32));
    const box = boxKeyPair(random.bytes(32));
    const keySetContent = {
      version: 1,
      issuedAtMs: this.#world.nowMs,
      keys: serverKinds.map((signed) => ({ kind: signed, publicKey: signers[signed].publicKey })),
      serverBoxKey: box.publicKey,
    };
    const keySet = await signDocument(signers["key-set"], encodeKeySet(keySetContent));
    await keepFirstKeySet(base.pool, keySet);
    const context: OperationContext = {
      boxKeys: box,
      indexKey: random.bytes(32),
      verdictSigner: signers["verdict-list"],
      trusted: trustedKeys(keySetContent),
      // A server that dies is not one that fails: every other error is the death of one, or a find.
      isPassing: (error) => !(error instanceof JudgingFailed),
      onFailure: (_error, what) => this.#world.note(`server: ${what}`),
    };
    const deps: NodeRouteDependencies = {
      store,
      gateway: this.provider,
      context,
      certificateSigner: signers["enrolment-certificate"],
      acknowledgementSigner: signers["acknowledgement"],
      keySet: { version: 1, document: keySet, boxPublicKey: box.publicKey },
      keySetsAfter: (version) => keySetsAfter(base.pool, version),
      randomBytes: random.bytes,
      leaseSigner: signers.lease,
      graceMs,
      registry: undefined,
      rates: createRateGuard(undefined, () => this.#world.nowMs),
      shapes: { fetch: () => Promise.reject(new Error("shapes are read at once here")) },
    };
    this.#parts = { base, deps, signers, routes: nodeRoutes(deps), caller };
    this.shapes.trust.set("key-set", { kind: "key-set", version: "1", document: toBase64(keySet) });
    this.shapes.trust.set("accepts", { kind: "accepts", version: "1", document: "AID,RSK" });
    for (const { code } of groups) {
      const grant = { amountMinor: 10_000_000n, currency: "USD" };
      await store.transaction((tx) => tx.ledger.post(fundGroup(`grant-${code}`, code, grant)));
      const guarantee = { amountMinor: 100_000n, currency: "USD" };
      await store.transaction((tx) => tx.ledger.post(fundGuarantee(`guarantee-${code}`, code, guarantee)));
    }
    const {
      version: _version,
      issuedAtMs: _issued,
      ...wish
    } = testPolicy({
      expiresAtMs: this.#world.nowMs + 365 * 86_400_000,
    });
    await issuePolicy(store, signers.policy, wish, "simulation");
    const row = await store.transaction((tx) => tx.limits.currentPolicy());
    if (!row) throw new Error("no policy was issued");
    const document = toBase64(row.document);
    this.shapes.trust.set("policy", { kind: "policy", version: String(row.version), document });
  }

  randomBytes = (length: number): Uint8Array => this.#parts.deps.randomBytes(length);

  /** What a node loads; bills are read from the projections that the database keeps of them. */
  async shapeRows(name: ShapeName, nodeId: string): Promise<ShapeRow[]> {
    if (name !== "billers" && name !== "bills" && name !== "floats") return this.shapes.read(name, nodeId);
    const rows = await this.rows<{ row: ShapeRow["value"] }>(
      `select (select jsonb_object_agg(key, value) from jsonb_each_text(to_jsonb(s))) as row
       from shape_${name} s where node_id = $1 order by 1`,
      [nodeId],
    );
    return rows.map(({ row }, index) => ({ key: String(index), operation: "insert", value: row }));
  }

  /** One request of a node, over the real routes; a server that dies answers nothing. */
  async handle(path: string, init: RequestInit): Promise<Response> {
    try {
      if (this.#weakness.noteUpload && init.body instanceof Uint8Array) this.#weakness.noteUpload(init.body);
      const app = this.#parts.routes;
      app.onError((error) => {
        throw error;
      });
      return await app.request(path, init);
    } catch (error) {
      if (error instanceof ServerDied) this.#world.note(`server: dies answering ${path}`);
      else this.#world.fail(`server fails answering ${path}`, error);
      return new Response("{}", { status: 500 });
    }
  }

  /** Makes vouchers of a group by the server's own batches, and keeps the numbers as their caller would. */
  async issue(count: number, atRisk: boolean): Promise<SimulatedVoucher[]> {
    const { deps, signers, caller } = this.#parts;
    const id = `B${(this.#requests += 1)}`;
    const batch = await this.store.transaction((tx) =>
      tx.batches.insert(
        {
          kind: "request",
          institutionId: "welfare",
          batchId: id,
          requestId: id,
          programId: "winter",
          callbackUrl: "https://welfare.example/",
        },
        Array.from({ length: count }, (_, index) => ({
          line: index + 1,
          instructionId: `I${index + 1}`,
          groupCode: atRisk ? "RSK" : "AID",
          currency: "USD",
          amount: "12.50",
          payeeFunctionalId: null,
          narration: "Lentils",
        })),
      ),
    );
    if (batch === undefined) throw new Error("the batch id was used before");
    const { boxKeys, indexKey } = deps.context;
    const numbers = createRandom(this.#world.seed, id);
    await issueBatch(
      {
        store: this.store,
        numbers: {
          keys: {
            indexKey,
            boxSecretKey: boxKeys.secretKey,
            tokenKeyId: () => signers["voucher-token"].keyId,
          },
          scrypt: async (password, salt) => {
            const { N, r, p, dkLen } = verifierCost;
            return new Uint8Array(scryptSync(password, salt, dkLen, { N, r, p }));
          },
          randomBytes: numbers.bytes,
        },
      },
      batch,
    );
    const results = await this.store.transaction((tx) => tx.batches.results(batch));
    const made = results.map(({ serial, ciphertext }) => {
      if (serial === null || ciphertext === null) throw new Error("a voucher was not made");
      const number = decryptNumber(caller.secretKey, boxKeys.publicKey, serial, ciphertext);
      if (number === undefined) throw new Error("a number cannot be read");
      return { serial, number, token: "", atRisk };
    });
    this.vouchers.push(...made);
    return made;
  }

  /** A command; gives the reason of each item's refusal, and null where it was done. */
  async command(
    action: VoucherAction,
    items: readonly {
      readonly voucher: SimulatedVoucher;
      readonly leaseTo?: string | null;
      readonly leaseUntil?: Date | null;
    }[],
  ): Promise<(string | null)[]> {
    if (await this.isRecovering()) return items.map(() => "recovering");
    const { signers } = this.#parts;
    const requestId = `C${(this.#requests += 1)}`;
    const lines = items.map(
      ({ voucher: { serial }, leaseTo = null, leaseUntil = null }, index): CommandItem => ({
        line: index + 1,
        action,
        serialNumber: String(serial),
        leaseTo,
        leaseUntil,
      }),
    );
    const id = await this.store.transaction((tx) =>
      tx.commands.insert(
        {
          institutionId: "welfare",
          requestId,
          batchId: requestId,
          command: action,
          callbackUrl: "https://welfare.example/",
        },
        lines,
      ),
    );
    const deps = {
      store: this.store,
      tokenSigner: async () => signers["voucher-token"],
      leaseSigner: signers.lease,
      graceMs,
    };
    await untilAlive(() => runCommand(deps, id));
    return this.base.transaction(async (tx) => {
      for (const { voucher } of items) {
        voucher.token = (await tx.vouchers.find(voucher.serial))?.token ?? "";
      }
      return (await tx.commands.results(id)).map(({ failureReason }) => failureReason);
    });
  }

  /** A redemption by the public API; the same request may come any number of times. */
  async redeem(voucher: SimulatedVoucher, merchantId: string, requestId: string): Promise<string> {
    if (await this.isRecovering()) return "recovering";
    const { deps } = this.#parts;
    const key = { institutionId: "welfare", call: "POST /vouchers?command=redeem", requestId };
    const outcome = await redeemOnline(
      { store: this.store, gateway: this.provider, indexKey: deps.context.indexKey },
      { key, bodyHash: new Uint8Array(32) },
      {
        serialNumber: String(voucher.serial),
        voucherNumber: voucher.number,
        agentId: merchantId,
        override: false,
      },
    );
    return outcome.outcome === "refused" ? outcome.code : outcome.outcome;
  }

  /** What runs by schedule and bears on vouchers: leases close, vouchers expire, a recovery ends. */
  async tick(): Promise<void> {
    const { store } = this;
    const tasks = periodicTasks({
      store,
      context: this.#parts.deps.context,
      graceMs: this.#weakness.graceMs ?? graceMs,
      trimShapeLog: async () => 0,
    });
    for (const { name, run } of tasks) if (scheduled.has(name)) await untilAlive(run);
    await this.#readDenied();
  }

  async backUp(): Promise<void> {
    await this.#parts.base.backUp();
    const [record, shapes, desk] = [this.record.backUp(), this.shapes.backUp(), this.desk.backUp()];
    this.#backup = (heard) => {
      record(heard);
      shapes();
      desk();
    };
  }

  /**
   * The database is lost, and comes back as it was backed up; false where it never was. `heard`: operations, by hash, of
   * which a node can prove that they are applied.
   */
  async restore(heard: ReadonlySet<string>): Promise<boolean> {
    if (!this.#backup) return false;
    const { pool, restore } = this.#parts.base;
    const before = await this.#livePayments();
    await restore();
    const after = new Set((await this.#livePayments()).map(({ reference }) => reference));
    for (const { reference, billId, hash } of before)
      if (!after.has(reference) && !heard.has(hash ?? "")) this.record.forgottenBills.add(billId);
    this.#backup(heard);
    const generation = 1 + this.record.restores;
    const graceHours = graceMs / hourMs;
    await beginRecovery(pool, { generation, by: "Amina", graceHours, numbersSeen: this.#numbersSeen });
    this.#numbersSeen = (await readIdentity(pool)).numbers;
    // The database has computed it by its own clock, which is not the world's.
    const until = new Date(this.#world.nowMs + 15 * 24 * hourMs);
    await pool.query("update recoveries set until = greatest(until, $1) where ended_at is null", [until]);
    // The jobs that were waiting are rows of the database too.
    const payouts = await this.rows<{ id: string }>(
      "select id from claims where state not in ('paid', 'released') and merchant_id is not null order by id",
    );
    for (const { id } of payouts) this.#onJob({ queue: "payout", id }, 60);
    const messages = await this.rows<{ id: bigint }>(
      "select id from callbacks where state = 'waiting' order by id",
    );
    for (const { id } of messages) this.#onJob({ queue: "callback", id: String(id) }, 60);
    await this.#readDenied();
    return true;
  }

  /** From now on the operation can be judged. */
  upgrade(hash: Uint8Array): void {
    this.#judged.set(hex(hash), "works");
  }

  /** Every operation can be judged from now on. */
  upgradeAll(): void {
    for (const key of this.#judged.keys()) this.#judged.set(key, "works");
  }

  get context(): OperationContext {
    return this.#parts.deps.context;
  }

  /** As the server refuses everything that callers ask of it meanwhile (`middleware/recovering.ts`). */
  async isRecovering(): Promise<boolean> {
    const recovery = await untilAlive(() => this.store.transaction((tx) => tx.recovery.open()));
    return recovery !== undefined;
  }

  #livePayments() {
    return this.rows<{ reference: string; billId: string; hash: string | null }>(
      `select reference, bill_id as "billId", encode(operation_hash, 'hex') as hash from bill_payments
       where state in ('advised', 'acknowledged')`,
    );
  }

  #isUnjudgeable(hash: Uint8Array): boolean {
    const key = hex(hash);
    const known = this.#judged.get(key) ?? (this.#world.strikes(0.03) ? "fails" : "works");
    this.#judged.set(key, known);
    return known === "fails";
  }

  #weaken(tx: Tx): Tx {
    const weakened = this.#weakness.weaken?.(tx) ?? tx;
    if (this.#weakness.anyNumberFits !== true) return weakened;
    const { indexKey } = this.#parts.deps.context;
    return replaced(weakened, {
      vouchers: replaced(weakened.vouchers, {
        lock: async (serials) => {
          const rows = await weakened.vouchers.lock(serials);
          for (const [serial, row] of rows) {
            const number = this.wrongNumbers.get(serial);
            if (number !== undefined)
              rows.set(serial, { ...row, numberIndex: indexOfNumber(indexKey, number) });
          }
          return rows;
        },
      }),
    });
  }

  async #readDenied(): Promise<void> {
    const serials = this.vouchers.filter(({ atRisk }) => atRisk).map(({ serial }) => serial);
    const rows = await this.base.transaction((tx) => tx.vouchers.lock(serials));
    const denied = [...rows.values()].filter(({ deniedSince }) => deniedSince).map(({ serial }) => serial);
    this.shapes.denied = denied.toSorted((a, b) => (a < b ? -1 : 1));
  }

  #onJob(job: Job, afterSeconds: number): void {
    const { restores } = this.record;
    if (job.queue === "callback") {
      this.#world.after(afterSeconds * 1000, async () => {
        if (this.record.restores === restores) await this.desk.send(BigInt(job.id));
      });
    }
    if (job.queue !== "payout") return;
    const run = async (): Promise<void> => {
      // A job that was enqueued before is a row of the database that is lost.
      if (this.record.restores !== restores) return;
      try {
        await payClaim(this.store, this.provider, job.id);
      } catch (error) {
        if (!(error instanceof ServerDied)) return this.#world.fail(`payout ${job.id}`, error);
        this.#world.after(60_000, run);
      }
    };
    // What waits for the end of a recovery looks again every 20 seconds; over days that is too often to be played.
    const delayMs = this.record.isRecovering ? 6 * hourMs : afterSeconds * 1000;
    this.#world.after(delayMs, run);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
