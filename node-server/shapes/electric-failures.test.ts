/** What the proxy source makes of an Electric that is away, too old, or not right; the numbers are those of its header. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createElectricShapeSource, type ElectricShapeSourceOptions } from "./electric.ts";
import { isTooOld, probeElectric } from "./electric-version.ts";
import { answerShapeRequest } from "./http.ts";
import type { RunningShapeSource } from "./source.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const secret = "hunter2";
let url: string;
/** What the service at `url` does next; a test sets it. */
let handle: Handler;
let logged: unknown[];
let closeServer: () => Promise<void>;

beforeEach(async () => {
  logged = [];
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closeServer = async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
});
afterEach(async () => {
  await closeServer();
  // The secret is in no log, whatever went wrong (2).
  expect(JSON.stringify(logged)).not.toContain(secret);
});

const usable = {
  "electric-server": "ElectricSQL/1.7.12",
  "electric-handle": "1-2",
  "electric-offset": "0_0",
  "electric-schema": "{}",
};

describe("an answer that cannot be used", () => {
  test.each([
    { what: "it wants another secret", status: 401, headers: usable, code: "electric-refused", told: 502 },
    { what: "it forbids", status: 403, headers: usable, code: "electric-refused", told: 502 },
    { what: "it fails", status: 500, headers: usable, code: "electric-failed", told: 502 },
    { what: "nothing is there", status: 404, headers: usable, code: "electric-failed", told: 502 },
    { what: "it has too much to do", status: 429, headers: usable, code: "electric-not-ready", told: 503 },
    { what: "it is starting", status: 503, headers: usable, code: "electric-not-ready", told: 503 },
    {
      what: "a header is missing",
      status: 200,
      headers: { "electric-handle": "1-2" },
      code: "electric-failed",
      told: 502,
    },
    {
      what: "it is too old (3)",
      status: 200,
      headers: { ...usable, "electric-server": "ElectricSQL/1.7.11" },
      code: "electric-too-old",
      told: 502,
    },
    {
      what: "too old, it refuses (3)",
      status: 409,
      headers: { "electric-server": "ElectricSQL/1.6.0" },
      code: "electric-too-old",
      told: 502,
    },
  ])("$what: $told $code (4)", async ({ status, headers, code, told }) => {
    handle = (_, response) => response.writeHead(status, headers).end("[]");
    const response = await ask();
    expect(response.status).toBe(told);
    expect(await response.json()).toMatchObject({ code });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(logged).toEqual([expect.objectContaining({ code, status })]);
  });

  test("when to come again is passed on", async () => {
    handle = (_, response) => response.writeHead(503, { ...usable, "retry-after": "17" }).end();
    expect((await ask()).headers.get("retry-after")).toBe("17");
  });

  test("what is wrong with a node's own values is told to it, what is wrong with the shape is not", async () => {
    const refuse = (errors: object) => {
      handle = (_, response) =>
        response.writeHead(400, usable).end(JSON.stringify({ message: "Invalid request", errors }));
      return ask();
    };
    const offset = { offset: ["out of bounds for this shape"] };
    expect(await (await refuse(offset)).json()).toEqual({ message: "Invalid request", errors: offset });
    const table = await refuse({ ...offset, table: ['Table "public"."secrets" does not exist'] });
    expect(table.status).toBe(502);
    expect(await table.text()).not.toContain("secrets");
  });

  test("a redirection is not followed, so that the secret stays between the two", async () => {
    const elsewhere: string[] = [];
    handle = (request, response) => {
      if (request.url?.startsWith("/elsewhere")) elsewhere.push(request.url);
      response.writeHead(302, { location: "/elsewhere" }).end();
    };
    expect((await ask()).status).toBe(503);
    expect(elsewhere).toEqual([]);
  });
});

describe("no answer", () => {
  test("nobody listens: 503 electric-unreachable (4)", async () => {
    await closeServer();
    const response = await ask();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "electric-unreachable" });
  });

  test("the connection breaks before an answer: 503 electric-unreachable (4)", async () => {
    handle = (request) => request.socket.destroy();
    expect(await (await ask()).json()).toMatchObject({ code: "electric-unreachable" });
  });

  test("no answer begins in time: 503 electric-unreachable (4)", async () => {
    handle = () => {};
    const response = await ask({ source: newSource({ timeoutMs: 1 }) });
    expect(await response.json()).toMatchObject({ code: "electric-unreachable" });
  });

  test("of too many requests of one node the oldest is ended, and of a server that stops all", async () => {
    const source = newSource({ maxHeld: 2 });
    const arrivals: (() => void)[] = [];
    handle = () => arrivals.shift()?.();
    const held: Promise<unknown>[] = [];
    for (let i = 0; i < 3; i += 1) {
      const arrived = Promise.withResolvers<void>();
      arrivals.push(arrived.resolve);
      held.push(ask({ source }).then((response) => response.json()));
      await arrived.promise;
    }
    expect(await held[0]).toMatchObject({ code: "server-busy" });
    await source.close();
    expect(await Promise.all(held)).toEqual(Array(3).fill(expect.objectContaining({ code: "server-busy" })));
  });
});

describe("an answer on its way", () => {
  test("is passed through piece by piece, before it is whole", async () => {
    const rest = Promise.withResolvers<void>();
    handle = (_, response) => {
      response.writeHead(200, { ...usable, "content-encoding": "identity", "content-length": "4" });
      response.write("[1");
      void rest.promise.then(() => response.end(",]"));
    };
    const response = await ask();
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("[1");
    rest.resolve();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(",]");
    expect(response.headers.get("content-length")).toBeNull();
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("vary")).toContain("Authorization");
  });

  test.each(["before it begins", "in the middle of it"])(
    "ends at Electric when the node goes, %s",
    async (when) => {
      const client = new AbortController();
      const arrived = Promise.withResolvers<void>();
      const gone = Promise.withResolvers<void>();
      handle = (request, response) => {
        request.socket.once("close", gone.resolve);
        if (when !== "before it begins") response.writeHead(200, usable).write("[");
        arrived.resolve();
      };
      const response = ask({ signal: client.signal });
      await arrived.promise;
      if (when !== "before it begins") await response;
      client.abort();
      await gone.promise;
      expect([499, 200]).toContain((await response).status);
    },
  );

  test.each([{ method: "HEAD" }, { method: "GET", headers: { "if-none-match": '"1-2:-1:0_0"' } }])(
    "is given up at Electric where the node wants no body: $method",
    async (request) => {
      const gone = Promise.withResolvers<void>();
      handle = (asked, response) => {
        asked.socket.once("close", gone.resolve);
        response.writeHead(200, usable).write("[");
      };
      const response = await ask(request);
      expect(response.status).toBe(request.method === "HEAD" ? 200 : 304);
      expect(await response.text()).toBe("");
      await gone.promise;
    },
  );
});

test("nothing of a node's request but the protocol's own values reaches Electric (1, 2)", async () => {
  let seen: IncomingMessage | undefined;
  handle = (request, response) => {
    seen = request;
    response.writeHead(200, usable).end("[]");
  };
  const query =
    "?offset=7_0&handle=1-2&live=true&cursor=9&log=changes_only&expired_handle=1-1&cache-buster=x%26secret%3Dy";
  await ask({
    query,
    headers: { authorization: "Bearer token", cookie: "a=b", "x-forwarded-for": "10.0.0.1" },
  });
  const asked = new URL(seen?.url ?? "", url);
  expect(asked.pathname).toBe("/v1/shape");
  expect(Object.fromEntries(asked.searchParams)).toEqual({
    table: "shape_leases",
    columns: expect.stringContaining("serial") as unknown,
    where: "node_id = $1",
    "params[1]": "n1",
    replica: "full",
    secret,
    offset: "7_0",
    handle: "1-2",
    live: "true",
    cursor: "9",
    log: "changes_only",
    expired_handle: "1-1",
    "cache-buster": "x&secret=y",
  });
  expect(seen?.headers).not.toHaveProperty("authorization");
  expect(seen?.headers).not.toHaveProperty("cookie");
  expect(seen?.headers).not.toHaveProperty("x-forwarded-for");
});

test("an Electric behind a path of its own is asked there", async () => {
  const paths: (string | undefined)[] = [];
  handle = (request, response) => {
    paths.push(request.url?.split("?")[0]);
    response.writeHead(200, usable).end("[]");
  };
  for (const base of [`${url}/electric`, `${url}/electric/`]) await ask({ source: newSource({ url: base }) });
  expect(paths).toEqual(["/electric/v1/shape", "/electric/v1/shape"]);
});

test("an unknown shape is not asked for", async () => {
  let asked = 0;
  handle = (_, response) => {
    asked += 1;
    response.end();
  };
  for (const shape of ["vouchers", "__proto__", "toString"]) expect((await ask({ shape })).status).toBe(404);
  expect(asked).toBe(0);
});

describe("versions (3)", () => {
  test.each(["1.7.11", "1.6.20", "0.9.4", "1.7.12-beta.1", "v1.0.0"])("%s is too old", (version) => {
    expect(isTooOld(`ElectricSQL/${version}`)).toBe(true);
  });

  test.each(["1.7.12", "1.7.12-4-gabcdef0", "1.7.13", "1.10.0", "2.0.0"])("%s is not", (version) => {
    expect(isTooOld(`ElectricSQL/${version}`)).toBe(false);
  });

  test("what cannot be read as a version is let be", () => {
    for (const server of [null, "", "nginx", "ElectricSQL/main"]) expect(isTooOld(server)).toBe(false);
  });

  test("at the start it is looked at without the secret", async () => {
    handle = (request, response) => {
      expect(request.url).toBe("/v1/health");
      response.writeHead(200, { "electric-server": "ElectricSQL/1.7.11" }).end();
    };
    expect(await probeElectric(url)).toBe("too-old");
    await closeServer();
    expect(await probeElectric(url)).toBe("unreachable");
  });
});

function newSource(options: Partial<ElectricShapeSourceOptions> = {}): RunningShapeSource {
  return createElectricShapeSource({
    url,
    secret,
    log: { warn: (fields) => logged.push(fields) },
    ...options,
  });
}

function ask({
  source = newSource(),
  shape = "leases",
  query = "?offset=-1",
  ...init
}: { source?: RunningShapeSource; shape?: string; query?: string } & RequestInit = {}): Promise<Response> {
  const request = new Request(`http://server/v1/shapes/${shape}${query}`, init);
  return answerShapeRequest(source, request, { shape, nodeId: "n1" });
}
