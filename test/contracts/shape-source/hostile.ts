/** Whatever a node asks, it gets its own rows of the shapes that there are, or nothing (design: section 2). */
import { request as rawRequest } from "node:http";
import { expect, test } from "vitest";
import { ask } from "./subject.ts";
import type { ShapeSourceSubject } from "./subject.ts";

export function describeHostileRequests(subject: () => ShapeSourceSubject): void {
  test.each([
    ["another table", "table=vouchers"],
    ["a where of its own", "where=true"],
    ["parameters of its own", "params[1]=n2"],
    ["parameters of its own, encoded", "params%5B1%5D=n2"],
    ["parameters as JSON", 'params={"1":"n2"}'],
    ["other columns", "columns=node_id"],
    ["less than whole rows", "replica=default"],
    ["a part of its own", "subset__where=true"],
    ["a secret", "secret=guess"],
    ["an older secret", "api_secret=guess"],
    ["a stream of events", "live_sse=true"],
    ["a parameter in capitals", "OFFSET=-1"],
  ])("refuses a request that names %s", async (_, more) => {
    const response = await ask(subject().address, {
      nodeId: "n1",
      query: new URLSearchParams(`offset=-1&${more}`),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: "Invalid request" });
  });

  test.each(["offset=-1&offset=-1", "offset=-1&offset=now", "offset=-1&handle=1-1&handle=1-2"])(
    "refuses a parameter that is given twice: %s",
    async (query) => {
      const response = await ask(subject().address, { nodeId: "n1", query: new URLSearchParams(query) });
      expect(response.status).toBe(400);
      expect(JSON.stringify(await response.json())).toContain("is given more than once");
    },
  );

  test("refuses a body, be its length told or not", async () => {
    const { address } = subject();
    const body = JSON.stringify({ where: "true" });
    const told = { "content-length": String(body.length) };
    expect(await sendBody(`${address}/leases?offset=-1`, told, body)).toBe(400);
    expect(await sendBody(`${address}/leases?offset=-1`, { "transfer-encoding": "chunked" }, body)).toBe(400);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("does nothing for %s", async (method) => {
    const query = new URLSearchParams("offset=-1");
    expect((await ask(subject().address, { nodeId: "n1", query, method })).status).toBe(405);
  });

  test.each(["vouchers", "__proto__", "constructor", "leases%00", "leases%2F..%2Fverdicts", "Leases"])(
    "knows no shape of the name %s",
    async (name) => {
      const response = await fetch(`${subject().address}/${name}?offset=-1`, {
        headers: { authorization: "Bearer n1" },
      });
      expect(response.status).toBe(404);
    },
  );
}

/** `fetch` sends no body with GET; others do. */
function sendBody(url: string, headers: Record<string, string>, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = rawRequest(url, { headers: { ...headers, authorization: "Bearer n1" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("error", reject);
    request.end(body);
  });
}
