/**
 * Who gets what at `/v1/shapes`, over HTTP, from either source: its own rows with a token of its own that has not run
 * out, and otherwise nothing (design: section 2).
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request as rawRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BareNode } from "../../test/support/bare-node.ts";
import { startTestServer, type TestServer } from "../../test/support/server.ts";
import { testStore } from "../../test/support/funding.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { putMerchant } from "../postgres/registry-admin.ts";

const sources = [
  { name: "embedded", open: () => Promise.resolve(undefined) },
  { name: "an Electric service (a stand-in that answers any question)", open: startAnsweringElectric },
];

for (const { name, open } of sources) {
  describe(`shapes from ${name}`, () => {
    let electric: AnsweringElectric | undefined;
    let server: TestServer;
    let own: BareNode;
    let other: BareNode;

    beforeAll(async () => {
      electric = await open();
      server = await startTestServer(electric ? { electric } : {});
      const random = (length: number) => new Uint8Array(randomBytes(length));
      await putMerchant(server.client.pool, { id: "shop-1", name: "Corner shop", accepts: [] });
      const enrol = async (label: string) => {
        const wish = { merchantId: "shop-1", nodeName: label, validHours: 1 };
        const code = await issueEnrolmentCode(testStore(server.client.pool), random, wish);
        const node = await BareNode.enrol(server.url, code);
        await node.openSession();
        await server.client.pool.query("insert into shape_leases values ($1, 1, 1, 1, now(), $2, 'PV1:x')", [
          node.identity.nodeId,
          `row of ${node.identity.nodeId}`,
        ]);
        return node;
      };
      own = await enrol("till 1");
      other = await enrol("till 2");
    });
    afterAll(async () => {
      await server.close();
      await electric?.close();
    });
    afterEach(() => {
      // Whatever was asked for, Electric was asked for rows of the asking node only, in a request without a body.
      for (const { query, hasBody } of electric?.asked ?? []) {
        expect(query["where"]).toBe("node_id = $1");
        expect(query["params[1]"]).toBe(
          query["offset"] === "now" ? other.identity.nodeId : own.identity.nodeId,
        );
        expect(hasBody).toBe(false);
      }
    });

    const get = (path: string, more: Partial<RawRequest> = {}) =>
      send(server.url, { path, headers: { authorization: own.authorization }, ...more });

    test("a node gets its own rows", async () => {
      const answer = await get("/v1/shapes/leases?offset=-1");
      expect(answer.status).toBe(200);
      expect(answer.body).toContain(`row of ${own.identity.nodeId}`);
      expect(answer.body).not.toContain(other.identity.nodeId);
    });

    test.each([
      "/v1//shapes/leases?offset=-1",
      "//v1/shapes/leases?offset=-1",
      "/v1/shapes//leases?offset=-1",
      "/v1/shapes/leases//?offset=-1",
      "/v1/shape?offset=-1&table=shape_leases",
      "/v1//shape?offset=-1&table=shape_leases",
      "/v1/shapes?offset=-1&table=shape_leases",
      "/v1/shapes/%2e%2e/shape?offset=-1&table=shape_leases",
      "/v1/shapes/leases%2f..%2fverdicts?offset=-1",
      "/v1/shapes/leases%00?offset=-1",
      "/v1/shapes/shape_leases?offset=-1",
      "/v1/shapes/vouchers?offset=-1",
      "/v1/shapes/__proto__?offset=-1",
      "/v1/shapes/leases%3Foffset=-1?offset=-1",
      "/v1/shapes/leases;table=vouchers?offset=-1",
    ])("there is nothing at %s", async (path) => {
      const asked = electric?.asked.length;
      const { status, body } = await get(path);
      expect(status).toBe(404);
      expect(body).not.toContain("row of");
      expect(electric?.asked.length).toBe(asked);
    });

    test.each([
      "table=shape_verdicts",
      "where=true",
      "where=node_id%20%3D%20%241%20or%20true",
      "params[1]=OTHER",
      "params%5b1%5d=OTHER",
      "params%5B%5D=OTHER",
      "columns=lease",
      "replica=default",
      "secret=x",
      "node_id=OTHER",
      "offset=-1",
      "handle=1-1&handle=1-2",
      "off%73et=-1",
    ])("a request with %s is refused", async (more) => {
      const asked = electric?.asked.length;
      const query = `offset=-1&${more.replace("OTHER", other.identity.nodeId)}`;
      const { status, body } = await get(`/v1/shapes/leases?${query}`);
      expect(status).toBe(400);
      expect(body).not.toContain("row of");
      expect(electric?.asked.length).toBe(asked);
    });

    test("a body is refused, and other methods than reading ones", async () => {
      const path = "/v1/shapes/leases?offset=-1";
      const body = JSON.stringify({ where: "true", table: "vouchers" });
      expect((await get(path, { body })).status).toBe(400);
      for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
        expect((await get(path, { method, body })).status).toBe(405);
      }
    });

    test("headers that name another address or method change nothing", async () => {
      const headers = {
        authorization: own.authorization,
        "x-original-url": "/v1/shapes/verdicts",
        "x-http-method-override": "DELETE",
        "x-forwarded-prefix": "/v1/shape",
        cookie: `node=${other.identity.nodeId}`,
      };
      const answer = await get("/v1/shapes/leases?offset=-1", { headers });
      expect(answer.body).toContain(`row of ${own.identity.nodeId}`);
      expect(answer.body).not.toContain(other.identity.nodeId);
    });

    test("no token, a made-up one, one of a caller, or one in the query opens nothing", async () => {
      const caller = await server.issuer.token("welfare");
      const tokens = ["", "Bearer", "Bearer x", `Basic ${own.authorization.slice(7)}`, `Bearer ${caller}`];
      for (const authorization of tokens) {
        const { status, body } = await get("/v1/shapes/leases?offset=-1", { headers: { authorization } });
        expect(status).toBe(401);
        expect(body).not.toContain("row of");
      }
      const inQuery = `/v1/shapes/leases?offset=-1&token=${own.authorization.slice(7)}`;
      expect((await get(inQuery, { headers: {} })).status).toBe(401);
    });

    test("another node's token reads that node's rows, never these, whatever the handle", async () => {
      const { headers } = await get("/v1/shapes/leases?offset=-1");
      const handle = String(headers["electric-handle"]);
      const asOther = { headers: { authorization: other.authorization } };
      if (!electric) {
        for (const offset of ["0_0", "0_inf"]) {
          const path = `/v1/shapes/leases?offset=${offset}&handle=${handle}`;
          expect((await get(path, asOther)).status).toBe(409);
        }
      }
      const { body } = await get("/v1/shapes/leases?offset=now", asOther);
      expect(body).not.toContain(own.identity.nodeId);
    });

    test("an assertion that was recorded buys no second token", async () => {
      const assertion = own.assertion();
      expect((await own.openSession(assertion)).status).toBe(200);
      const replayed = await own.openSession(assertion);
      expect(replayed).toMatchObject({ status: 401, body: { code: "stale-assertion" } });
      expect(replayed.body).not.toHaveProperty("token");
    });

    test("a token that has run out opens nothing, also where its node has a newer one", async () => {
      const old = own.authorization;
      await server.client.pool.query(
        "update node_sessions set expires_at = clock_timestamp() - interval '1 second' where node_id = $1",
        [own.identity.nodeId],
      );
      await own.openSession();
      const path = "/v1/shapes/leases?offset=-1";
      expect((await get(path, { headers: { authorization: old } })).status).toBe(401);
      expect((await get(path)).status).toBe(200);
    });

    test("a token of a node that was revoked opens nothing", async () => {
      await revokeNode(testStore(server.client.pool), other.identity.nodeId);
      const headers = { authorization: other.authorization };
      const { status, body } = await get("/v1/shapes/leases?offset=-1", { headers });
      expect([401, 403]).toContain(status);
      expect(body).not.toContain("row of");
    });
  });
}

interface RawRequest {
  readonly path: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** As written: `fetch` would tidy the path up, and sends no body with GET. */
function send(url: string, { path, method = "GET", headers, body }: RawRequest) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(url);
      const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const request = rawRequest({ hostname, port, path, method, headers: { ...headers, ...length } });
      request.on("error", reject);
      request.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      });
      request.end(body);
    },
  );
}

interface AnsweringElectric {
  readonly url: string;
  readonly secret: string;
  readonly asked: { readonly query: Record<string, string>; readonly hasBody: boolean }[];
  close(): Promise<void>;
}

/** A stand-in that gives whoever is named one row, and remembers what it was asked. */
async function startAnsweringElectric(): Promise<AnsweringElectric> {
  const asked: AnsweringElectric["asked"] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://electric");
    if (pathname !== "/v1/shape") return void response.writeHead(404).end();
    const query = Object.fromEntries(searchParams);
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    asked.push({ query, hasBody: length !== undefined || encoding !== undefined });
    const nodeId = query["params[1]"] ?? "";
    const value = { node_id: nodeId, lease: `row of ${nodeId}` };
    response.writeHead(200, {
      "electric-server": "ElectricSQL/1.7.12",
      "electric-handle": "1-2",
      "electric-offset": "0_0",
      "electric-schema": "{}",
    });
    return void response.end(JSON.stringify([{ key: "k", value, headers: { operation: "insert" } }]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret: "s",
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
