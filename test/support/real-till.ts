/** A node on real files, enrolled at a real server, driven in the test's own process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enrol } from "../../desktop/worker/enrol.ts";
import { exportFrom, importInto } from "../../desktop/worker/carry.ts";
import { createNode } from "../../desktop/worker/node.ts";
import type { PaypostNode, RedeemOutcome } from "../../desktop/worker/node.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import { reportOf } from "../../desktop/worker/report.ts";
import { onTestFinished } from "vitest";
import type { Sleep } from "#sync/ports/clock.ts";
import type { ImportResult } from "#sync/carrying/import.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { createSessions } from "#sync/session.ts";
import type { UploadParts } from "#sync/upload.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { testStore } from "./funding.ts";
import type { IssuedVoucher } from "./institution.ts";
import type { TestServer } from "./server.ts";
import { createTestClock, temporaryFolder } from "./till.ts";
import type { TestClock } from "./till.ts";

export interface RealTill {
  readonly stores: NodeStores;
  readonly node: PaypostNode;
  readonly nodeId: string;
  readonly key: Ed25519Key;
  readonly clock: TestClock;
  redeem(
    voucher: IssuedVoucher,
    more?: { readonly offline?: boolean; readonly token?: string },
  ): Promise<RedeemOutcome>;
  /** The file that `export` would write. Throws where it would write none. */
  export(after?: number): Uint8Array;
  import(file: Uint8Array): Promise<ImportResult>;
  /** What an upload alone needs, with a session of its own and one try. */
  uploadParts(): UploadParts;
  /** Counts the requests that this till makes from now on. */
  countRequests(): () => number;
  /** A session token of the node. */
  session(): Promise<string>;
  /** For one that outlasts its test: closes its files and removes them. */
  remove(): void;
}

/** What it tells the server to be its program's. */
export const tillVersion = "1.2.3";
const passphrase = "a passphrase for trials only";

export async function enrolRealTill(
  server: TestServer,
  merchantId: string,
  { name = "till 1", lasting = false }: { readonly name?: string; readonly lasting?: boolean } = {},
): Promise<RealTill> {
  const store = testStore(server.client.pool);
  const code = await issueEnrolmentCode(store, webRandomBytes, { merchantId, nodeName: name, validHours: 1 });
  const clock = createTestClock();
  const directory = lasting ? mkdtempSync(join(tmpdir(), "paypost-till-")) : temporaryFolder();
  const opened = openStores({ directory, wallMs: () => clock.wallMs() });
  if (!opened.ok) throw new Error("the directory is in use");
  const { stores } = opened;
  if (!lasting) onTestFinished(() => stores.close());
  const seeds: Uint8Array[] = [];
  const randomBytes = (length: number) => {
    const bytes = webRandomBytes(length);
    if (length === 32) seeds.push(bytes);
    return bytes;
  };
  let requests = 0;
  const counting: typeof fetch = (...request) => {
    requests += 1;
    return fetch(...request);
  };
  const parts = { stores, fetch: counting, randomBytes };
  const result = await enrol(parts, { serverUrl: server.url, code, passphrase, headFile: null });
  if (!result.ok) throw new Error(`not enrolled: ${JSON.stringify(result)}`);
  // The key as it was made: to unwrap it again takes half a second.
  const [seed] = seeds;
  if (!seed) throw new Error("no key was made");
  const key = ed25519Key(seed);
  const { nodeId } = result.certificate;
  const version = tillVersion;
  const node = createNode({ ...parts, version, key, serverUrl: server.url, clock, sleep: noSleep });
  const report = () => reportOf(stores, version);
  return {
    stores,
    node,
    nodeId,
    key,
    clock,
    redeem: (voucher, { offline = true, token } = {}) =>
      node.redeem({
        serial: BigInt(voucher.serialNumber),
        number: voucher.number,
        actor: "Ann",
        offline,
        ...(token !== undefined && { token }),
      }),
    export(after) {
      const exported = exportFrom({ stores, key, randomBytes: webRandomBytes, nowMs: clock.wallMs() }, after);
      if (!exported.ok) throw new Error(exported.refusal.code);
      return exported.file;
    },
    import: (file) => importInto(stores, nodeId, file),
    remove() {
      stores.close();
      rmSync(directory, { recursive: true });
    },
    uploadParts() {
      const link = { baseUrl: server.url, fetch: counting };
      const assertions = createSyncSigner("session-assertion", key.seed);
      const contact = stores.node;
      const sessions = createSessions({ link, nodeId, assertions, contact, report });
      const { queue, trust } = stores;
      const patience = { sleep: noSleep, randomBytes: webRandomBytes, attempts: 1 };
      const leaseDocument = stores.leases.documentFor.bind(stores.leases);
      return { nodeId, link, sessions, queue, trust, contact, clock, patience, leaseDocument };
    },
    countRequests() {
      const before = requests;
      return () => requests - before;
    },
    async session() {
      const link = { baseUrl: server.url, fetch };
      const assertions = createSyncSigner("session-assertion", key.seed);
      const sessions = createSessions({ link, nodeId, assertions, contact: stores.node, report });
      const opened = await sessions.token();
      if (!opened.ok) throw new Error("no session");
      return opened.token;
    },
  };
}

const noSleep: Sleep = async () => {};
