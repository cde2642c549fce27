/** Each state with each act, and the rules C1 to C5 of `decide.ts`. */
import { describe, expect, test } from "vitest";
import { caseActs, caseMoves, caseStates, deadlineOf, decideCase } from "./decide.ts";
import type { CaseActName, CaseFacts, CaseState } from "./decide.ts";

const now = new Date("2026-11-29T08:00:00Z");
const factsIn = (state: CaseState, owner: string | null = "Amina"): CaseFacts => ({
  kind: "complaint",
  state,
  owner,
  deadline: now,
});
const did = (act: CaseActName, by = "Amina") => ({ act, by, text: "because of this", owner: "Ben" });

/** C1, written down a second time: what is not here is refused. */
const possible = new Set([
  "open assign open",
  "open start inProgress",
  "open note open",
  "inProgress assign inProgress",
  "inProgress wait waiting",
  "inProgress note inProgress",
  "inProgress resolve resolved",
  "inProgress reject rejected",
  "waiting assign waiting",
  "waiting start inProgress",
  "waiting note waiting",
  "waiting resolve resolved",
  "waiting reject rejected",
  "resolved note resolved",
  "resolved reopen reopened",
  "rejected note rejected",
  "rejected reopen reopened",
  "reopened assign reopened",
  "reopened start inProgress",
  "reopened note reopened",
]);

describe.each(caseStates)("C1: a case that is %s", (state) => {
  test.each(caseActs)("%s: as the table says", (act) => {
    const decision = decideCase(factsIn(state), did(act), now);
    const found = decision.ok ? `${state} ${act} ${decision.next.state}` : undefined;
    const expected = [...possible].find((line) => line.startsWith(`${state} ${act} `));
    expect(found).toBe(expected);
    expect(caseMoves[state][act]).toBe(expected?.split(" ")[2] ?? null);
  });
});

test.each(["resolve", "reject"] as const)("C2: %s is the owner's alone", (act) => {
  expect(decideCase(factsIn("inProgress"), did(act, "Ben"), now)).toEqual({
    ok: false,
    refusal: "not-the-owner",
  });
});

test("C3: whoever starts a case that nobody owns owns it; another's stays another's", () => {
  expect(decideCase(factsIn("open", null), did("start", "Ben"), now)).toMatchObject({
    next: { owner: "Ben" },
  });
  expect(decideCase(factsIn("waiting"), did("start", "Ben"), now)).toMatchObject({
    next: { owner: "Amina" },
  });
});

test("C4: a reopened case is nobody's, and its time begins anew", () => {
  expect(decideCase(factsIn("rejected"), did("reopen"), now)).toMatchObject({
    next: { owner: null, deadline: deadlineOf("complaint", now) },
  });
});

test.each(["wait", "note", "resolve", "reject", "reopen"] as const)("C5: %s says why", (act) => {
  const state = act === "reopen" ? "resolved" : "inProgress";
  expect(decideCase(factsIn(state), { act, by: "Amina", text: null }, now)).toEqual({
    ok: false,
    refusal: "text-missing",
  });
});

test("assigning names somebody, and may set another deadline", () => {
  expect(decideCase(factsIn("open"), { act: "assign", by: "Amina", text: null }, now)).toEqual({
    ok: false,
    refusal: "owner-missing",
  });
  const deadline = new Date("2026-12-24T00:00:00Z");
  expect(decideCase(factsIn("open", null), { ...did("assign"), deadline }, now)).toMatchObject({
    next: { owner: "Ben", deadline },
  });
});
