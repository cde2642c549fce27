/** Every action × every role, over HTTP against a real server: who may not, is told so, and nothing happens. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Person, signedIn } from "../../test/support/console.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { actionNames, isPartyRole, mayDo, roles } from "../operators/rights.ts";
import type { Role } from "../operators/rights.ts";
import { actions } from "./actions.ts";

let server: TestServer;
const people = new Map<Role, Person>();

beforeAll(async () => {
  server = await startTestServer();
  for (const role of roles) {
    people.set(role, await signedIn(server, `A ${role}`, isPartyRole(role) ? `${role}:nobody` : role));
  }
});
afterAll(() => server.close());

function call(person: Person, action: (typeof actionNames)[number]) {
  return actions[action].kind === "change" ? person.post(action, {}) : person.get(action);
}

describe.each(roles)("%s", (role) => {
  test.each(actionNames)("%s: allowed exactly where the table says so", async (action) => {
    const person = people.get(role)!;
    const told = await call(person, action);
    if (mayDo([role], action)) {
      // Without input nothing can be done either: but it is the input that is missing.
      expect([200, 400], JSON.stringify(told.body)).toContain(told.status);
    } else {
      expect(told).toEqual({ status: 403, body: { refusal: "not-allowed" } });
    }
  });
});

test.each(actionNames)("%s: nobody who is not signed in", async (action) => {
  const stranger = new Person(server.url, "nobody");
  expect(await call(stranger, action)).toEqual({ status: 401, body: { refusal: "signed-out" } });
});

test.each(actionNames.filter((action) => actions[action].kind === "change"))(
  "%s: not from a page of another site, and not without the page's token",
  async (action) => {
    const role = roles.find((one) => mayDo([one], action))!;
    const person = people.get(role)!;
    const notOurs = { status: 403, body: { refusal: "not-our-page" } };
    expect(await person.post(action, {}, { origin: "https://evil.example" })).toEqual(notOurs);
    expect(await person.post(action, {}, { "sec-fetch-site": "cross-site" })).toEqual(notOurs);
    expect(await person.post(action, {}, { "x-csrf-token": "guessed" })).toEqual(notOurs);
    expect((await person.get(action)).status).toBe(405);
  },
);

test("what is no action is not there, whatever it is called", async () => {
  const person = people.get("administrator")!;
  for (const name of ["toString", "__proto__", "constructor", "nothing"])
    expect((await person.get(name)).body, name).toEqual({ refusal: "no-such-action" });
});
