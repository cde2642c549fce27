/** A node on real files, enrolled at a real server, driven in the test's own process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportFrom, importInto } from "../../desktop/worker/carry.ts";
import { createNode } from "../../desktop/worker/node.ts";
import type { PaypostNode, RedeemOutcome } from "../../desktop/worker/node.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import { onTestFinished } from "vitest";
import type { ImportResult } from "#sync/carrying/import.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { UploadParts } from "#sync/upload.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { enrolFiles, noSleep, sessionsOf, tillVersion, uploadPartsOf } from "./enrol-files.ts";
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

export async function enrolRealTill(
  server: TestServer,
  merchantId: string,
  { name = "till 1", lasting = false }: { readonly name?: string; readonly lasting?: boolean } = {},
): Promise<RealTill> {
  const store = testStore(server.client.pool);
  const code = await issueEnrolmentCode(store, webRandomBytes, { merchantId, nodeName: name, validHours: 1 });
  const clock = createTestClock();
  const directory = lasting ? mkdtempSync(join(tmpdir(), "paypost-till-")) : temporaryFolder();
  let requests = 0;
  const counting: typeof fetch = (...request) => {
    requests += 1;
    return fetch(...request);
  };
  const parts = { fetch: counting, randomBytes: webRandomBytes };
  const wish = { directory, serverUrl: server.url, code, wallMs: () => clock.wallMs(), ...parts };
  const { stores, nodeId, key } = await enrolFiles(wish);
  if (!lasting) onTestFinished(() => stores.close());
  const told = { version: tillVersion, serverUrl: server.url };
  const node = createNode({ ...parts, ...told, stores, key, clock, sleep: noSleep });
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
    uploadParts: () =>
      uploadPartsOf({ stores, nodeId, key }, { baseUrl: server.url, fetch: counting }, clock),
    countRequests() {
      const before = requests;
      return () => requests - before;
    },
    async session() {
      const opened = await sessionsOf({ stores, nodeId, key }, { baseUrl: server.url, fetch }).token();
      if (!opened.ok) throw new Error("no session");
      return opened.token;
    },
  };
}
