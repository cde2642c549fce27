/** The server of a simulation: the real routes, decisions and settlement, over the store and the provider of the seed. */
import { scryptSync } from "node:crypto";
import nacl from "tweetnacl";
import { encodeKeySet } from "#sync/documents/key-set.ts";
import { toBase64 } from "#sync/base64.ts";
import { verifierCost } from "#sync/documents/voucher-number.ts";
import { signDocument } from "#sync/signing/cose.ts";
import { serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import { createSigner } from "#sync/signing/signers.ts";
import type { Signer } from "#sync/signing/signers.ts";
import { fundGroup } from "../../node-server/ledger/entries.ts";
import { issuePolicy } from "../../node-server/nodes/policies.ts";
import type { OperationContext } from "../../node-server/operations/context.ts";
import { closeOverdueLeases } from "../../node-server/operations/release.ts";
import { payClaim } from "../../node-server/payments/settle-claim.ts";
import type { Job, Store, Tx, VoucherAction } from "../../node-server/ports/store.ts";
import { nodeRoutes } from "../../node-server/routes/nodes.ts";
import type { NodeRouteDependencies } from "../../node-server/routes/nodes.ts";
import { runCommand } from "../../node-server/vouchers/commands.ts";
import { expireVouchers } from "../../node-server/vouchers/expire.ts";
import { issueBatch } from "../../node-server/vouchers/issue.ts";
import { decryptNumber } from "../../node-server/vouchers/numbers.ts";
import { redeemOnline } from "../../node-server/vouchers/redeem-online.ts";
import { testPolicy } from "../support/policy.ts";
import { observedStore, ServerDied } from "./observed-store.ts";
import { Provider } from "./provider.ts";
import { createRandom } from "./random.ts";
import { Record } from "./record.ts";
import { ShapeRows } from "./shape-rows.ts";
import type { SimulatedStore, SimulatedStores } from "./stores.ts";
import type { Weakness } from "./weaknesses.ts";
import type { World } from "./world.ts";

export const graceMs = 24 * 3_600_000;
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
  readonly vouchers: SimulatedVoucher[] = [];
  readonly #world: World;
  readonly #weakness: Weakness;
  #requests = 0;
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
  }

  get store(): Store {
    return this.#parts.deps.store;
  }

  /** The store without observation and faults: what the checks read. */
  get base(): Store {
    return this.#parts.base.store;
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
      weaken: this.#weakness.weaken ?? ((tx: Tx) => tx),
    });
    const signers = {} as { [kind in ServerKind]: Signer };
    for (const signed of serverKinds) signers[signed] = await createSigner(signed, random.bytes(32));
    const box = boxKeyPair(random.bytes(32));
    const keySet = await signDocument(
      signers["key-set"],
      encodeKeySet({
        version: 1,
        issuedAtMs: this.#world.nowMs,
        keys: serverKinds.map((signed) => ({ kind: signed, publicKey: signers[signed].publicKey })),
        serverBoxKey: box.publicKey,
      }),
    );
    const context: OperationContext = {
      boxKeys: box,
      indexKey: random.bytes(32),
      verdictSigner: signers["verdict-list"],
      leaseSigner: signers.lease,
      // A server that dies is not one that fails: every error here is the death of one, or a find.
      isPassing: () => true,
      onFailure: () => {},
    };
    const deps = {
      store,
      gateway: this.provider,
      context,
      certificateSigner: signers["enrolment-certificate"],
      acknowledgementSigner: signers["acknowledgement"],
      keySet: { version: 1, document: keySet, boxPublicKey: box.publicKey },
      randomBytes: random.bytes,
      leaseSigner: signers.lease,
      graceMs,
      shapes: { answer: () => Promise.reject(new Error("shapes are read at once here")) },
    } as unknown as NodeRouteDependencies;
    this.#parts = { base, deps, signers, routes: nodeRoutes(deps), caller };
    this.shapes.trust.set("key-set", { kind: "key-set", version: "1", document: toBase64(keySet) });
    this.shapes.trust.set("accepts", { kind: "accepts", version: "1", document: "AID,RSK" });
    for (const { code } of groups) {
      const grant = { amountMinor: 10_000_000n, currency: "USD" };
      await store.transaction((tx) => tx.ledger.post(fundGroup(`grant-${code}`, code, grant)));
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
            tokenKeyId: signers["voucher-token"].keyId,
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

  /** A command of one item; gives the reason of a refusal, and null where it was done. */
  async command(
    action: VoucherAction,
    voucher: SimulatedVoucher,
    leaseTo: string | null = null,
    leaseUntil: Date | null = null,
  ): Promise<string | null> {
    const { signers } = this.#parts;
    const requestId = `C${(this.#requests += 1)}`;
    const item = { line: 1, action, serialNumber: String(voucher.serial), leaseTo, leaseUntil };
    const id = await this.store.transaction((tx) =>
      tx.commands.insert(
        {
          institutionId: "welfare",
          requestId,
          batchId: requestId,
          command: action,
          callbackUrl: "https://welfare.example/",
        },
        [item],
      ),
    );
    const deps = {
      store: this.store,
      tokenSigner: signers["voucher-token"],
      leaseSigner: signers.lease,
      graceMs,
    };
    await untilAlive(() => runCommand(deps, id));
    return this.base.transaction(async (tx) => {
      voucher.token = (await tx.vouchers.find(voucher.serial))?.token ?? "";
      return (await tx.commands.results(id))[0]?.failureReason ?? null;
    });
  }

  /** A redemption by the public API; the same request may come any number of times. */
  async redeem(voucher: SimulatedVoucher, merchantId: string, requestId: string): Promise<string> {
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

  /** What runs by schedule: overdue leases are closed, due vouchers expire. */
  async tick(): Promise<void> {
    const grace = this.#weakness.graceMs ?? graceMs;
    await untilAlive(async () => {
      await closeOverdueLeases(this.#parts.deps.context, this.store, grace);
      await expireVouchers(this.store);
    });
    await this.#readDenied();
  }

  async #readDenied(): Promise<void> {
    const serials = this.vouchers.filter(({ atRisk }) => atRisk).map(({ serial }) => serial);
    const rows = await this.base.transaction((tx) => tx.vouchers.lock(serials));
    const denied = [...rows.values()].filter(({ deniedSince }) => deniedSince).map(({ serial }) => serial);
    this.shapes.denied = denied.toSorted((a, b) => (a < b ? -1 : 1));
  }

  #onJob(job: Job, afterSeconds: number): void {
    if (job.queue !== "payout") return;
    const run = async (): Promise<void> => {
      try {
        await payClaim(this.store, this.provider, job.id);
      } catch (error) {
        if (!(error instanceof ServerDied)) return this.#world.fail(`payout ${job.id}`, error);
        this.#world.after(60_000, run);
      }
    };
    this.#world.after(afterSeconds * 1000, run);
  }
}

/** A worker that dies is started again. */
async function untilAlive(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ServerDied)) throw error;
    }
  }
}
