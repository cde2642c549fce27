/** What every request passes before it reaches its API: headers, bounds of bodies, and how often somebody may ask. */
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { mostBodyBytes } from "../middleware/body.ts";

let server: TestServer;

describe("whatever is asked", () => {
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test.each([
    ["GET", "/healthcheck"],
    ["GET", "/openapi.json"],
    ["GET", "/docs"],
    ["GET", "/vouchers"],
    ["POST", "/vouchers/voucher_preactivation"],
    ["POST", "/mapper/link"],
    ["POST", "/v1/sessions"],
    ["GET", "/v1/shapes/leases?offset=-1"],
    ["OPTIONS", "/vouchers"],
    ["GET", "/nowhere"],
  ])("%s %s is answered with security headers and opens nothing to other origins", async (method, path) => {
    const { headers } = await fetch(server.url + path, {
      method,
      headers: { origin: "https://elsewhere.example" },
    });
    expect(headers.get("content-security-policy")).toMatch(
      /default-src '(none|self)'.*frame-ancestors 'none'/,
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("strict-transport-security")).toContain("max-age=");
    expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });

  test("what a caller is answered may not be cached, the keys of callbacks may", async () => {
    const answered = await server.institution.call("GET", "/vouchers");
    expect(answered.status).toBe(200);
    const token = await server.issuer.token("welfare");
    const page = await fetch(`${server.url}/vouchers`, { headers: { authorization: `Bearer ${token}` } });
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect((await fetch(`${server.url}/.well-known/jwks.json`)).headers.get("cache-control")).toContain(
      "max-age",
    );
  });

  const tooLarge = [
    ["/voucher/validity", (body: Body) => body["responseCode"] === "01"],
    ["/vouchers/voucher_preactivation", (body: Body) => typeof body["message"] === "string"],
    ["/register-beneficiary", (body: Body) => body["ResponseCode"] === "01"],
    ["/mapper/link", (body: Body) => (body["message"] as Body)["ack_status"] === "ERR"],
    ["/v1/operations", (body: Body) => body["code"] === "too-large"],
  ] as const;

  test.each(tooLarge)(
    "%s refuses a body that is announced as too large without reading it",
    async (path, is) => {
      const { status, body } = await send(path, { "content-length": String(mostBodyBytes + 1) }, 0);
      expect(status).toBe(413);
      expect(is(body)).toBe(true);
    },
  );

  test.each(tooLarge)("%s gives a body without a length up at the bound", async (path, is) => {
    const { status, body, sent } = await send(path, { "transfer-encoding": "chunked" }, 64 * 1024 * 1024);
    expect(status).toBe(413);
    expect(is(body)).toBe(true);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });
});

type Body = Record<string, unknown>;

/** Sends bytes until there is an answer, or `most` are sent. */
async function send(path: string, headers: Record<string, string>, most: number) {
  const authorization = `Bearer ${await server.issuer.token("welfare")}`;
  return new Promise<{ status: number | undefined; body: Body; sent: number }>((resolve, reject) => {
    const piece = Buffer.alloc(65_536, "x");
    let sent = 0;
    let answered = false;
    const outgoing = request(
      server.url + path,
      { method: "POST", headers: { authorization, "content-type": "application/json", ...headers } },
      (response) => {
        answered = true;
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => {
          outgoing.destroy();
          resolve({ status: response.statusCode, body: JSON.parse(text) as Body, sent });
        });
      },
    );
    outgoing.on("error", (error) => answered || reject(error));
    const go = () => {
      if (answered || sent >= most) return;
      sent += piece.length;
      if (outgoing.write(piece)) setImmediate(go);
      else outgoing.once("drain", go);
    };
    if (most === 0) outgoing.flushHeaders();
    else go();
  });
}

describe("whoever asks too often", () => {
  beforeEach(async () => {
    server = await startTestServer({
      rates: {
        caller: { perSecond: 0.01, burst: 3 },
        node: { perSecond: 0.01, burst: 3 },
        address: { perSecond: 0.01, burst: 3 },
        enrolment: { perSecond: 0.01, burst: 3 },
      },
    });
    return () => server.close();
  });

  const statuses = async (times: number, ask: () => Promise<Response>) => {
    const answers: Response[] = [];
    for (let time = 0; time < times; time += 1) answers.push(await ask());
    return answers;
  };

  test("an institution is told 429 and when to try again, and another is served meanwhile", async () => {
    const ask = (id: string) => async () =>
      fetch(`${server.url}/vouchers`, {
        headers: { authorization: `Bearer ${await server.issuer.token(id)}` },
      });
    const answers = await statuses(4, ask("welfare"));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(Number(answers[3]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await answers[3]?.json()).toMatchObject({ responseCode: "01", errors: [] });
    expect((await ask("other")()).status).toBe(200);
  });

  test.each([
    ["/vouchers/voucher_activation", "PATCH", { message: expect.any(String) as string }],
    ["/register-beneficiary", "POST", { ResponseCode: "01", RequestID: "" }],
    ["/mapper/link", "POST", { message: { ack_status: "ERR" } }],
    ["/bills", "POST", { responseCode: "01" }],
    ["/v1/leases", "POST", { code: "too-many-requests" }],
    ["/nowhere", "GET", { responseCode: "01" }],
  ])("an address without a token is told so at %s in that API's own form", async (path, method, form) => {
    const answers = await statuses(4, () => fetch(server.url + path, { method }));
    expect(answers.slice(0, 3).every(({ status }) => status === 401 || status === 404)).toBe(true);
    expect(answers[3]?.status).toBe(429);
    expect(Number(answers[3]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await answers[3]?.json()).toMatchObject(form);
  });

  test("a caller with a token is served although its address was refused", async () => {
    await statuses(5, () => fetch(`${server.url}/vouchers`));
    expect((await server.institution.call("GET", "/vouchers")).status).toBe(200);
  });

  test("wrong enrolment codes are counted by address", async () => {
    const answers = await statuses(4, () =>
      fetch(`${server.url}/v1/enrolments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code: "AAAA-BBBB", publicKey: "", proof: "" }),
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 429]);
    expect(await answers[3]?.json()).toMatchObject({ code: "too-many-requests" });
  });

  test("the health of the process can always be asked", async () => {
    const answers = await statuses(20, () => fetch(`${server.url}/healthcheck`));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});
