/** An enrolled node on real SQLite files for tests, without a server unless one is given. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { decodeEnrolmentCertificate } from "#sync/documents/enrolment-certificate.ts";
import type { Policy } from "#sync/documents/policy.ts";
import type { MachineClock, Sleep } from "#sync/ports/clock.ts";
import type { ShapeChange, ShapeStorage } from "#sync/ports/shape-storage.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createNode } from "../../desktop/worker/node.ts";
import type { PaypostNode } from "../../desktop/worker/node.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import type { RecordStep } from "../../desktop/worker/record.ts";
import { createShapeStorage } from "../../desktop/worker/store/shapes.ts";
import { createAuthority } from "./authority.ts";
import type { Authority, TestVoucher } from "./authority.ts";
import { writeSerialSet } from "./serial-set.ts";

export interface TestClock extends MachineClock {
  /** Lets time pass, for wall and boot alike. */
  pass(ms: number): void;
  /** Sets the wall clock alone. */
  setWall(ms: number): void;
  /** Starts the machine again: the wall clock as it was, a new boot. */
  reboot(): void;
}

export interface Till {
  readonly directory: string;
  readonly authority: Authority;
  readonly key: Ed25519Key;
  readonly nodeId: string;
  readonly clock: TestClock;
  readonly stores: NodeStores;
  readonly shapes: ShapeStorage;
  node(parts?: { readonly onStep?: (step: RecordStep) => void; readonly fetch?: typeof fetch }): PaypostNode;
  grant(
    voucher: TestVoucher,
    change?: { readonly notAfterMs?: number; readonly nodeId?: string; readonly n?: number },
  ): void;
  /** Stores changes of the leases shape, as a batch that follows. */
  leases(changes: readonly ShapeChange[]): void;
  /** As if a signed answer had just come, which named the policy that `policy` gave last. */
  anchor(): void;
  /** As if the policy had come, and the next contact had named it. */
  policy(policy: Policy): void;
  /** As if the deny list had come, complete as of then. */
  deny(serials: readonly bigint[], asOfMs?: number): void;
  /** Closes the node's files. */
  close(): void;
  /** Closes whatever has the directory open and opens it again, as another process would. */
  reopen(): Till;
}

export interface TillOptions {
  readonly directory?: string;
  readonly authority?: Authority;
  readonly clock?: TestClock;
  readonly serverUrl?: string;
  readonly nodeId?: string;
  /** Without: no contact with the server yet. */
  readonly anchored?: boolean;
}

export function createTill(options: TillOptions = {}): Till {
  const directory = options.directory ?? temporaryFolder();
  const clock = options.clock ?? createTestClock();
  const authority = options.authority ?? createAuthority();
  const opened = openStores({ directory, wallMs: () => clock.wallMs() });
  if (!opened.ok) throw new Error("the directory is in use");
  const { stores } = opened;
  openOnes.set(directory, stores);
  onTestFinished(() => closeOpen(directory));
  const key = ed25519Key(new Uint8Array(32).fill(7));
  const nodeId = options.nodeId ?? "0192f000-0000-7000-8000-000000000001";
  const serverUrl = options.serverUrl ?? "http://127.0.0.1:9";
  if (!stores.node.identity()) enrolDirectly(stores, { authority, key, nodeId, serverUrl });
  const { database, queue, trust, vault } = stores;
  vault.unlock(key.seed);
  const shapes = createShapeStorage({ database, queue, trust, vault, nodeId, wallMs: () => clock.wallMs() });
  let named = stores.node.anchor()?.policyVersion ?? 0;
  const till: Till = {
    directory,
    authority,
    key,
    nodeId,
    clock,
    stores,
    shapes,
    node: ({ onStep, fetch: fetchOf = noNetwork } = {}) =>
      createNode({
        stores,
        key,
        serverUrl,
        clock,
        randomBytes: webRandomBytes,
        sleep: shortSleep,
        fetch: fetchOf,
        ...(onStep && { onStep }),
      }),
    grant(voucher, { notAfterMs = clock.wallMs() + 3_600_000, nodeId: holder = nodeId, n = 1 } = {}) {
      const { serial } = voucher;
      const epoch = { generation: 1, n };
      const lease = authority.lease({ serial, nodeId: holder, epoch, notAfterMs });
      const token = authority.token(voucher);
      const { amountMinor, currency } = voucher;
      till.leases([
        {
          type: "lease",
          key: `leases:${serial}`,
          serial,
          epoch,
          notAfterMs,
          lease,
          token,
          amountMinor,
          currency,
          recalledMs: null,
        },
      ]);
    },
    leases(changes) {
      const from = shapes.head("leases");
      const to = { handle: "h", position: `${Number(from?.position.split("_")[0] ?? 0) + 1}_0` };
      const load = from ? undefined : shapes.beginLoad("leases");
      if (!shapes.apply({ name: "leases", from, load, changes, to })) throw new Error("not applied");
    },
    policy(policy) {
      named = policy.version;
      stores.queue.transaction(() => stores.trust.keepPolicy(policy, authority.policy(policy)));
    },
    deny(serials, asOfMs = clock.wallMs()) {
      const from = shapes.head("denied");
      const to = { handle: "h", position: `${Number(from?.position.split("_")[0] ?? 0) + 1}_0` };
      const load = shapes.beginLoad("denied");
      const [first = 1n, last = 1n] = [serials[0], serials.at(-1)];
      const row = {
        type: "denied",
        key: "denied:0",
        chunk: 0,
        serials: writeSerialSet(serials),
        first,
        last,
      } as const;
      if (!shapes.apply({ name: "denied", from, load, changes: serials.length > 0 ? [row] : [], to })) {
        throw new Error("not applied");
      }
      shapes.setAsOf("denied", asOfMs);
    },
    anchor() {
      const { bootId } = clock;
      const wallMs = clock.wallMs();
      const sinceBootMs = clock.sinceBootMs();
      stores.node.setAnchor({ serverTimeMs: wallMs, wallMs, bootId, sinceBootMs, policyVersion: named });
    },
    close: () => closeOpen(directory),
    reopen() {
      closeOpen(directory);
      return createTill({ ...options, directory, clock, authority });
    },
  };
  if (!options.directory && options.anchored !== false) till.anchor();
  return till;
}

/** The stores that each directory has open in this process. */
const openOnes = new Map<string, NodeStores>();

function closeOpen(directory: string): void {
  openOnes.get(directory)?.close();
  openOnes.delete(directory);
}

export function createTestClock(startMs = Date.now()): TestClock {
  let wall = startMs;
  let sinceBoot = 1_000_000;
  let boots = 1;
  return {
    wallMs: () => wall,
    sinceBootMs: () => sinceBoot,
    get bootId() {
      return `00000000-0000-4000-8000-${String(boots).padStart(12, "0")}`;
    },
    pass(ms) {
      wall += ms;
      sinceBoot += ms;
    },
    setWall(ms) {
      wall = ms;
    },
    reboot() {
      boots += 1;
      sinceBoot = 10_000;
    },
  };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "paypost-node-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The state after an enrolment, without the half second that wrapping a key takes. */
function enrolDirectly(
  stores: NodeStores,
  {
    authority,
    key,
    nodeId,
    serverUrl,
  }: { authority: Authority; key: Ed25519Key; nodeId: string; serverUrl: string },
): void {
  const document = authority.certificate(nodeId, key.publicKey);
  const parsed = parseDocument(document);
  const certificate = parsed.ok ? decodeEnrolmentCertificate(parsed.payload) : parsed;
  if (!certificate.ok) throw new Error("the test's certificate cannot be read");
  const codeHash = new Uint8Array(32);
  stores.node.keepKey({ publicKey: key.publicKey, wrappedKey: "{}", serverUrl, codeHash, headFile: null });
  stores.queue.transaction(() => {
    stores.node.keepCertificate(document, certificate.value);
    stores.trust.keepKeySet(authority.keySet, authority.keySetDocument);
  });
  stores.writeHead(nodeId, stores.queue.head());
}

/** Waits between tries are cut short; the long ones of a node that only looks around last until they are ended. */
export const shortSleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    signal?.addEventListener("abort", () => resolve(), { once: true });
    if (ms < 60_000 || signal?.aborted) setTimeout(resolve, Math.min(ms, 2));
  });

const noNetwork: typeof fetch = () => {
  throw new Error("this test has no network");
};
