import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { approvePermission, proposePermission } from "../postgres/permission-admin.ts";
import { putInstitution, putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { wrongNumberLimits } from "../vouchers/guessing.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await putMerchant(pool, { id: "shop-2", name: "Shop 2", accepts: ["FOO"] });
  await putMerchant(pool, { id: "books-1", name: "Bookshop", accepts: [] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
});

afterAll(() => server.close());

describe("the commands", () => {
  test("suspend refuses redemption until unsuspend, and neither changes the expiry", async () => {
    const voucher = await activeVoucher();
    const expiry = await expiryOf(voucher);
    expect(await failure("suspend", voucher)).toBeUndefined();
    expect(await statusOf(voucher)).toEqual([6, "Suspended"]);
    expect(await redeemMessage(voucher)).toBe("SUSPENDED");
    expect(await failure("unsuspend", voucher)).toBeUndefined();
    expect(await statusOf(voucher)).toEqual([2, "Activated"]);
    expect(await expiryOf(voucher)).toBe(expiry);
    expect(await redeemMessage(voucher)).toBe("REDEEMED");
  });

  test("reactivate is another word for unsuspend, also for the request's id", async () => {
    const voucher = await activeVoucher();
    await failure("suspend", voucher);
    const requestID = server.institution.nextRequestId();
    const body = {
      requestID,
      batchID: requestID,
      voucherInstructions: [{ serialNumber: voucher.serialNumber }],
    };
    expect((await server.institution.call("PUT", "/vouchers?command=reactivate", body)).status).toBe(200);
    await server.receiver.waitFor((callback) => callback.body["registerRequestID"] === requestID);
    expect(await statusOf(voucher)).toEqual([2, "Activated"]);
    const other = { ...body, batchID: "other" };
    expect((await server.institution.call("PUT", "/vouchers?command=unsuspend", other)).status).toBe(409);
  });

  test("block is told apart from suspend, and only cancel undoes it, which returns the funding", async () => {
    const voucher = await activeVoucher();
    const funding = await fundingBalance();
    expect(await failure("block", voucher)).toBeUndefined();
    expect(await statusOf(voucher)).toEqual([6, "Blocked"]);
    expect(await redeemMessage(voucher)).toBe("BLOCKED");
    expect(await failure("unsuspend", voucher)).toBe("Blocked");
    expect(await failure("activate", voucher)).toBe("Blocked");
    expect(await failure("cancel", voucher)).toBeUndefined();
    expect(await statusOf(voucher)).toEqual([3, "Cancelled"]);
    expect(await fundingBalance()).toBe(funding + 700n);
  });

  test("purge takes what has ended, keeps a tombstone and erases what it no longer needs", async () => {
    const voucher = await activeVoucher();
    expect(await failure("purge", voucher)).toBe("Not Consumed, Cancelled Or Expired");
    await redeemMessage(voucher);
    expect(await failure("purge", voucher)).toBeUndefined();
    expect(await statusOf(voucher)).toEqual([9, "Purged"]);
    expect(await redeemMessage(voucher)).toBe("PURGED");
    expect(await failure("purge", voucher)).toBe("Purged");
    const { rows } = await server.client.pool.query<Record<string, unknown>>(
      `select v.token, d.ciphertext, i.payee_functional_id as payee, i.narration
       from vouchers v join voucher_instructions i on i.batch = v.batch and i.line = v.line
       left join voucher_deliveries d on d.serial = v.serial where v.serial = $1`,
      [BigInt(voucher.serialNumber)],
    );
    expect(rows).toEqual([{ token: null, ciphertext: null, payee: null, narration: "" }]);
  });

  test.each([
    ["activate", "activated", "Already Activated"],
    ["suspend", "pre-activated", "Not Yet Activated"],
    ["unsuspend", "activated", "Not Suspended"],
    ["suspend", "consumed", "Already Consumed"],
    ["block", "cancelled", "Already Cancelled"],
    ["cancel", "consumed", "Already Consumed"],
    ["purge", "pre-activated", "Not Consumed, Cancelled Or Expired"],
  ])("%s of a voucher that is %s is refused with its own reason", async (command, state, reason) => {
    expect(await failure(command, await voucherThatIs(state))).toBe(reason);
  });

  test("each item has its own outcome: one refused item costs the others nothing", async () => {
    const active = await activeVoucher();
    const fresh = await freshVoucher();
    const { failedCases } = await server.institution.command("suspend", [
      { serialNumber: fresh.serialNumber },
      { serialNumber: "0008888888" },
      { serialNumber: active.serialNumber },
    ]);
    expect(failedCases).toEqual([
      { serialNumber: fresh.serialNumber, failureReason: "Not Yet Activated" },
      { serialNumber: "0008888888", failureReason: "Not Existing" },
    ]);
    expect(await statusOf(active)).toEqual([6, "Suspended"]);
  });
});

describe("a PUT without a command", () => {
  test("does what each instruction's status says", async () => {
    const toActivate = await freshVoucher();
    const toCancel = await freshVoucher();
    const toSuspend = await activeVoucher();
    const { failedCases } = await server.institution.command(undefined, [
      { serialNumber: toActivate.serialNumber, status: "02" },
      { serialNumber: toCancel.serialNumber, status: "03" },
      { serialNumber: toSuspend.serialNumber, status: "06" },
    ]);
    expect(failedCases).toEqual([]);
    expect(await statusOf(toActivate)).toEqual([2, "Activated"]);
    expect(await statusOf(toCancel)).toEqual([3, "Cancelled"]);
    expect(await statusOf(toSuspend)).toEqual([6, "Suspended"]);
  });

  test.each([
    ["no status", "", {}],
    ["a status that asks for nothing", "", { status: "05" }],
    ["a status of another command", "?command=suspend", { status: "02" }],
    ["an unknown command", "?command=burn", {}],
  ])("%s is 400, and nothing is stored", async (_name, query, status) => {
    const requestID = server.institution.nextRequestId();
    const answer = await server.institution.call("PUT", `/vouchers${query}`, {
      requestID,
      batchID: requestID,
      voucherInstructions: [{ serialNumber: "1", ...status }],
    });
    expect(answer.status).toBe(400);
    const { rowCount } = await server.client.pool.query(`select from api_requests where request_id = $1`, [
      requestID,
    ]);
    expect(rowCount).toBe(0);
  });
});

describe("wrong numbers", () => {
  test("the fifth within an hour suspends the voucher and raises one alert", async () => {
    const voucher = await activeVoucher();
    for (let tries = 1; tries < wrongNumberLimits.voucher; tries++) await guess(voucher, "shop-1");
    expect(await statusOf(voucher)).toEqual([2, "Activated"]);
    expect(await guess(voucher, "shop-1")).toBe("WRONG_SECRET");
    expect(await statusOf(voucher)).toEqual([6, "Suspended"]);
    await guess(voucher, "shop-1");
    expect(await redeemMessage(voucher)).toBe("SUSPENDED");
    expect(await alerts(`voucher:${BigInt(voucher.serialNumber)}`)).toEqual(["wrong-numbers-for-voucher"]);
  });

  test("guesses at once are all counted", async () => {
    const voucher = await activeVoucher();
    await Promise.all(Array.from({ length: wrongNumberLimits.voucher }, () => guess(voucher, "shop-1")));
    expect(await statusOf(voucher)).toEqual([6, "Suspended"]);
  });

  test("wrong numbers of more than an hour ago do not count", async () => {
    const voucher = await activeVoucher();
    for (let tries = 1; tries < wrongNumberLimits.voucher; tries++) await guess(voucher, "shop-1");
    await server.client.pool.query(`update wrong_numbers set at = at - interval '61 minutes'`);
    await guess(voucher, "shop-1");
    expect(await statusOf(voucher)).toEqual([2, "Activated"]);
  });

  test("an agent that tries too many is refused even with the right number, others are not", async () => {
    const vouchers = await server.institution.createVouchers(
      "FOO",
      Array.from({ length: wrongNumberLimits.agent }, () => 1),
    );
    await server.institution.activate(vouchers.map(({ serialNumber }) => serialNumber));
    for (const voucher of vouchers) await guess(voucher, "shop-2");
    const voucher = await activeVoucher();
    expect(await redeemMessage(voucher, "shop-2")).toBe("TOO_MANY_WRONG");
    expect(await alerts("merchant:shop-2")).toEqual(["wrong-numbers-by-agent"]);
    expect(await redeemMessage(voucher, "shop-1")).toBe("REDEEMED");
  });

  test("a request refused for its wrong number can be sent again under its id", async () => {
    const voucher = await activeVoucher();
    const requestID = server.institution.nextRequestId();
    const { serialNumber } = voucher;
    const wrong = await server.institution.redeem(serialNumber, "1234567890123452", "shop-1", requestID);
    expect(wrong.body["message"]).toBe("WRONG_SECRET");
    const right = await server.institution.redeem(serialNumber, voucher.number, "shop-1", requestID);
    expect(right.body["message"]).toBe("REDEEMED");
  });
});

describe("the override", () => {
  test("needs a permission that two people granted, and is audited", async () => {
    const voucher = await activeVoucher();
    const { pool } = server.client;
    expect(await redeemMessage(voucher, "books-1")).toBe("WRONG_MERCHANT_GROUP");
    expect(await redeemMessage(voucher, "books-1", true)).toBe("OVERRIDE_NOT_ALLOWED");
    await proposePermission(pool, { institutionId: "welfare", permission: "override", by: "ana" });
    expect(await redeemMessage(voucher, "books-1", true)).toBe("OVERRIDE_NOT_ALLOWED");
    const approve = (by: string) =>
      approvePermission(pool, { institutionId: "welfare", permission: "override", by });
    expect(await approve("ana")).toBe("same-person");
    expect(await approve("ben")).toBe("approved");
    expect(await redeemMessage(voucher, "books-1", false)).toBe("WRONG_MERCHANT_GROUP");
    expect(await redeemMessage(voucher, "books-1", true)).toBe("REDEEMED");
    const { rows } = await pool.query<{ action: string }>(
      `select action from audit_entries where action like '%override%' or action like 'permission.%' order by id`,
    );
    expect(rows.map(({ action }) => action)).toEqual([
      "permission.propose",
      "permission.approve",
      "voucher.override",
    ]);
  });
});

describe("redeemPay", () => {
  test("is acknowledged, and its outcome called back once it is known, also when it is asked for again", async () => {
    const voucher = await activeVoucher();
    const { requestID, send } = redeemPay(voucher);
    const answer = { responseCode: "00", responseDescription: expect.any(String) as string, requestID };
    expect(await send()).toEqual({ status: 200, body: answer });
    const [outcome] = await outcomes(requestID, 1);
    expect(outcome).toMatchObject({ requestID, status: 1, message: "REDEEMED", value: 7 });
    expect(JSON.stringify(outcome)).not.toContain(voucher.number);
    expect(await statusOf(voucher)).toEqual([5, "Consumed"]);
    expect(await send()).toEqual({ status: 200, body: answer });
    expect(await outcomes(requestID, 2)).toEqual([outcome, outcome]);
  });

  test("a refusal is called back with its reason, and is the same when it is asked for again", async () => {
    const voucher = await freshVoucher();
    const { requestID, send } = redeemPay(voucher, "PUT");
    expect((await send()).status).toBe(200);
    const [outcome] = await outcomes(requestID, 1);
    expect(outcome).toMatchObject({ requestID, status: 0, message: "NOT_YET_ACTIVATED" });
    await failure("activate", voucher);
    await send();
    expect(await outcomes(requestID, 2)).toEqual([outcome, outcome]);
    expect(await statusOf(voucher)).toEqual([2, "Activated"]);
  });

  test("sent twenty times at once it pays once; another body is 409", async () => {
    const voucher = await activeVoucher();
    const { requestID, send } = redeemPay(voucher);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const [outcome] = await outcomes(requestID, 1);
    expect(outcome).toMatchObject({ message: "REDEEMED" });
    const other = redeemPay(await activeVoucher(), "POST", requestID);
    expect((await other.send()).status).toBe(409);
  });
});

describe("what waits for a lease", () => {
  test("is told as pending, with the time at which it takes effect at the latest", async () => {
    const voucher = await freshVoucher();
    const code = await issueEnrolmentCode(testStore(server.client.pool), (length) => randomBytes(length), {
      merchantId: "shop-1",
      nodeName: "till",
      validHours: 1,
    });
    const { nodeId } = (await BareNode.enrol(server.url, code)).identity;
    const leaseUntil = new Date(Date.now() + 86_400_000).toISOString();
    await server.institution.activate([voucher.serialNumber], { leaseTo: nodeId, leaseUntil });
    const item = { serialNumber: voucher.serialNumber };
    const suspended = await server.institution.command("suspend", [item]);
    // The test server's grace is 24 hours.
    const until = new Date(Date.parse(leaseUntil) + 86_400_000).toISOString();
    expect(suspended).toMatchObject({
      failedCases: [],
      pendingCases: [{ ...item, pending: "suspend", until }],
    });
    expect(await statusOf(voucher)).toEqual([2, "Activated"]);
    expect(await redeemMessage(voucher)).toBe("LEASED_TO_A_NODE");
    expect(await failure("suspend", voucher)).toBe("Already Pending");
    expect((await server.institution.command("unsuspend", [item])).failedCases).toEqual([]);
  });
});

describe("reading", () => {
  test("a voucher is shown whole, or its status alone", async () => {
    const voucher = await activeVoucher();
    const whole = await server.institution.call("GET", `/vouchers/${voucher.serialNumber}`);
    expect(whole.body).toMatchObject({
      status: 2,
      statusName: "Activated",
      serialNumber: voucher.serialNumber,
      value: 7,
      currency: "USD",
      groupCode: "FOO",
      programID: "relief-2026",
    });
    expect(whole.body["expiryDate"]).toMatch(/^20/);
    const path = `/voucher/${Number(voucher.serialNumber)}/?fields=status`;
    const status = await server.institution.call("GET", path);
    expect(status.body).toEqual({
      status: 2,
      statusName: "Activated",
      serialNumber: voucher.serialNumber,
      value: 7,
    });
    const unknown = await server.institution.call("GET", "/vouchers/0009999999?fields=status");
    expect(unknown).toEqual({
      status: 400,
      body: { status: 9, message: "Not Existing", serialNumber: "0009999999", value: 0 },
    });
    expect((await server.institution.call("GET", `${path}x`)).status).toBe(400);
  });

  test("the list pages through the caller's own vouchers", async () => {
    const made = await server.institution.createVouchers("FOO", [1, 2, 3]);
    const first = await server.institution.call("GET", "/vouchers?size=2");
    const total = first.body["total"] as number;
    expect(first.body["vouchers"]).toHaveLength(2);
    const last = await server.institution.call("GET", `/vouchers?size=1&page=${total}`);
    expect(last.body["vouchers"]).toMatchObject([{ serialNumber: made[2]?.serialNumber }]);
    const authorization = `Bearer ${await server.issuer.token("stranger")}`;
    const headers = { authorization, "X-Registering-Institution-ID": "stranger" };
    const strangers = await server.institution.call("GET", "/vouchers", undefined, headers);
    expect(strangers.body).toEqual({ page: 1, size: 100, total: 0, vouchers: [] });
    expect((await server.institution.call("GET", "/vouchers?size=1001")).status).toBe(400);
  });

  test("validity is told by serial, or by number and group, and only to the issuer", async () => {
    const voucher = await activeVoucher();
    const { serialNumber, number } = voucher;
    const ask = async (question: object, headers = {}) =>
      (await server.institution.call("POST", "/voucher/validity", question, headers)).body;
    expect(await ask({ serialNumber })).toEqual({ serialNumber, isValid: true });
    expect(await ask({ voucherNumber: number, groupCode: "Food" })).toEqual({ serialNumber, isValid: true });
    expect(await ask({ voucherNumber: number, groupCode: "NON" })).toEqual({
      serialNumber: null,
      isValid: false,
    });
    const other = { id: "stranger", name: "Stranger", callbackBaseUrl: null, boxPublicKey: null };
    await putInstitution(server.client.pool, other);
    const authorization = `Bearer ${await server.issuer.token("stranger", { scope: "vouchers:read" })}`;
    const stranger = { authorization, "X-Registering-Institution-ID": "stranger" };
    expect(await ask({ serialNumber }, stranger)).toEqual({ serialNumber, isValid: false });
    await failure("suspend", voucher);
    const path = `/voucher/validity?serialNumber=${serialNumber}`;
    const suspended = await server.institution.call("GET", path);
    expect(suspended.body).toEqual({ serialNumber, isValid: false });
    expect((await server.institution.call("POST", "/voucher/validity", {})).status).toBe(400);
  });
});

async function freshVoucher(): Promise<IssuedVoucher> {
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  return voucher;
}

async function activeVoucher(): Promise<IssuedVoucher> {
  const voucher = await freshVoucher();
  await server.institution.activate([voucher.serialNumber]);
  return voucher;
}

async function voucherThatIs(state: string): Promise<IssuedVoucher> {
  if (state === "pre-activated") return freshVoucher();
  const voucher = await activeVoucher();
  if (state === "consumed") await redeemMessage(voucher);
  if (state === "cancelled") await failure("cancel", voucher);
  return voucher;
}

async function failure(command: string, { serialNumber }: IssuedVoucher): Promise<string | undefined> {
  const { failedCases } = await server.institution.command(command, [{ serialNumber }]);
  return failedCases[0]?.failureReason;
}

async function redeemMessage(
  { serialNumber, number }: IssuedVoucher,
  agentID = "shop-1",
  override?: boolean,
): Promise<unknown> {
  const answer = await server.institution.call("POST", "/vouchers?command=redeem", {
    requestID: server.institution.nextRequestId(),
    voucherSerialNumber: serialNumber,
    agentID,
    voucherSecretNumber: number,
    ...(override === undefined ? {} : { override }),
  });
  return answer.body["message"];
}

function redeemPay(
  { serialNumber, number }: IssuedVoucher,
  method = "POST",
  requestID = server.institution.nextRequestId(),
) {
  const send = () =>
    server.institution.call(method, "/vouchers?command=redeemPay", {
      requestID,
      voucherSerialNumber: serialNumber,
      agentID: "shop-1",
      voucherSecretNumber: number,
    });
  return { requestID, send };
}

/** The callbacks that told the outcome of a redeemPay, once there are so many. */
async function outcomes(requestID: string, count: number): Promise<unknown[]> {
  const arrived = () =>
    server.receiver.received.filter(({ body }) => body["requestID"] === requestID && "status" in body);
  await vi.waitUntil(() => arrived().length >= count, { timeout: 15_000 });
  return arrived().map(({ body }) => body);
}

async function guess(voucher: IssuedVoucher, agentId: string): Promise<unknown> {
  const answer = await server.institution.redeem(voucher.serialNumber, "1234567890123452", agentId);
  return answer.body["message"];
}

async function statusOf({ serialNumber }: IssuedVoucher): Promise<unknown[]> {
  const { body } = await server.institution.call("GET", `/vouchers/${serialNumber}?fields=status`);
  return [body["status"], body["statusName"]];
}

async function expiryOf({ serialNumber }: IssuedVoucher): Promise<unknown> {
  return (await server.institution.call("GET", `/vouchers/${serialNumber}`)).body["expiryDate"];
}

async function fundingBalance(): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find(({ id }) => id === "funding:FOO:USD")?.amountMinor ?? 0n;
}

async function alerts(subject: string): Promise<string[]> {
  const { rows } = await server.client.pool.query<{ kind: string }>(
    `select kind from alerts where subject = $1 and ended_at is null`,
    [subject],
  );
  return rows.map(({ kind }) => kind);
}
