import { expect, test } from "vitest";
import { answerShapeRequest } from "./http.ts";
import type { ShapeAnswer, ShapeRequest, ShapeSource } from "./source.ts";

const reader = { shape: "leases", nodeId: "n1" };
const url = "http://server/v1/shapes/leases";

test("the node and the shape come from the server, the rest from the protocol's own parameters", async () => {
  const { source, asked } = recording();
  await answerShapeRequest(
    source,
    new Request(
      `${url}?offset=7_0&handle=1-2&live=true&cursor=9&log=changes_only&expired_handle=1-1&cache-buster=x`,
    ),
    reader,
  );
  expect(asked).toEqual([
    {
      shape: "leases",
      nodeId: "n1",
      offset: "7_0",
      handle: "1-2",
      live: true,
      log: "changes_only",
      cursor: "9",
      expiredHandle: "1-1",
      cacheBuster: "x",
    },
  ]);
});

test.each([
  "table",
  "where",
  "columns",
  "params",
  "params[1]",
  "params%5B1%5D",
  "replica",
  "subset__where",
  "secret",
  "Offset",
])("a parameter that is not of the protocol is refused and reaches no source: %s", async (name) => {
  const { source, asked } = recording();
  const response = await answerShapeRequest(source, new Request(`${url}?offset=-1&${name}=n2`), reader);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    message: "Invalid request",
    errors: { [decodeURIComponent(name)]: ["is decided by the server"] },
  });
  expect(asked).toEqual([]);
});

test("no answer may be kept by a shared cache", async () => {
  const answers: ShapeAnswer[] = [
    rows,
    { kind: "must-refetch" },
    { kind: "must-refetch", handle: "1-3" },
    { kind: "unknown-shape" },
    { kind: "invalid", errors: {} },
  ];
  for (const answer of answers) {
    for (const query of ["offset=-1", "offset=0_0&handle=1-2", "offset=0_inf&handle=1-2&live=true"]) {
      const response = await answerShapeRequest(answering(answer), new Request(`${url}?${query}`), reader);
      expect(response.headers.get("cache-control")).toMatch(/^(private|no-store)/);
      expect(response.headers.get("vary")).toContain("Authorization");
    }
  }
});

test("what is there as a whole comes with its length in bytes, what streams without one", async () => {
  const lengthOf = async (body: string | ReadableStream<Uint8Array>) => {
    const { source } = recording({ ...rows, body });
    const response = await answerShapeRequest(source, new Request(`${url}?offset=-1`), reader);
    const read = (await response.arrayBuffer()).byteLength;
    return [response.headers.get("content-length"), read];
  };
  expect(await lengthOf('["é"]')).toEqual(["6", 6]);
  expect(await lengthOf(new Blob(['["é"]']).stream())).toEqual([null, 6]);
});

test("an unknown shape is not found", async () => {
  const response = await answerShapeRequest(
    answering({ kind: "unknown-shape" }),
    new Request(`${url}?offset=-1`),
    reader,
  );
  expect(response.status).toBe(404);
});

test("nothing is written, whatever the method", async () => {
  const { source, asked } = recording();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const response = await answerShapeRequest(source, new Request(`${url}?offset=-1`, { method }), reader);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  }
  expect(asked).toEqual([]);
});

test("a cursor never comes back as it was sent", async () => {
  let cursor = "";
  for (let request = 0; request < 20; request += 1) {
    const response = await answerShapeRequest(
      answering(rows),
      new Request(`${url}?offset=0_inf&handle=1-2&live=true&cursor=${cursor}`),
      reader,
    );
    const next = response.headers.get("electric-cursor") ?? "";
    expect(next).toMatch(/^\d+$/);
    expect(next).not.toBe(cursor);
    cursor = next;
  }
});

test("an answer that found nothing is never taken for unchanged", async () => {
  const first = await askAgain("");
  const second = await askAgain(first.headers.get("etag") ?? "");
  expect(second.status).toBe(200);
});

test("a source that fails after the client has gone is no failure, and any other is", async () => {
  const client = new AbortController();
  const failing: ShapeSource = { fetch: () => Promise.reject(new Error("cut")) };
  const request = () => new Request(`${url}?offset=-1`, { signal: client.signal });
  await expect(answerShapeRequest(failing, request(), reader)).rejects.toThrow("cut");
  client.abort();
  expect((await answerShapeRequest(failing, request(), reader)).status).toBe(499);
});

const rows = {
  kind: "messages",
  handle: "1-2",
  offset: "7_0",
  upToDate: true,
  hasData: true,
  schema: "{}",
  body: "[]",
} as const satisfies ShapeAnswer;

function askAgain(etag: string): Promise<Response> {
  const source = answering({ ...rows, hasData: false });
  const headers = { "if-none-match": etag };
  return answerShapeRequest(
    source,
    new Request(`${url}?offset=7_0&handle=1-2&live=true`, { headers }),
    reader,
  );
}

function answering(answer: ShapeAnswer): ShapeSource {
  return { fetch: () => Promise.resolve(answer) };
}

function recording(answer: ShapeAnswer = rows): { source: ShapeSource; asked: ShapeRequest[] } {
  const asked: ShapeRequest[] = [];
  const fetch = (request: ShapeRequest) => {
    asked.push(request);
    return Promise.resolve(answer);
  };
  return { source: { fetch }, asked };
}
