/** Role × action, each cell written down here a second time: a right is never given by the way. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Action } from "../console/action.ts";
import { actions } from "../console/actions.ts";
import { actionNames, mayDo, partyRoles, readGrant, rights, roles } from "./rights.ts";
import { rightsTable } from "../../test/support/rights-table.ts";

const security = fileURLToPath(new URL("../../docs/security.md", import.meta.url));

describe("rights", () => {
  test("docs/security.md has each action with each role, as it is", async () => {
    const text = await readFile(security, "utf8");
    expect(text).toContain(rightsTable());
  });

  test("nobody may do anything without a role", () => {
    expect(actionNames.filter((action) => mayDo([], action))).toEqual([]);
  });

  test("each action is somebody's, and each role has one", () => {
    for (const action of actionNames) expect(rights[action].length, action).toBeGreaterThan(0);
    for (const role of roles)
      expect(
        actionNames.some((action) => mayDo([role], action)),
        role,
      ).toBe(true);
  });

  test("an auditor changes nothing", () => {
    const changes = actionNames.filter((action) => actions[action].kind === "change");
    expect(changes.length).toBeGreaterThan(5);
    expect(changes.filter((action) => mayDo(["auditor"], action))).toEqual([]);
  });

  test("an outside party is shown lists only, and of each what is its own", () => {
    for (const role of partyRoles) {
      for (const name of actionNames.filter((action) => mayDo([role], action))) {
        const action: Action = actions[name];
        expect(action.kind === "list" && action.source.own?.[role], `${role}: ${name}`).toBeTruthy();
      }
    }
  });
});

describe("roles as they are written", () => {
  test.each([
    [["auditor"], { roles: ["auditor"], party: undefined }],
    [["approver", "auditor", "approver"], { roles: ["approver", "auditor"], party: undefined }],
    [["merchant:M-1"], { roles: ["merchant"], party: { role: "merchant", id: "M-1" } }],
    [["fsp:a:b"], { roles: ["fsp"], party: { role: "fsp", id: "a:b" } }],
  ])("%j are a grant", (texts, grant) => {
    expect(readGrant(texts)).toEqual({ ok: true, grant });
  });

  test.each([
    [[], "no-role"],
    [["root"], "unknown-role"],
    [["toString"], "unknown-role"],
    [["merchant"], "party-without-id"],
    [["merchant:"], "party-without-id"],
    [["auditor:M-1"], "id-without-party"],
    [["merchant:M-1", "auditor"], "party-and-more"],
    [["merchant:M-1", "merchant:M-2"], "party-and-more"],
  ])("%j are none: %s", (texts, refusal) => {
    expect(readGrant(texts)).toEqual({ ok: false, refusal });
  });
});
