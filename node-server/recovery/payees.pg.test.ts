/** What an agent did with payees while the server that it did it for is being restored: nothing is rejected for what the backup lacks. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testStore } from "../../test/support/funding.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { createAddresses } from "../addresses.ts";
import { loadServerKeys } from "../keys.ts";
import { serveProgramme } from "../mapper/serve-programme.ts";
import type { Store } from "../ports/store.ts";
import { beginRecovery } from "../postgres/recovery-admin.ts";
import { putMerchant } from "../postgres/registry-admin.ts";
import { endRecovery } from "./end.ts";

let server: TestServer;
let store: Store;

beforeAll(async () => {
  server = await startTestServer();
  const { addressKey } = await loadServerKeys(server.keysFolder);
  store = testStore(
    server.client.pool,
    createAddresses(addressKey, (length) => new Uint8Array(randomBytes(length))),
  );
  await putMerchant(server.client.pool, { id: "agent-1", name: "Agent 1", accepts: [] });
});
afterAll(() => server.close());

test("4.8: changes of a programme and of a payee that the backup knows nothing of wait for a person, and a look-up is audited", async () => {
  const { pool } = server.client;
  const till = await enrolRealTill(server, "agent-1");
  const served = { nodeId: till.nodeId, programId: "relief", institutionId: "welfare", area: null };
  await serveProgramme(store, { ...served, by: "Olga", isGranted: true });
  await till.node.sync();
  await beginRecovery(pool, { generation: 2, by: "Amina", graceHours: 24, numbersSeen: [] });
  const change = (type: "register-beneficiary" | "update-beneficiary", programme: string) =>
    till.node.changePayee({
      type,
      programme,
      identity: "AMINA-1",
      modality: "01",
      institutionCode: undefined,
      address: "+254712345678",
      area: undefined,
      active: undefined,
      actor: "Ann",
    });
  expect(till.node.lookUp({ programme: "relief", identity: "AMINA-1", reason: null, actor: "Ann" }).ok).toBe(
    true,
  );
  expect(change("update-beneficiary", "relief").ok).toBe(true);
  expect(change("register-beneficiary", "pensions").ok).toBe(true);
  const answers = async () => {
    await till.node.sync();
    return till.node.payeeOperations(10).map(({ row }) => [row.state, row.reason]);
  };
  expect(await answers()).toEqual([
    ["held", "recovery"],
    ["held", "recovery"],
    ["held", "recovery"],
  ]);
  await pool.query("update recovery_nodes set uploaded_at = clock_timestamp()");
  await endRecovery(server.context, store);
  expect(await answers()).toEqual([
    ["applied", null],
    ["held", "recovery-conflict"],
    ["held", "recovery-conflict"],
  ]);
});
