import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Institution } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { putInstitution } from "../postgres/registry-admin.ts";

let server: TestServer;
let welfare: Institution;
let labour: Institution;
let identities = 0;

beforeAll(async () => {
  server = await startTestServer();
  welfare = server.institution;
  labour = new Institution("labour", server.url, server.issuer, server.receiver, welfare.keys);
  await labour.register(server.client.pool);
});
afterAll(() => server.close());

const iban = "NL87ABNA4193835510";

function newIdentity(): string {
  identities += 1;
  return `ID-${identities}`;
}

const bank = (payeeIdentity: string, more: object = {}) => ({
  payeeIdentity,
  PaymentModality: "00",
  bankingInstitutionCode: "ABNANL2A",
  FinancialAddress: iban,
  ...more,
});
const phone = (payeeIdentity: string, more: object = {}) => ({
  payeeIdentity,
  PaymentModality: "01",
  FinancialAddress: "+254700000001",
  ...more,
});

/** Waits for the callback, and returns it. */
async function send(
  method: "POST" | "PUT",
  path: string,
  beneficiaries: readonly object[],
  caller = welfare,
): Promise<Readonly<Record<string, unknown>>> {
  const RequestID = caller.nextRequestId();
  const answer = await caller.call(method, path, {
    RequestID,
    sourceBBID: "bb",
    Beneficiaries: beneficiaries,
  });
  expect(answer).toMatchObject({ status: 200, body: { responseCode: "00", requestID: RequestID } });
  const { body } = await server.receiver.waitFor(
    (callback) => callback.body["registerRequestID"] === RequestID,
  );
  return body;
}

/** Without a callback: the answer is the outcome. */
async function sendAndWait(method: "POST" | "PUT", path: string, beneficiaries: readonly object[]) {
  const requestID = welfare.nextRequestId();
  const headers = { "X-Callback-URL": "" };
  const { status, body } = await welfare.call(method, path, { requestID, beneficiaries }, headers);
  expect(status).toBe(200);
  return (body["failedCases"] as { readonly failureReason: string }[]).map(
    ({ failureReason }) => failureReason,
  );
}

const register = (...beneficiaries: object[]) => sendAndWait("POST", "/beneficiary", beneficiaries);

async function lookUp(identity: string, query = "", caller = welfare) {
  const path = `/beneficiary/?payeeIdentity=${encodeURIComponent(identity)}&requestId=q-1${query}`;
  return caller.call("GET", path);
}

async function addressesOf(identity: string): Promise<unknown[]> {
  const { body } = await lookUp(identity);
  return (body["paymentModalityList"] as { financialAddress?: string }[]).map(
    ({ financialAddress }) => financialAddress,
  );
}

describe("registering", () => {
  test.each(["/identityAccountMapper/beneficiary", "/beneficiary", "/beneficiary/"])(
    "POST %s is acknowledged, and each item that failed comes back with its reason",
    async (path) => {
      const [one, two] = [newIdentity(), newIdentity()];
      await register(bank(two));
      const body = await send("POST", path, [bank(one), bank(two), phone(one)]);
      expect(body).toEqual({
        requestID: expect.stringMatching(/^.{12}$/) as unknown,
        registerRequestID: body["registerRequestID"],
        numberFailedCases: 2,
        failedCases: [
          {
            payeeIdentity: two,
            bankingInstitutionCode: "ABNANL2A",
            paymentModality: "00",
            failureReason: "Already Registered",
          },
          { payeeIdentity: one, paymentModality: "01", failureReason: "Already Registered" },
        ],
      });
      expect(await addressesOf(one)).toEqual([iban]);
    },
  );

  test("without a callback the answer itself is the outcome", async () => {
    const identity = newIdentity();
    expect(await register(bank(identity))).toEqual([]);
    expect(await register(bank(identity))).toEqual(["Already Registered"]);
  });

  test("the same request again gets its first answer and happens once; with another body it is 409", async () => {
    const identity = newIdentity();
    const request = { requestID: welfare.nextRequestId(), beneficiaries: [bank(identity)] };
    const headers = { "X-Callback-URL": "" };
    const first = await welfare.call("POST", "/beneficiary", request, headers);
    expect(first.body["numberFailedCases"]).toBe(0);
    expect(await welfare.call("POST", "/identityAccountMapper/beneficiary", request, headers)).toEqual(first);
    const other = { ...request, beneficiaries: [phone(identity)] };
    expect((await welfare.call("POST", "/beneficiary", other, headers)).status).toBe(409);
  });

  test("a payee without any address is registered, and found once it has one", async () => {
    const identity = newIdentity();
    expect(await register({ payeeIdentity: identity })).toEqual([]);
    expect((await lookUp(identity)).status).toBe(404);
    expect(await sendAndWait("POST", "/paymentModality", [phone(identity)])).toEqual([]);
    expect(await addressesOf(identity)).toEqual(["+254700000001"]);
  });

  test("a request of 10,000 is registered, and each of them is found", async () => {
    const all = Array.from({ length: 10_000 }, (_, index) => `T-${index}`);
    const body = await send(
      "POST",
      "/beneficiary",
      all.map((identity) => bank(identity)),
    );
    expect(body["numberFailedCases"]).toBe(0);
    const asked = { requestID: welfare.nextRequestId(), payeePartyIds: all };
    const { body: found } = await welfare.call("POST", "/accountLookup", asked);
    const list = found["paymentModalityList"] as { payeeIdentity: string; financialAddress: string }[];
    expect(list.map(({ payeeIdentity }) => payeeIdentity)).toEqual(all);
    expect(list.every(({ financialAddress }) => financialAddress === iban)).toBe(true);
  });
});

describe("updating", () => {
  test("an address is replaced, and what was there stays in the history", async () => {
    const identity = newIdentity();
    await register(bank(identity));
    const body = await send("PUT", "/beneficiary", [
      bank(identity, { financialAddress: "NL64ABNA6201350640" }),
    ]);
    expect(body["numberFailedCases"]).toBe(0);
    expect(await addressesOf(identity)).toEqual(["NL64ABNA6201350640"]);
    const { body: told } = await welfare.call("GET", `/beneficiaries/${identity}/history`);
    expect(told["history"]).toMatchObject([
      { version: 1, change: "REGISTER", actor: "institution:welfare", address: { financialAddress: iban } },
      { version: 2, change: "UPDATE_ADDRESS", address: { financialAddress: "NL64ABNA6201350640" } },
    ]);
  });

  test("a payee nobody knows fails under both of its published names", async () => {
    const body = await send("PUT", "/beneficiary", [bank("nobody")]);
    expect(body["failedCases"]).toEqual([
      {
        payeeIdentity: "nobody",
        payeeFunctionalID: "nobody",
        bankingInstitutionCode: "ABNANL2A",
        paymentModality: "00",
        failureReason: "Not Registered",
      },
    ]);
  });

  test("status 0 stops a payee, and 1 lets it go on", async () => {
    const identity = newIdentity();
    await register(bank(identity));
    expect(await sendAndWait("PUT", "/beneficiary", [{ payeeIdentity: identity, status: "0" }])).toEqual([]);
    const stopped = await lookUp(identity);
    expect([stopped.status, stopped.body["responseDescription"]]).toEqual([
      404,
      "The beneficiary is inactive",
    ]);
    expect((await welfare.call("GET", `/beneficiaries/${identity}`)).body).toMatchObject({ status: "0" });
    expect(await sendAndWait("PUT", "/beneficiary", [{ payeeIdentity: identity, status: "1" }])).toEqual([]);
    expect(await addressesOf(identity)).toEqual([iban]);
  });

  test("a modality is added, preferred and deactivated; one is always preferred", async () => {
    const identity = newIdentity();
    await register(bank(identity));
    const modality = (method: "POST" | "PUT", item: object) =>
      sendAndWait(method, "/paymentModality", [item]);
    expect(await modality("POST", phone(identity))).toEqual([]);
    expect(await addressesOf(identity)).toEqual([iban, "+254700000001"]);
    expect(await modality("POST", phone(identity))).toEqual([
      "Address Exists: the payee has this address already",
    ]);
    expect(await modality("PUT", phone(identity, { preferred: true }))).toEqual([]);
    expect(await addressesOf(identity)).toEqual(["+254700000001", iban]);
    expect(await modality("PUT", phone(identity, { status: "0" }))).toEqual([
      "Preferred Address: prefer another address before this one is deactivated",
    ]);
    expect(await modality("PUT", bank(identity, { status: "0", preferred: false }))).toEqual([]);
    expect(await addressesOf(identity)).toEqual(["+254700000001"]);
  });
});

describe("looking up", () => {
  test("one payee, all of its modalities or one of them", async () => {
    const identity = newIdentity();
    await register(bank(identity));
    await sendAndWait("POST", "/paymentModality", [phone(identity)]);
    expect(await lookUp(identity)).toEqual({
      status: 200,
      body: {
        requestId: "q-1",
        paymentModalityList: [
          {
            payeeIdentity: identity,
            paymentModality: "00",
            financialAddress: iban,
            bankingInstitutionCode: "ABNANL2A",
            preferred: true,
          },
          {
            payeeIdentity: identity,
            paymentModality: "01",
            financialAddress: "+254700000001",
            preferred: false,
          },
        ],
      },
    });
    const { body } = await lookUp(identity, "&paymentModality=01");
    expect(body["paymentModalityList"]).toHaveLength(1);
    expect((await lookUp(identity, "&paymentModality=04")).status).toBe(404);
  });

  test.each([
    ["POST", "/accountLookup"],
    ["PUT", "/beneficiary"],
  ])("%s %s: each payee that is asked for is answered, the unknown ones marked", async (method, path) => {
    const identity = newIdentity();
    await register(bank(identity));
    const requestId = welfare.nextRequestId();
    const answer = await welfare.call(method, path, { requestId, payeePartyIds: ["nobody", identity] });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        requestId,
        paymentModalityList: [
          { payeeIdentity: "nobody", failureReason: "Not Registered" },
          { payeeIdentity: identity, financialAddress: iban },
        ],
      },
    });
  });

  test("by callback, for who asks for it and for callers of the profile phee", async () => {
    const identity = newIdentity();
    await register(bank(identity));
    const asked = await lookUp(identity, "&isExternalLookup=true");
    expect(asked.status).toBe(202);
    const told = await server.receiver.waitFor(({ body }) => body["requestId"] === "q-1");
    expect(told.body["paymentModalityList"]).toMatchObject([
      { payeeIdentity: identity, financialAddress: iban },
    ]);

    const phee = new Institution("phee", server.url, server.issuer, server.receiver, welfare.keys);
    await putInstitution(server.client.pool, {
      id: "phee",
      name: "phee",
      profile: "phee",
      callbackBaseUrl: null,
      boxPublicKey: null,
    });
    const request = { requestID: "phee-1", payeePartyIds: ["nobody"] };
    expect((await phee.call("POST", "/accountLookup", request)).status).toBe(202);
    const put = await server.receiver.waitFor(({ body }) => body["requestId"] === "phee-1");
    expect([put.method, put.body["paymentModalityList"]]).toEqual([
      "PUT",
      [{ payeeIdentity: "nobody", failureReason: "Not Registered" }],
    ]);
  });

  test("L1: each look-up is in the audit trail, whatever became of it", async () => {
    const identity = newIdentity();
    await register(bank(identity));
    await lookUp(identity);
    await lookUp("nobody at all");
    const { rows } = await server.client.pool.query<{ state: string; known: boolean }>(
      `select after ->> 'state' as state, subject like 'payee:%' as known from audit_entries
       where action = 'mapper.look-up' order by id desc limit 2`,
    );
    expect(rows).toEqual([
      { state: "unknown", known: false },
      { state: "found", known: true },
    ]);
  });

  test("L1: those asked for at once get each its own answer and its own entry, whoever else asks", async () => {
    const identitiesAtOnce = Array.from({ length: 60 }, newIdentity);
    await register(...identitiesAtOnce.map((identity) => bank(identity)));
    const { rows: before } = await server.client.pool.query<{ last: bigint }>(
      "select max(id) as last from audit_entries",
    );
    const asked = identitiesAtOnce.flatMap((identity, index) => [
      { identity, caller: welfare, requestId: `w-${index}` },
      { identity, caller: labour, requestId: `l-${index}` },
    ]);
    const answers = await Promise.all(
      asked.map(({ identity, caller, requestId }) =>
        caller.call("GET", `/beneficiary?payeeIdentity=${identity}&requestId=${requestId}`),
      ),
    );
    for (const [index, { identity, caller, requestId }] of asked.entries())
      expect(answers[index]).toMatchObject(
        caller === labour
          ? { status: 404 }
          : { status: 200, body: { requestId, paymentModalityList: [{ payeeIdentity: identity }] } },
      );
    const { rows } = await server.client.pool.query<{ told: string }>(
      `select concat_ws(' ', actor, after ->> 'state', after ->> 'cause', origin) as told
       from audit_entries where action = 'mapper.look-up' and id > $1`,
      [before[0]?.last],
    );
    const origin = "127.0.0.1";
    expect(rows.map(({ told }) => told).toSorted()).toEqual(
      asked
        .map(({ caller, requestId }) =>
          caller === labour
            ? `institution:labour unknown request:${requestId} ${origin}`
            : `institution:welfare found request:${requestId} ${origin}`,
        )
        .toSorted(),
    );
  });
});

describe("validating", () => {
  const validate = (headers: Readonly<Record<string, string>>, instructions: readonly object[]) =>
    welfare.call(
      "POST",
      "/beneficiaries?command=validate",
      { batchId: "b-1", destinationDFSPID: "bank", creditInstructions: instructions },
      headers,
    );
  const credit = (instructionID: string, financialAddress: string) => ({
    instructionID,
    financialAddress,
    amount: 12.5,
    currency: "EUR",
    narration: "aid",
  });

  test("accounts are known, inactive or unknown, each told with its instruction", async () => {
    const [active, stopped] = [newIdentity(), newIdentity()];
    await register(
      phone(active, { FinancialAddress: "acct-known" }),
      phone(stopped, { FinancialAddress: "acct-off" }),
    );
    await sendAndWait("PUT", "/beneficiary", [{ payeeIdentity: stopped, status: "0" }]);
    const instructions = [credit("i-1", "acct-known"), credit("i-2", "acct-off"), credit("i-3", "acct-none")];
    const expected = {
      clientCorrelationId: "c-1",
      batchId: "b-1",
      numberOfFailedCases: 2,
      failedAccountLookups: [
        { instructionID: "i-2", failureReason: "Inactive Account" },
        {
          instructionID: "i-3",
          failureReason: "Unknown Account: no payee of this institution has the address",
        },
      ],
    };
    expect(await validate({ "X-CorrelationID": "c-1" }, instructions)).toMatchObject({ status: 202 });
    const told = await server.receiver.waitFor(({ body }) => body["clientCorrelationId"] === "c-1");
    expect(told.body).toEqual(expected);
    const waited = await validate({ "X-CorrelationID": "c-2", "X-Callback-URL": "" }, instructions);
    expect(waited).toEqual({ status: 200, body: { ...expected, clientCorrelationId: "c-2" } });
  });

  test("without a correlation id, or with another command, it is 400", async () => {
    expect((await validate({}, [credit("i-1", "x")])).status).toBe(400);
    const other = await welfare.call("POST", "/beneficiaries?command=erase", {});
    expect(other).toMatchObject({ status: 400, body: { errors: [{ field: "command" }] } });
  });
});

describe("what is one institution's", () => {
  test("another institution neither finds, changes nor lists it, and has a payee of its own by the same name", async () => {
    const identity = newIdentity();
    await register(bank(identity));
    expect((await lookUp(identity, "", labour)).status).toBe(404);
    expect((await labour.call("GET", `/beneficiaries/${identity}`)).status).toBe(404);
    expect((await labour.call("GET", `/beneficiaries/${identity}/history`)).status).toBe(404);
    const body = await send("PUT", "/beneficiary", [phone(identity)], labour);
    expect(body["numberFailedCases"]).toBe(1);
    await send("POST", "/beneficiary", [phone(identity)], labour);
    expect(await addressesOf(identity)).toEqual([iban]);
    const { body: page } = await labour.call("GET", "/beneficiaries");
    expect(page["total"]).toBe(1);
    const validated = await labour.call(
      "POST",
      "/beneficiaries?command=validate",
      { batchId: "b", creditInstructions: [{ instructionID: "i", financialAddress: iban }] },
      { "X-CorrelationID": "c-9", "X-Callback-URL": "" },
    );
    expect(validated.body["numberOfFailedCases"]).toBe(1);
  });

  test.each([
    ["GET", "/beneficiary/?payeeIdentity=x"],
    ["GET", "/beneficiaries"],
    ["GET", "/beneficiaries/x"],
    ["POST", "/beneficiary"],
    ["PUT", "/paymentModality/"],
    ["POST", "/identityAccountMapper/accountLookup"],
  ])("%s %s without a token is 401, without the scope 403", async (method, path) => {
    const body = method === "GET" ? undefined : {};
    expect((await welfare.call(method, path, body, { authorization: "" })).status).toBe(401);
    const authorization = `Bearer ${await server.issuer.token("welfare", { scope: "vouchers:read" })}`;
    expect((await welfare.call(method, path, body, { authorization })).status).toBe(403);
  });
});

describe("what is malformed is 400 and stores nothing", () => {
  test.each([
    ["an unknown modality", { ...bank("x"), PaymentModality: "09" }],
    ["an identity of 21 characters", bank("x".repeat(21))],
    ["an address of 35 characters", bank("x", { FinancialAddress: "9".repeat(35) })],
    ["an institution code of 12 characters", bank("x", { bankingInstitutionCode: "ABCDEFGHIJKL" })],
    ["a status that is neither 0 nor 1", bank("x", { status: "2" })],
  ])("%s", async (_name, item) => {
    const requestID = welfare.nextRequestId();
    const answer = await welfare.call("POST", "/beneficiary", { requestID, Beneficiaries: [item] });
    expect(answer).toMatchObject({ status: 400, body: { responseCode: "01", requestID } });
    expect((await welfare.call("GET", `/identityAccountMapper/requests/${requestID}`)).status).toBe(404);
  });

  test("a request tells how far it is, and what failed", async () => {
    const requestID = welfare.nextRequestId();
    const beneficiaries = [bank(newIdentity()), { payeeIdentity: newIdentity(), PaymentModality: "03" }];
    await welfare.call("POST", "/beneficiary", { requestID, beneficiaries }, { "X-Callback-URL": "" });
    expect((await welfare.call("GET", `/identityAccountMapper/requests/${requestID}`)).body).toMatchObject({
      requestID,
      total: 2,
      done: 2,
      failed: 1,
      state: "complete",
      failedCases: [{ line: 2, failureReason: "Financial Address Required: only a voucher needs none" }],
    });
  });
});

test("no address lies readable in the database, not even of a request that waits", async () => {
  const identity = newIdentity();
  const secret = "ZZ99SECRETADDRESS";
  await register(bank(identity, { FinancialAddress: secret }));
  await sendAndWait("PUT", "/beneficiary", [bank(identity, { FinancialAddress: `${secret}2` })]);
  await lookUp(identity);
  const { rows: tables } = await server.client.pool.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'`,
  );
  const hex = Buffer.from(secret).toString("hex");
  for (const { name } of tables) {
    const { rows } = await server.client.pool.query(
      `select 1 from ${name} t where t::text like '%' || $1 || '%' or t::text like '%' || $2 || '%' limit 1`,
      [secret, hex],
    );
    expect(rows, name).toEqual([]);
  }
});
