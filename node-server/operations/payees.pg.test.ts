/** An agent's real node and a real server: payees looked up, registered and updated with no network, and what became of it. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testStore } from "../../test/support/funding.ts";
import { Till } from "../../test/support/installation.ts";
import { run } from "../../test/support/processes.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import type { RealTill } from "../../test/support/real-till.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { temporaryFolder } from "../../test/support/till.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import type { PayeeChangeRequest } from "../../desktop/worker/payees.ts";
import { staleAfterMs } from "../../desktop/worker/payees.ts";
import { loadServerKeys } from "../keys.ts";
import { createAddresses } from "../addresses.ts";
import { listConflicts } from "../mapper/conflicts.ts";
import { serveProgramme } from "../mapper/serve-programme.ts";
import type { Store } from "../ports/store.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { putMerchant } from "../postgres/registry-admin.ts";
import { decideHeld, proposeDecision } from "./decide-held.ts";

let server: TestServer;
let store: Store;
let identities = 0;

beforeAll(async () => {
  server = await startTestServer();
  const { addressKey } = await loadServerKeys(server.keysFolder);
  const tokens = createAddresses(addressKey, (length) => new Uint8Array(randomBytes(length)));
  store = testStore(server.client.pool, tokens);
  await putMerchant(server.client.pool, { id: "agent-1", name: "Agent 1", accepts: [] });
});
afterAll(() => server.close());

const phone = "+254712345678";

function newIdentity(): string {
  identities += 1;
  return `ID-${identities}`;
}

async function register(identity: string, more: object = {}): Promise<void> {
  const answer = await server.institution.call(
    "POST",
    "/beneficiary",
    {
      requestID: server.institution.nextRequestId(),
      beneficiaries: [
        { payeeIdentity: identity, paymentModality: "01", financialAddress: phone, area: "North", ...more },
      ],
    },
    { "X-Callback-URL": "", "X-Program-ID": "relief" },
  );
  expect(answer.body["numberFailedCases"]).toBe(0);
}

async function agent(area: string | null = "North"): Promise<RealTill> {
  const till = await enrolRealTill(server, "agent-1");
  const served = { nodeId: till.nodeId, programId: "relief", institutionId: "welfare", area };
  expect(await serveProgramme(store, { ...served, by: "Olga", isGranted: true })).toBe("done");
  await till.node.sync();
  return till;
}

function lookUp(till: RealTill, identity: string, reason: string | null = null) {
  const result = till.node.lookUp({ programme: "relief", identity, reason, actor: "Ann" });
  if (!result.ok) throw new Error(result.refusal.code);
  return result.lookedUp;
}

function change(
  till: RealTill,
  request: Partial<PayeeChangeRequest> & Pick<PayeeChangeRequest, "type" | "identity">,
) {
  return till.node.changePayee({
    programme: "relief",
    modality: undefined,
    institutionCode: undefined,
    address: undefined,
    area: undefined,
    active: undefined,
    actor: "Ann",
    ...request,
  });
}

const update = (till: RealTill, identity: string, address: string) =>
  change(till, { type: "update-beneficiary", identity, modality: "01", address });

async function answersOf(till: RealTill) {
  await till.node.sync();
  return till.node.payeeOperations(100).map(({ row }) => [row.state, row.reason]);
}

async function addressOf(identity: string): Promise<unknown> {
  const { body } = await server.institution.call("GET", `/beneficiary?payeeIdentity=${identity}`);
  return (body["paymentModalityList"] as { financialAddress: string }[] | undefined)?.[0]?.financialAddress;
}

describe("looking up offline", () => {
  test("L3: a payee is found with the age of the answer, masked until a reason is given", async () => {
    const identity = newIdentity();
    await register(identity);
    const till = await agent();
    till.clock.pass(3_600_000);
    expect(lookUp(till, identity)).toMatchObject({
      outcome: "found",
      revealed: false,
      state: "active",
      addresses: [{ modality: "01", address: "•••••••••5678", preferred: true }],
    });
    const shown = lookUp(till, identity, "he lost his card");
    expect(shown).toMatchObject({ revealed: true, addresses: [{ address: phone }] });
    expect(shown.ageMs).toBeGreaterThanOrEqual(3_600_000);
  });

  test("L2: an answer older than a week is stale, and says so", async () => {
    const identity = newIdentity();
    await register(identity);
    const till = await agent();
    till.clock.pass(staleAfterMs + 60_000);
    expect(lookUp(till, identity)).toMatchObject({ outcome: "stale" });
  });

  test("L1: every look-up is a signed operation, and ends in the server's audit trail with its reason", async () => {
    const identity = newIdentity();
    await register(identity);
    const till = await agent();
    lookUp(till, identity, "her phone is new");
    lookUp(till, "nobody");
    expect(await answersOf(till)).toEqual([
      ["applied", null],
      ["applied", null],
    ]);
    const { rows } = await server.client.pool.query<{ after: object }>(
      `select after from audit_entries where actor = $1 and action = 'mapper.look-up' order by id`,
      [`node:${till.nodeId}`],
    );
    expect(rows.map(({ after }) => after)).toMatchObject([
      { state: "found", revealed: true, because: "her phone is new", agent: "Ann" },
      { state: "unknown", revealed: false, because: null },
    ]);
  });

  test("a node reads its programme and area only, and nothing once that is taken away", async () => {
    const [north, south, other] = [newIdentity(), newIdentity(), newIdentity()];
    await register(north);
    await register(south, { area: "South" });
    await register(other, { area: undefined });
    const till = await agent("North");
    expect([north, south, other].map((identity) => lookUp(till, identity).outcome)).toEqual([
      "found",
      "unknown",
      "unknown",
    ]);
    const served = { nodeId: till.nodeId, programId: "relief", institutionId: "welfare", area: null };
    await serveProgramme(store, { ...served, by: "Olga", isGranted: false });
    await till.node.sync();
    expect(lookUp(till, north).outcome).toBe("unknown");
  });

  test("a node is told every programme that it serves, and the areas to choose among where it serves all", async () => {
    const till = await agent(null);
    await register(newIdentity(), { area: "North" });
    await register(newIdentity(), { area: "Coast" });
    const programmes = async () => {
      await till.node.sync();
      return till.node.payeeDesk().programmes;
    };
    const [relief] = await programmes();
    expect(relief).toMatchObject({ programme: "relief", area: null });
    expect(relief?.areas).toEqual(expect.arrayContaining(["Coast", "North"]));
    // Of one that has no payees yet, too: the first of them is registered somewhere.
    const schools = { nodeId: till.nodeId, programId: "schools", institutionId: "welfare", area: "Hill" };
    await serveProgramme(store, { ...schools, by: "Olga", isGranted: true });
    expect(await programmes()).toMatchObject([
      { programme: "relief" },
      { programme: "schools", area: "Hill", areas: [] },
    ]);
    await register(newIdentity(), { area: "Island" });
    expect((await programmes())[0]?.areas).toContain("Island");
    await serveProgramme(store, { ...schools, by: "Olga", isGranted: false });
    expect((await programmes()).map(({ programme }) => programme)).toEqual(["relief"]);
  });

  test("a node that serves nothing is denied, which is audited too", async () => {
    const till = await enrolRealTill(server, "agent-1");
    await till.node.sync();
    expect(lookUp(till, "ID-1")).toMatchObject({ outcome: "denied", addresses: [] });
    expect(await answersOf(till)).toEqual([["applied", null]]);
  });

  test("neither database tells of a payee: not the shape, not the node's file", async () => {
    const identity = "SECRET-IDENTITY";
    await register(identity);
    const till = await agent();
    lookUp(till, identity, "a reason of her own");
    const { rows } = await server.client.pool.query<{ text: string }>(
      "select t::text as text from shape_beneficiaries t union all select l::text from shape_log l",
    );
    const { database } = till.stores;
    const local = ["beneficiaries", "payee_operations", "operations", "payee_key"].flatMap((table) =>
      database.prepare<[], Record<string, unknown>>(`select * from ${table}`).all(),
    );
    const texts = [
      ...rows.map(({ text }) => text),
      ...local.flatMap((row) =>
        Object.values(row).map((value) =>
          value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value),
        ),
      ),
    ];
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) {
      for (const secret of [identity, phone, "a reason of her own"]) expect(text).not.toContain(secret);
    }
  });

  test("a change reaches the node with its next sync", async () => {
    const identity = newIdentity();
    await register(identity);
    const till = await agent();
    const item = { payeeIdentity: identity, paymentModality: "01", financialAddress: "+254712340000" };
    const requestID = server.institution.nextRequestId();
    const headers = { "X-Callback-URL": "", "X-Program-ID": "relief" };
    await server.institution.call("PUT", "/beneficiary", { requestID, beneficiaries: [item] }, headers);
    await till.node.sync();
    expect(lookUp(till, identity, "to check").addresses[0]?.address).toBe("+254712340000");
  });
});

describe("registering and updating offline", () => {
  test("is queued, answered per item by the server, and found there", async () => {
    const identity = newIdentity();
    const till = await agent();
    const made = change(till, {
      type: "register-beneficiary",
      identity,
      modality: "00",
      institutionCode: "ABNANL2A",
      address: "nl87 abna 4193 8355 10",
    });
    expect(made.ok).toBe(true);
    expect(update(till, "nobody", "+254 712 345 000").ok).toBe(true);
    expect(await answersOf(till)).toEqual([
      ["applied", null],
      ["rejected", "not-registered"],
    ]);
    expect(await addressOf(identity)).toBe("NL87ABNA4193835510");
    const { body } = await server.institution.call("GET", `/beneficiaries/${identity}/history`);
    expect(body["history"]).toMatchObject([{ change: "REGISTER", actor: `node:${till.nodeId}` }]);
    await till.node.sync();
    expect(lookUp(till, identity).outcome).toBe("found");
  });

  test.each<[string, Partial<PayeeChangeRequest>, string]>([
    ["an IBAN with a wrong digit", { modality: "00", address: "NL87ABNA4193835511" }, "not-an-iban"],
    ["a number without its country", { modality: "01", address: "0712345678" }, "not-a-phone-number"],
    ["a number that is too short", { modality: "01", address: "+2547" }, "not-a-phone-number"],
    ["no address", { modality: "03" }, "address-required"],
    ["an address without a modality", { address: phone }, "modality-required"],
    ["an identity that is too long", { identity: "x".repeat(21), modality: "02" }, "identity-required"],
  ])("%s is refused on the spot, and nothing is queued", async (_name, wrong, code) => {
    const till = await agent();
    const refused = change(till, { type: "register-beneficiary", identity: newIdentity(), ...wrong });
    expect(refused).toEqual({ ok: false, refusal: { code } });
    expect(till.stores.queue.head().sequence).toBe(0);
  });

  test("a programme that is not the node's, and another area, are rejected", async () => {
    const till = await agent("North");
    change(till, {
      type: "register-beneficiary",
      identity: newIdentity(),
      programme: "pensions",
      modality: "02",
    });
    change(till, { type: "register-beneficiary", identity: newIdentity(), modality: "02", area: "South" });
    expect(await answersOf(till)).toEqual([
      ["rejected", "programme-not-granted"],
      ["rejected", "outside-the-area"],
    ]);
  });
});

describe("a payee that was changed meanwhile", () => {
  async function conflict() {
    const identity = newIdentity();
    await register(identity);
    const [first, second] = [await agent(), await agent()];
    update(first, identity, "+254712000001");
    update(second, identity, "+254712000002");
    await first.node.sync();
    expect(await answersOf(second)).toEqual([["held", "changed-meanwhile"]]);
    const conflicts = await listConflicts(server.context, store);
    const found = conflicts.find((one) => one.identity === identity);
    if (!found) throw new Error("the conflict is not listed");
    const held = { nodeId: found.node, hash: new Uint8Array(Buffer.from(found.hash, "hex")) };
    return { identity, second, found, held };
  }

  test("is kept with both versions until two people decide, and then one counts", async () => {
    const { identity, second, found, held } = await conflict();
    expect(found.here).toContain("+254712000001");
    expect(found.there).toContain("+254712000002");
    expect(await addressOf(identity)).toBe("+254712000001");
    const proposal = { verdict: "apply", because: "she was here herself", by: "Olga" } as const;
    expect((await proposeDecision(store, held, proposal)).ok).toBe(true);
    expect(await decideHeld(server.context, store, held, "Olga")).toMatchObject({ code: "same-person" });
    expect((await decideHeld(server.context, store, held, "Petr")).ok).toBe(true);
    expect(await addressOf(identity)).toBe("+254712000002");
    expect(await answersOf(second)).toEqual([["applied", null]]);
  });

  test("or the server's version stays", async () => {
    const { identity, second, held } = await conflict();
    await proposeDecision(store, held, { verdict: "reject", because: "an old number", by: "Olga" });
    await decideHeld(server.context, store, held, "Petr");
    expect(await addressOf(identity)).toBe("+254712000001");
    expect(await answersOf(second)).toEqual([["rejected", "decided-by-people"]]);
  });
});

test("an agent does all of it on the command line, and an operator decides what is in conflict there", async () => {
  const identity = newIdentity();
  await register(identity);
  const code = await issueEnrolmentCode(store, webRandomBytes, {
    merchantId: "agent-1",
    nodeName: "Ann's bag",
    validHours: 1,
  });
  const till = new Till("Ann", join(temporaryFolder(), "till"));
  const { json: enrolled } = await till.run("enrol", "--server", server.url, "--code", code);
  const nodeId = String(enrolled["nodeId"]);
  const operator = (...args: readonly string[]) =>
    run("node-server/cli/main.ts", [...args, "--json"], {
      DATABASE_URL: server.databaseUrl,
      PAYPOST_KEYS: server.keysFolder,
    });
  const by = ["--institution", "welfare", "--by", "Olga"];
  expect((await operator("node", "serve", nodeId, "relief", "--area", "North", ...by)).code).toBe(0);
  expect(await operator("node", "serve", "nobody", "relief", ...by)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("There is no node nobody") as unknown,
  });
  await till.run("sync");

  const about = ["--identity", identity, "--programme", "relief"];
  expect(await till.run("look-up", ...about)).toMatchObject({
    code: 0,
    json: { outcome: "found", revealed: false, addresses: [{ address: "•••••••••5678" }] },
  });
  expect(await till.run("look-up", ...about, "--reason", "a new card")).toMatchObject({
    code: 0,
    json: { revealed: true, addresses: [{ address: phone }] },
  });
  const wrong = ["--modality", "01", "--address", "0712"];
  expect(await till.run("update-payee", ...about, ...wrong)).toMatchObject({
    code: 3,
    json: { code: "not-a-phone-number" },
  });
  const right = ["--modality", "01", "--address", "+254 712 000 009"];
  expect(await till.run("update-payee", ...about, ...right, "--offline")).toMatchObject({
    code: 0,
    json: { outcome: "queued" },
  });
  const item = { payeeIdentity: identity, paymentModality: "01", financialAddress: "+254712000008" };
  const requestID = server.institution.nextRequestId();
  const headers = { "X-Callback-URL": "", "X-Program-ID": "relief" };
  await server.institution.call("PUT", "/beneficiary", { requestID, beneficiaries: [item] }, headers);
  await till.run("sync");
  const { json: listed } = await till.run("payees");
  expect((listed["operations"] as object[]).at(-1)).toMatchObject({
    identity,
    state: "held",
    reason: "changed-meanwhile",
  });

  const shown = JSON.parse((await operator("payees", "conflicts")).stdout) as {
    identity: string;
    hash: string;
    here: string;
    there: string;
  }[];
  const conflict = shown.find((one) => one.identity === identity);
  expect(conflict).toMatchObject({
    here: expect.stringContaining("+254712000008") as unknown,
    there: expect.stringContaining("+254712000009") as unknown,
  });
}, 240_000);
