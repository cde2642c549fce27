/** Signing in with a local account, over HTTP against a real server. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authenticator, invite, Person, signedIn } from "../../test/support/console.ts";
import { operateOn } from "../../test/support/operate.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const wrong = { status: 401, body: { refusal: "wrong" } };

async function auditOf(name: string): Promise<{ action: string; actor: string; after: unknown }[]> {
  const { rows } = await server.client.pool.query<{ action: string; actor: string; after: unknown }>(
    `select action, actor, after from audit_entries where subject = $1 order by id`,
    [`operator:${name}`],
  );
  return rows;
}

describe("an invitation", () => {
  test("is a one-time password, with which the person chooses their own", async () => {
    const password = await invite(server, "Amina", "auditor");
    const amina = new Person(server.url, "Amina");
    await amina.accept(password);
    expect((await amina.get("me")).body).toMatchObject({ signedIn: true, name: "Amina", roles: ["auditor"] });
    expect(await new Person(server.url, "Amina").post("sign-in", { name: "Amina", password })).toEqual(wrong);
    expect((await auditOf("Amina")).map(({ action }) => action)).toEqual([
      "operator.add",
      "operator.accept-invitation",
      "operator.sign-in",
      "operator.sign-in-failed",
    ]);
  });

  test("takes no short password, none with the name, and not the one-time one", async () => {
    const password = await invite(server, "Bola", "support");
    const bola = new Person(server.url, "Bola");
    const { body } = await bola.post("sign-in", { name: "Bola", password });
    const code = await new Authenticator(String(body["typedSecret"])).code();
    for (const chosen of ["short", "bola and twelve more", password]) {
      const told = await bola.post("accept-invitation", { name: "Bola", password, chosen, code });
      expect(told, chosen).toEqual({ status: 400, body: { refusal: "unfit-password" } });
    }
  });

  test("is over in time", async () => {
    const password = await invite(server, "Chidi", "support");
    await server.client.pool.query(
      `update operators set invited_until = clock_timestamp() - interval '1 minute' where name = 'Chidi'`,
    );
    const told = await new Person(server.url, "Chidi").post("sign-in", { name: "Chidi", password });
    expect(told).toEqual({ status: 401, body: { refusal: "invitation-over" } });
  });

  test("gives no name to another person, whatever its case", async () => {
    await invite(server, "Dina", "support");
    const said = await operateOn(server, "operator", "add", "DINA", "--role", "auditor", "--by", "Test");
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining("taken") });
  });
});

describe("signing in", () => {
  test("needs the password and a code, and takes no code twice", async () => {
    const person = await signedIn(server, "Efua", "auditor");
    const { name, password } = person;
    const stranger = new Person(server.url, name);
    expect(await stranger.post("sign-in", { name, password })).toEqual(wrong);
    expect(await stranger.post("sign-in", { name, password, code: "000000" })).toEqual(wrong);
    const code = await person.authenticator!.code();
    expect((await stranger.post("sign-in", { name: "efua", password, code })).status).toBe(200);
    expect(await new Person(server.url, name).post("sign-in", { name, password, code })).toEqual(wrong);
  });

  test("tells nothing of who has an account", async () => {
    const stranger = new Person(server.url, "x");
    expect(await stranger.post("sign-in", { name: "Nobody At All", password: "some password" })).toEqual(
      wrong,
    );
  });

  test("waits longer and longer after tries that fail, also when they come all at once", async () => {
    const person = await signedIn(server, "Femi", "auditor");
    const tries = Array.from({ length: 12 }, () =>
      new Person(server.url, "Femi").post("sign-in", { name: "Femi", password: "guessed" }),
    );
    const told = await Promise.all(tries);
    expect(told.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(told.filter(({ status }) => status === 429)).toHaveLength(7);
    const again = await person.signIn();
    expect(again).toMatchObject({ status: 429, body: { refusal: "locked" } });
    expect(again.body["seconds"]).toBeGreaterThan(20);
    await server.client.pool.query(
      `update operators set locked_until = clock_timestamp() - interval '1 second' where name = 'Femi'`,
    );
    await new Person(server.url, "Femi").post("sign-in", { name: "Femi", password: "guessed" });
    const { rows } = await server.client.pool.query<{ wait: number }>(
      `select extract(epoch from locked_until - clock_timestamp())::int as wait from operators where name = 'Femi'`,
    );
    expect(rows[0]?.wait).toBeGreaterThan(50);
    await server.client.pool.query(`update operators set locked_until = null where name = 'Femi'`);
    expect((await person.signIn()).status).toBe(200);
    const after = await server.client.pool.query(`select failures from operators where name = 'Femi'`);
    expect(after.rows).toEqual([{ failures: 0 }]);
  });

  test("from another site's page is refused", async () => {
    const told = await new Person(server.url, "x").post(
      "sign-in",
      { name: "x", password: "y" },
      { origin: "https://evil.example" },
    );
    expect(told).toEqual({ status: 403, body: { refusal: "not-our-page" } });
  });
});

describe("a session", () => {
  test("is a cookie that scripts and other sites have nothing of, and a hash in the database", async () => {
    const person = await signedIn(server, "Gita", "auditor");
    const { name, password } = person;
    const response = await fetch(`${server.url}/console/api/sign-in`, {
      method: "POST",
      headers: { origin: server.url, "content-type": "application/json" },
      body: JSON.stringify({ name, password, code: await person.authenticator!.code() }),
    });
    const [cookie = ""] = response.headers.getSetCookie();
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(cookie).toContain("Path=/console;");
    const id = cookie.split(";")[0]!.split("=")[1]!;
    const { rows } = await server.client.pool.query(
      `select from operator_sessions where encode(id_hash, 'base64') = $1 or encode(id_hash, 'escape') = $1`,
      [id],
    );
    expect(rows).toEqual([]);
  });

  test("is Secure where the browser came by https", async () => {
    const person = await signedIn(server, "Hana", "auditor");
    const { host } = new URL(server.url);
    const response = await fetch(`${server.url}/console/api/sign-in`, {
      method: "POST",
      headers: { origin: `https://${host}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: person.name,
        password: person.password,
        code: await person.authenticator!.code(),
      }),
    });
    expect(response.headers.getSetCookie()[0]).toContain("Secure");
  });

  test.each([
    ["idle", `update operator_sessions set seen_at = seen_at - interval '31 minutes'`],
    ["old", `update operator_sessions set expires_at = clock_timestamp() - interval '1 second'`],
  ])("ends when it is %s", async (_why, sql) => {
    const person = await signedIn(server, `Ines ${_why}`, "auditor");
    expect((await person.get("nodes")).status).toBe(200);
    await server.client.pool.query(
      `${sql} where operator_id = (select id from operators where name = 'Ines ${_why}')`,
    );
    expect(await person.get("nodes")).toEqual({ status: 401, body: { refusal: "signed-out" } });
  });

  test("is not kept open by what the page asks by itself", async () => {
    const person = await signedIn(server, "Joao", "auditor");
    const age = `update operator_sessions set seen_at = clock_timestamp() - interval '20 minutes'
      where operator_id = (select id from operators where name = 'Joao')`;
    const seen = async () => {
      const { rows } = await server.client.pool.query<{ old: boolean }>(
        `select seen_at < clock_timestamp() - interval '10 minutes' as old from operator_sessions
         where operator_id = (select id from operators where name = 'Joao')`,
      );
      return rows[0]?.old;
    };
    await server.client.pool.query(age);
    expect((await person.get("nodes", { "x-live": "1" })).status).toBe(200);
    expect(await seen()).toBe(true);
    expect((await person.get("nodes")).status).toBe(200);
    expect(await seen()).toBe(false);
  });

  test("ends at once for whoever signs out, is disabled or invited anew", async () => {
    const out = { status: 401, body: { refusal: "signed-out" } };
    const kofi = await signedIn(server, "Kofi", "auditor");
    expect((await kofi.post("sign-out", {})).status).toBe(200);
    expect(await kofi.get("nodes")).toEqual(out);

    const lena = await signedIn(server, "Lena", "auditor");
    await operateOn(server, "operator", "disable", "Lena", "--by", "Test");
    expect(await lena.get("nodes")).toEqual(out);
    expect((await lena.signIn()).status).toBe(401);

    const mei = await signedIn(server, "Mei", "auditor");
    const said = await operateOn(server, "operator", "reset", "Mei", "--by", "Test", "--json");
    expect(await mei.get("nodes")).toEqual(out);
    expect((await mei.signIn()).status).toBe(401);
    await new Person(server.url, "Mei").accept(
      (JSON.parse(said.stdout) as { oneTimePassword: string }).oneTimePassword,
    );
  });
});

test("the database keeps operators, and who they are", async () => {
  await invite(server, "Nadia", "auditor");
  await expect(server.client.pool.query(`delete from operators where name = 'Nadia'`)).rejects.toMatchObject({
    constraint: "operators_kept",
  });
  await expect(
    server.client.pool.query(`update operators set name = 'Somebody' where name = 'Nadia'`),
  ).rejects.toMatchObject({ constraint: "operators_same_person" });
});

test("operators are listed by the command line", async () => {
  await invite(server, "Olu", "merchant:M-1");
  const said = await operateOn(server, "operator", "list");
  expect(said.stdout).toMatch(/Olu +merchant +M-1 +local +invited +never/);
});
