/** Signing in by OpenID Connect, against a real provider that runs as a server of its own. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

/** What the provider knows of its people. */
const people: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "subject-1": { preferred_username: "amina@example.org", roles: ["auditor", "other-program:user"] },
  "subject-2": { preferred_username: "shop@example.org", roles: ["merchant:M-1"] },
  "subject-3": { preferred_username: "nobody@example.org", roles: ["other-program:user"] },
  "subject-4": { preferred_username: "Local Person", roles: ["auditor"] },
  "subject-5": { preferred_username: "leaver@example.org", roles: ["support"] },
};

let provider: { readonly http: Server; readonly url: string };
let server: TestServer;

beforeAll(async () => {
  provider = await listen();
  server = await startTestServer({
    provider: {
      issuer: new URL(provider.url),
      clientId: "paypost-console",
      clientSecret: "a secret for trials only",
      rolesClaim: "roles",
    },
  });
  beProvider(provider, `${server.url}/console/api/provider/back`);
});
afterAll(async () => {
  await server.close();
  provider.http.closeAllConnections();
  provider.http.close();
});

describe("somebody whom the provider vouches for", () => {
  test("is signed in with the roles of the claim, and those of other programs are left alone", async () => {
    const { session, location } = await signInAs("subject-1");
    expect(location).toBe("/console/");
    const me = await meOf(session);
    expect(me).toMatchObject({
      signedIn: true,
      provider: true,
      name: "amina@example.org",
      roles: ["auditor"],
    });
    const { rows } = await server.client.pool.query(
      `select action from audit_entries where subject = 'operator:amina@example.org' order by id`,
    );
    expect(rows).toEqual([{ action: "operator.add" }, { action: "operator.sign-in" }]);
  });

  test("is the same person the next time, with the roles of then", async () => {
    const before = { ...people["subject-1"] };
    Object.assign(people["subject-1"]!, { roles: ["approver"], preferred_username: "another name" });
    const me = await meOf((await signInAs("subject-1")).session);
    expect(me).toMatchObject({ name: "amina@example.org", roles: ["approver"] });
    Object.assign(people["subject-1"]!, before);
  });

  test("of an outside party sees that party's own", async () => {
    expect(await meOf((await signInAs("subject-2")).session)).toMatchObject({
      roles: ["merchant"],
      party: "M-1",
    });
  });

  test("without a role here is not let in", async () => {
    expect(await signInAs("subject-3")).toMatchObject({
      session: "",
      location: "/console/#/sign-in/no-role",
    });
  });

  test("is not taken for a local operator of that name", async () => {
    await server.client.pool.query(
      `insert into operators (name, roles, source, password_hash, totp_secret)
       values ('local person', '{auditor}', 'local', 'x', 'x')`,
    );
    expect(await signInAs("subject-4")).toMatchObject({
      session: "",
      location: "/console/#/sign-in/name-taken",
    });
  });

  test("but is disabled here is not let in", async () => {
    await signInAs("subject-5");
    await server.client.pool.query(
      `update operators set disabled_at = now() where name = 'leaver@example.org'`,
    );
    expect(await signInAs("subject-5")).toMatchObject({
      session: "",
      location: "/console/#/sign-in/disabled",
    });
  });
});

describe("an answer of the provider is worth nothing", () => {
  test("in another browser than the one that asked", async () => {
    const { back } = await answerFor("subject-1");
    expect(await comeBack(back, "")).toMatchObject({
      session: "",
      location: "/console/#/sign-in/provider-refused",
    });
  });

  test("for another question of the same browser", async () => {
    const first = await answerFor("subject-1");
    const second = await answerFor("subject-1");
    expect(await comeBack(first.back, second.cookie)).toMatchObject({
      session: "",
      location: "/console/#/sign-in/provider-refused",
    });
  });

  test("a second time", async () => {
    const { back, cookie } = await answerFor("subject-1");
    expect((await comeBack(back, cookie)).session).not.toBe("");
    expect((await comeBack(back, cookie)).location).toBe("/console/#/sign-in/provider-refused");
  });

  test("when it was changed on the way", async () => {
    const { back, cookie } = await answerFor("subject-1");
    const changed = new URL(back);
    changed.searchParams.set("code", `${changed.searchParams.get("code")}x`);
    expect((await comeBack(changed.href, cookie)).location).toBe("/console/#/sign-in/provider-refused");
  });
});

test("a provider that is away is told, and asked again later", async () => {
  const away = await startTestServer({
    provider: {
      issuer: new URL("http://127.0.0.1:1"),
      clientId: "x",
      clientSecret: undefined,
      rolesClaim: "roles",
    },
  });
  const told = await fetch(`${away.url}/console/api/provider`, { redirect: "manual" });
  expect(told.headers.get("location")).toBe("/console/#/sign-in/provider-away");
  await away.close();
});

async function listen() {
  const http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

function beProvider({ http, url }: Awaited<ReturnType<typeof listen>>, redirectUri: string): void {
  const oidc = new Provider(url, {
    clients: [
      {
        client_id: "paypost-console",
        client_secret: "a secret for trials only",
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username", "roles"] },
    pkce: { required: () => true },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    features: { devInteractions: { enabled: true } },
  });
  const answer = oidc.callback();
  http.on("request", (request, response) => void answer(request, response));
}

interface Answer {
  readonly session: string;
  readonly location: string | null;
}

/** The whole way of a browser: to the provider, through its sign-in and consent, and back. */
async function signInAs(subject: string): Promise<Answer> {
  const { back, cookie } = await answerFor(subject);
  return comeBack(back, cookie);
}

async function answerFor(subject: string): Promise<{ readonly back: string; readonly cookie: string }> {
  const begun = await fetch(`${server.url}/console/api/provider`, { redirect: "manual" });
  const cookie = cookiesOf(begun);
  const jar = new Map<string, string>();
  let next = begun.headers.get("location") ?? "";
  for (let step = 0; step < 15 && !next.startsWith(server.url); step += 1) {
    const page = await visit(next, jar);
    next = page.headers.get("location") ?? (await submit(next, await page.text(), subject, jar));
  }
  return { back: next, cookie };
}

async function submit(at: string, page: string, subject: string, jar: Map<string, string>): Promise<string> {
  const action = /action="([^"]+)"/.exec(page)?.[1] ?? "";
  const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? "login";
  const body = new URLSearchParams({ prompt, login: subject, password: "any" });
  const sent = await visit(new URL(action, new URL(at, provider.url)).href, jar, { method: "POST", body });
  return sent.headers.get("location") ?? "";
}

async function visit(at: string, jar: Map<string, string>, init: RequestInit = {}): Promise<Response> {
  const url = new URL(at, provider.url);
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie } });
  for (const text of response.headers.getSetCookie()) {
    const [pair = ""] = text.split(";");
    const end = pair.indexOf("=");
    jar.set(pair.slice(0, end), pair.slice(end + 1));
  }
  return response;
}

async function comeBack(url: string, cookie: string): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", headers: { cookie } });
  const session = response.headers
    .getSetCookie()
    .find((text) => text.startsWith("paypost-console="))
    ?.split(";")[0];
  return { session: session ?? "", location: response.headers.get("location") };
}

async function meOf(session: string): Promise<unknown> {
  return (await fetch(`${server.url}/console/api/me`, { headers: { cookie: session } })).json();
}

function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((text) => text.split(";")[0])
    .join("; ");
}
