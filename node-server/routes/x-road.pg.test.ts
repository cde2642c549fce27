/** Callers by way of X-Road: believed of its security server, and of nobody else. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { operateOn } from "../../test/support/operate.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import type { IsTrusted } from "../middleware/peer.ts";

let server: TestServer;
let isSecurityServer: IsTrusted;
const client = "EE/GOV/70000001/welfare";

beforeAll(async () => {
  server = await startTestServer({
    peers: { isProxy: () => false, isXRoadServer: (address) => isSecurityServer(address) },
  });
  await operate("institution", "x-road", "welfare", client, "--scope", "vouchers:read", "--by", "ana");
});
afterAll(() => server.close());
beforeEach(() => {
  isSecurityServer = (address) => address === "127.0.0.1";
});

async function operate(...words: readonly string[]) {
  return operateOn(server, ...words);
}

const ask = (headers: Record<string, string>, method = "GET") =>
  fetch(`${server.url}/vouchers`, { method, headers }).then(({ status }) => status);

describe("a client of X-Road", () => {
  test("is let in as the institution that it is, with the scopes that it has", async () => {
    expect(await ask({ "x-road-client": client })).toBe(200);
    expect(await ask({ "x-road-client": "%45E/GOV/70000001/welfare" })).toBe(200);
    expect(await ask({ "x-road-client": client, "X-Registering-Institution-ID": "other" })).toBe(403);
    expect(await ask({ "x-road-client": client }, "POST")).toBe(403);
  });

  test("is not believed from elsewhere, also beside a token or with a forwarded address", async () => {
    isSecurityServer = (address) => address === "10.0.0.9";
    const authorization = `Bearer ${await server.issuer.token("welfare")}`;
    expect(await ask({ "x-road-client": client })).toBe(403);
    expect(await ask({ "x-road-client": client, authorization })).toBe(403);
    expect(await ask({ "x-road-client": client, "x-forwarded-for": "10.0.0.9" })).toBe(403);
  });

  test("that is nobody here is refused", async () => {
    expect(await ask({ "x-road-client": "EE/GOV/70000001/other" })).toBe(403);
    expect(await ask({ "x-road-client": "EE/GOV" })).toBe(403);
    expect(await ask({ "x-road-client": "EE/GOV/7/'; drop table vouchers; --" })).toBe(403);
  });

  test("cannot bring the token of another institution, and its own counts", async () => {
    const bearer = async (id: string) => `Bearer ${await server.issuer.token(id)}`;
    expect(await ask({ "x-road-client": client, authorization: await bearer("other") })).toBe(403);
    expect(await ask({ "x-road-client": client, authorization: await bearer("welfare") })).toBe(200);
    expect(await ask({ "x-road-client": client, authorization: "Bearer nonsense" })).toBe(401);
  });

  test("is bound to one institution by an operator, and let in no longer when it is removed; both are audited", async () => {
    const other = "EE/GOV/70000002/health";
    const put = ["institution", "x-road", "welfare", other, "--by", "ana"];
    expect(await operate(...put)).toMatchObject({ code: 2 });
    expect(await operate(...put, "--scope", "vouchers:fly")).toMatchObject({ code: 2 });
    expect(
      await operate("institution", "x-road", "nobody", other, "--scope", "vouchers:read", "--by", "ana"),
    ).toMatchObject({ code: 2 });
    expect(await operate(...put, "--scope", "vouchers:read vouchers:issue")).toMatchObject({ code: 0 });
    expect(await ask({ "x-road-client": other })).toBe(200);
    expect(await operate(...put, "--remove")).toMatchObject({ code: 0 });
    expect(await ask({ "x-road-client": other })).toBe(403);
    const { rows } = await server.client.pool.query(
      "select actor from audit_entries where action = 'institution.x-road' and coalesce(after, before)->>'client' = $1",
      [other],
    );
    expect(rows).toEqual([{ actor: "operator:ana" }, { actor: "operator:ana" }]);
  });
});
