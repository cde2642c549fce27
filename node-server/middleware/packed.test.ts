import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { gunzip, gzip } from "#sync/gzip.ts";
import { packAnswer, unpackRequest } from "./packed.ts";

const app = new Hono();
app.use("/v1/*", packAnswer, unpackRequest(1000));
app.post("/v1/echo", async (c) =>
  c.body(await c.req.arrayBuffer(), 200, { "content-type": "application/cbor" }),
);
app.get("/v1/shapes/leases", (c) => c.body("x".repeat(2000)));

function post(body: Uint8Array, headers: Readonly<Record<string, string>> = {}) {
  return app.request("/v1/echo", { method: "POST", body: Uint8Array.from(body), headers });
}

const thousand = new Uint8Array(1000).fill(7);

describe("the body of a node's call", () => {
  test("arrives the same, packed or not", async () => {
    for (const [body, headers] of [
      [thousand, {}],
      [await gzip(thousand), { "content-encoding": "gzip" }],
      [thousand, { "content-encoding": "identity" }],
    ] as const) {
      const answer = await post(body, headers);
      expect(answer.status).toBe(200);
      expect(new Uint8Array(await answer.arrayBuffer())).toEqual(thousand);
    }
  });

  test("3: is refused with 413 where it is too large, and where it would become so", async () => {
    const large = new Uint8Array(1001);
    expect((await post(large)).status).toBe(413);
    const packed = await post(await gzip(large), { "content-encoding": "gzip" });
    expect(packed.status).toBe(413);
    expect(await packed.json()).toMatchObject({
      code: "too-large",
      message: expect.stringContaining("1000 bytes"),
    });
    expect((await post(await gzip(new Uint8Array(50_000_000)), { "content-encoding": "gzip" })).status).toBe(
      413,
    );
  });

  test("is refused with 415 in another encoding, and with 400 where it cannot be unpacked", async () => {
    expect((await post(thousand, { "content-encoding": "br" })).status).toBe(415);
    expect((await post(thousand, { "content-encoding": "gzip" })).status).toBe(400);
  });
});

describe("an answer", () => {
  test("is packed for whoever takes it so, and says so", async () => {
    const answer = await post(thousand, { "accept-encoding": "gzip, deflate" });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(answer.headers.get("vary")).toContain("accept-encoding");
    const packed = new Uint8Array(await answer.arrayBuffer());
    expect(packed.length).toBeLessThan(100);
    expect(await gunzip(packed, 1000)).toEqual({ ok: true, bytes: thousand });
  });

  test("is left alone where it is small, not asked for, or a shape", async () => {
    const small = await post(new Uint8Array(10), { "accept-encoding": "gzip" });
    expect(small.headers.get("content-encoding")).toBeNull();
    expect((await post(thousand)).headers.get("content-encoding")).toBeNull();
    const shape = await app.request("/v1/shapes/leases", { headers: { "accept-encoding": "gzip" } });
    expect(shape.headers.get("content-encoding")).toBeNull();
  });
});
