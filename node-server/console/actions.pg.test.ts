/** What people do in the console, over HTTP against a real server: each change by the rules of the command line, and told. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyFile } from "#sync/verify.ts";
import type { BareNode, SignedOperation } from "../../test/support/bare-node.ts";
import { createSigner } from "#sync/signing/signers.ts";
import { signedIn } from "../../test/support/console.ts";
import type { Person } from "../../test/support/console.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { operateOn } from "../../test/support/operate.ts";
import { tillVersion } from "../../test/support/enrol-files.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import { testStore } from "../../test/support/funding.ts";
import { testPolicy } from "../../test/support/policy.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { issuePolicy } from "../nodes/policies.ts";
import { putMerchant } from "../postgres/registry-admin.ts";

let server: TestServer;
let root: Person;
let officer: Person;
let approver: Person;
let auditor: Person;
let node: BareNode;

beforeAll(async () => {
  server = await startServerWithShop();
  root = await signedIn(server, "Root", "administrator,programme-manager");
  officer = await signedIn(server, "Officer", "voucher-officer");
  approver = await signedIn(server, "Approver", "approver");
  auditor = await signedIn(server, "Auditor", "auditor");
  node = await enrolAtShop(server, "till 1");
});
afterAll(() => server.close());

interface Entry {
  readonly actor: string;
  readonly action: string;
  readonly origin: string | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

async function audited(subject: string, action = "%"): Promise<Entry[]> {
  const { rows } = await server.client.pool.query<Entry>(
    `select actor, action, origin, after from audit_entries where subject = $1 and action like $2 order by id`,
    [subject, action],
  );
  return rows;
}

async function rowsOf(person: Person, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { status, body } = await person.get(path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body["rows"] as readonly Readonly<Record<string, unknown>>[];
}

async function activated(
  count: number,
  options: { readonly leaseTo?: string } = {},
): Promise<IssuedVoucher[]> {
  const made = await server.institution.createVouchers(
    "FOO",
    Array.from({ length: count }, () => 7),
  );
  await server.institution.activate(
    made.map(({ serialNumber }) => serialNumber),
    options,
  );
  return made;
}

/** Its node was revoked before it came: a person decides it. */
async function held(): Promise<{
  readonly id: { node: string; hash: string };
  readonly operation: SignedOperation;
}> {
  const till = await enrolAtShop(server, "stolen till");
  const [voucher] = await activated(1, { leaseTo: till.identity.nodeId });
  const operation = till.redeem(voucher!);
  await till.openSession();
  const revoked = await root.post("node.revoke", { id: till.identity.nodeId });
  expect(revoked).toEqual({ status: 200, body: { lastSequence: 0 } });
  await till.upload([operation]);
  return { operation, id: { node: till.identity.nodeId, hash: Buffer.from(operation.hash).toString("hex") } };
}

describe("vouchers", () => {
  test("are found by their serial; who looked is told, and from where", async () => {
    const [voucher] = await activated(2);
    const serial = voucher!.serialNumber;
    const found = await rowsOf(auditor, `vouchers?serial=${serial}`);
    expect(found).toMatchObject([
      { serial, state: "activated", amount: { amount: "7.00", currency: "USD" } },
    ]);
    expect((await auditor.get(`voucher?serial=${serial}`)).body).toMatchObject({
      voucher: { serial },
      claims: [],
      events: expect.arrayContaining([expect.objectContaining({ action: "voucher.activate" })]),
    });
    const told = await audited("list:vouchers", "console.vouchers");
    expect(told.at(-1)).toMatchObject({
      actor: "operator:Auditor",
      origin: expect.stringContaining("127.0.0.1"),
    });
    expect((await audited("voucher", "console.voucher")).at(-1)).toMatchObject({
      after: { serial: String(BigInt(serial)) },
    });
  });

  test("are not found by the number under the scratch panel, and never show one", async () => {
    const [voucher] = await activated(1);
    expect(await rowsOf(auditor, `vouchers?serial=${voucher!.number}`)).toEqual([]);
    const all = await auditor.file("vouchers?as=csv");
    expect(await all.text()).not.toContain(voucher!.number);
  });

  test("are suspended, let go and cancelled, with a reason, by whoever may", async () => {
    const [voucher] = await activated(1);
    const serial = voucher!.serialNumber;
    const wish = { serial, because: "reported lost" };
    expect((await auditor.post("voucher.suspend", wish)).status).toBe(403);
    expect((await officer.post("voucher.suspend", { serial, because: " " })).status).toBe(400);
    expect(await officer.post("voucher.suspend", wish)).toEqual({
      status: 200,
      body: { state: "suspended", pending: null },
    });
    expect((await officer.post("voucher.suspend", wish)).status).toBe(409);
    expect((await officer.post("voucher.unsuspend", wish)).body).toMatchObject({ state: "activated" });
    expect((await officer.post("voucher.cancel", wish)).body).toMatchObject({ state: "cancelled" });
    const told = await audited(`voucher:${BigInt(serial)}`, "voucher.%");
    expect(told.slice(-3)).toMatchObject([
      { actor: "operator:Officer", action: "voucher.suspend", after: { because: "reported lost" } },
      { actor: "operator:Officer", action: "voucher.unsuspend" },
      { actor: "operator:Officer", action: "voucher.cancel" },
    ]);
    const console = await audited(`voucher:${BigInt(serial)}`, "console.%");
    expect(console.map(({ after }) => after?.["outcome"])).toEqual([
      "done",
      expect.any(String),
      "done",
      "done",
    ]);
  });

  test("on a lease are cancelled when that ends", async () => {
    const [voucher] = await activated(1, { leaseTo: node.identity.nodeId });
    const told = await officer.post("voucher.cancel", { serial: voucher!.serialNumber, because: "stolen" });
    expect(told.body).toMatchObject({ state: "leased", pending: "cancel" });
  });

  test("are changed alike by the command line", async () => {
    const [voucher] = await activated(1);
    const serial = voucher!.serialNumber;
    const said = await operateOn(
      server,
      "voucher",
      "cancel",
      serial,
      "--because",
      "reported lost",
      "--by",
      "Root",
    );
    expect(said).toMatchObject({ code: 0, stdout: `Voucher ${serial} is cancelled.` });
    const [entry] = await audited(`voucher:${BigInt(serial)}`, "voucher.cancel");
    expect(entry).toMatchObject({ actor: "operator:Root", after: { because: "reported lost" } });
  });
});

describe("what takes two people", () => {
  test("a held operation: one proposes, another decides, and its evidence is genuine", async () => {
    const { id } = await held();
    const [listed] = await rowsOf(auditor, "operations?state=held");
    expect(listed).toMatchObject({ hash: id.hash, nodeId: id.node, reason: "node-revoked" });
    const wish = { ...id, verdict: "apply", because: "seen at the shop" };
    expect(await root.post("held.propose", wish)).toMatchObject({ status: 200 });
    expect(await root.post("held.decide", id)).toEqual({ status: 409, body: { refusal: "same-person" } });
    const [waiting] = await rowsOf(approver, "approvals?kind=held");
    expect(waiting).toMatchObject({ proposedBy: "Root", because: "seen at the shop" });
    expect(await root.post("approval.approve", { reference: waiting!["reference"] })).toEqual({
      status: 409,
      body: { refusal: "same-person" },
    });
    expect((await approver.post("approval.approve", { reference: waiting!["reference"] })).status).toBe(200);
    expect(await rowsOf(approver, "approvals?kind=held")).toEqual([]);
    const [decided] = await rowsOf(auditor, `operations?node=${id.node}`);
    expect(decided).toMatchObject({ state: "applied" });
    const evidence = await auditor.file(`operation.evidence?node=${id.node}&hash=${id.hash}`);
    expect(evidence.headers.get("content-disposition")).toContain(".paypost");
    const verified = await verifyFile(new Uint8Array(await evidence.arrayBuffer()));
    expect(verified).toMatchObject({
      ok: true,
      checked: { kind: "receipt", verdict: { status: "applied" } },
    });
  });

  test("a proposal that is withdrawn waits no more", async () => {
    const { id } = await held();
    await root.post("held.propose", { ...id, verdict: "reject", because: "not genuine" });
    const reference = `held ${id.node} ${id.hash}`;
    expect((await root.post("approval.withdraw", { reference })).status).toBe(200);
    expect(await approver.post("approval.approve", { reference })).toEqual({
      status: 409,
      body: { refusal: "not-proposed" },
    });
  });

  test("a permission that the command line proposed", async () => {
    await operateOn(server, "permission", "propose", "welfare", "override", "--by", "Approver");
    const reference = "permission welfare override";
    expect(await approver.post("approval.approve", { reference })).toMatchObject({
      body: { refusal: "same-person" },
    });
    expect((await root.post("approval.approve", { reference })).status).toBe(200);
    const told = await audited("institution:welfare", "permission.approve");
    expect(told).toMatchObject([{ actor: "operator:Root" }]);
  });

  test.each([
    "",
    "nothing",
    "__proto__ x",
    "toString",
    "held x y",
    "onboarding 1; drop table vouchers",
    "permission welfare everything",
    "batch b",
  ])("%j is nothing that waits", async (reference) => {
    expect((await root.post("approval.approve", { reference })).status).toBe(409);
  });
});

describe("nodes", () => {
  test("are frozen and revoked by name, and only further", async () => {
    const till = await enrolAtShop(server, "till 9");
    const id = till.identity.nodeId;
    expect((await root.post("node.freeze", { id })).status).toBe(200);
    expect((await root.post("node.freeze", { id })).body).toEqual({ refusal: "not-possible" });
    expect((await root.post("node.revoke", { id })).status).toBe(200);
    const told = await audited(`node:${id}`, "node.%");
    expect(told.slice(-2)).toMatchObject([
      { actor: "operator:Root", action: "node.freeze" },
      { actor: "operator:Root", action: "node.revoke" },
    ]);
  });

  test("tell their version and what waits on them with a session, and nothing waits once everything came", async () => {
    const till = await enrolRealTill(server, "shop-1", { name: "real till" });
    const vouchers = await activated(3, { leaseTo: till.nodeId });
    await till.node.sync();
    const listed = async () => (await rowsOf(auditor, "nodes?search=real till"))[0];
    expect(await listed()).toMatchObject({ version: tillVersion, waiting: 0, oldestAt: null, worth: [] });
    for (const voucher of vouchers) expect((await till.redeem(voucher)).kind).toBe("accepted");
    await till.session();
    const told = await listed();
    expect(told).toMatchObject({ waiting: 3, worth: [{ amount: "21.00", currency: "USD" }] });
    expect(told?.["oldestAt"]).toBe(till.stores.queue.after(0, 1)[0]?.createdMs);
    await till.node.sync();
    const after = await listed();
    expect(after).toMatchObject({ waiting: 0, oldestAt: null, worth: [] });
    expect(Number(after?.["reportedAt"])).toBeGreaterThan(Number(told?.["reportedAt"]));
  });

  test("have the limits of the policy that they were told at their last contact", async () => {
    const till = await enrolAtShop(server, "till 8");
    const id = till.identity.nodeId;
    const limits = async () => (await auditor.get(`nodeLimits?id=${id}`)).body;
    await till.upload([]);
    expect(await limits()).toEqual({ limits: null });
    const { version: _, issuedAtMs: __, ...wish } = testPolicy();
    const signer = await createSigner("policy", new Uint8Array(32).fill(3));
    await issuePolicy(testStore(server.client.pool), signer, wish, "Root");
    expect(await limits(), "before it came by").toEqual({ limits: null });
    await till.upload([]);
    expect(await limits()).toMatchObject({
      limits: {
        version: 1,
        atRisk: { redemptions: 3, hours: 72, denyListHours: 24 },
        currencies: [{ perVoucher: { amount: "20.00", currency: "USD" }, sum: { amount: "50.00" } }],
      },
    });
    const none = await auditor.get(`nodeLimits?id=${crypto.randomUUID()}`);
    expect(none).toEqual({ status: 409, body: { refusal: "no-such-node" } });
  });

  test("of a merchant are shown to it, and no others", async () => {
    await putMerchant(server.client.pool, { id: "shop-2", name: "Shop 2", accepts: ["FOO"] });
    const own = await signedIn(server, "Shop one", "merchant:shop-1");
    const other = await signedIn(server, "Shop two", "merchant:shop-2");
    expect((await rowsOf(own, "nodes?search=till 1")).length).toBeGreaterThan(0);
    for (const list of ["nodes", "operations", "disputes"])
      expect(await rowsOf(other, list), list).toEqual([]);
    expect(await rowsOf(other, "merchants")).toMatchObject([{ id: "shop-2" }]);
    expect(await rowsOf(other, "nodes?merchant=shop-1")).toEqual([]);
    expect((await (await other.file("operations?as=csv")).text()).trim().split("\r\n")).toHaveLength(1);
  });
});

describe("a list", () => {
  test("goes through all of it by pages, without missing a row or showing one twice, both ways and by each order", async () => {
    for (let place = 0; place < 23; place += 1)
      await putMerchant(server.client.pool, { id: `m-${place}`, name: `Same name ${place % 4}` });
    for (const sort of ["id", "name"]) {
      for (const descending of ["true", "false"]) {
        const seen: unknown[] = [];
        let after = "";
        do {
          const { body } = await auditor.get(
            `merchants?limit=5&sort=${sort}&descending=${descending}&search=m-${after}`,
          );
          seen.push(...(body["rows"] as { id: string }[]).map(({ id }) => id));
          after = typeof body["next"] === "string" ? `&after=${body["next"]}` : "";
        } while (after !== "");
        expect(seen.length, `${sort} ${descending}`).toBe(23);
        expect(new Set(seen).size).toBe(23);
      }
    }
  });

  test("is saved whole, and a cell that a spreadsheet would calculate is text", async () => {
    await putMerchant(server.client.pool, { id: "m-evil", name: "=1+1" });
    const text = await (await auditor.file("merchants?as=csv&search=m-")).text();
    expect(text.trim().split("\r\n")).toHaveLength(25);
    expect(text).toContain("m-evil,'=1+1");
    expect((await audited("list:merchants", "console.merchants")).at(-1)).toMatchObject({
      after: { as: "csv" },
    });
  });

  test.each([
    "sort=password",
    "sort=constructor",
    "nothing=x",
    "toString=x",
    "after=x",
    "after=WyJhIl0",
    "limit=0",
    "limit=100000",
    "silentHours=x",
    "silentHours=99999999999",
  ])("%s: what it does not have is refused, with no more said", async (query) => {
    const { status, body } = await auditor.get(`nodes?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ refusal: "malformed" });
  });
});

describe("the audit trail", () => {
  test("is checked, and compared with heads that were kept outside of the database", async () => {
    const { body: first } = await auditor.get("auditCheck");
    expect(first).toMatchObject({ breaks: [], isWhole: true, entries: first["of"] });
    const kept = String(first["head"]);
    await auditor.get("audit");
    const { body: again } = await auditor.get(`auditCheck?kept=${kept}`);
    expect(again).toMatchObject({ breaks: [], isWhole: true });
    expect(again["compared"]).toContain(kept);
    const forged = `${kept.split(":")[0]}:${"0".repeat(64)}`;
    const { body: other } = await auditor.get(`auditCheck?kept=${forged}`);
    expect(other["breaks"]).toEqual([{ code: "other-history", place: kept.split(":")[0] }]);
    expect((await auditor.get("auditCheck?kept=1:xyz")).status).toBe(400);
  });

  test("is checked on from where an earlier part has come to", async () => {
    const { rows } = await server.client.pool.query<{ position: bigint; hash: string }>(
      "select position, encode(hash, 'hex') as hash from audit_seals order by position limit 1 offset 9",
    );
    const [place] = rows;
    const { body } = await auditor.get(`auditCheck?after=${place!.position}:${place!.hash}`);
    expect(body).toMatchObject({ breaks: [], isWhole: true, entries: body["of"] });
    const wrong = await auditor.get(`auditCheck?after=${place!.position}:${"0".repeat(64)}`);
    expect(wrong.body["breaks"]).toMatchObject([{ code: "changed", place: "11" }]);
  });
});

test("a payee's addresses are seen by who has asked for them, for a reason, once another has released them", async () => {
  const payee = { payeeIdentity: "AMINA-1", paymentModality: "01", financialAddress: "+254712345678" };
  await server.institution.call(
    "POST",
    "/beneficiary",
    { requestID: server.institution.nextRequestId(), beneficiaries: [payee] },
    { "X-Callback-URL": "" },
  );
  const [listed] = await rowsOf(root, "beneficiaries?identity=AMINA-1");
  const wish = { payee: listed!["id"], because: "a payment came back" };
  expect((await approver.post("disclosure.propose", wish)).status).toBe(403);
  const { body } = await root.post("disclosure.propose", wish);
  const show = (person: Person) => person.get(`disclosure.show?id=${String(body["id"])}`);
  expect((await show(root)).body).toEqual({ refusal: "not-released" });
  const [waiting] = await rowsOf(approver, "approvals?kind=disclosure");
  const { reference } = waiting as { readonly reference: string };
  expect(waiting).toMatchObject({ proposedBy: "Root", because: "a payment came back" });
  expect(JSON.stringify(waiting)).not.toContain("AMINA-1");
  expect((await root.post("approval.approve", { reference })).body).toEqual({ refusal: "same-person" });
  expect((await approver.post("approval.approve", { reference })).status).toBe(200);
  expect((await show(root)).body).toMatchObject({ addresses: [{ address: "+254712345678" }] });
  const other = await signedIn(server, "Helper", "support");
  expect((await show(other)).body).toEqual({ refusal: "not-yours" });
  const told = await audited(`payee:${String(listed!["id"])}`, "disclosure.%");
  expect(told.map(({ action }) => action)).toEqual([
    "disclosure.propose",
    "disclosure.release",
    "disclosure.show",
  ]);
});
