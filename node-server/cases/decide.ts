/**
 * What may be done with a case, and what becomes of it. Pure; docs/disputes.md has the rules.
 *
 * - C1: a case moves as the table of states and acts says, and not otherwise.
 * - C2: only its owner resolves or rejects it.
 * - C3: whoever starts a case that nobody owns becomes its owner.
 * - C4: a reopened case belongs to nobody until it is assigned or started again, and has a new deadline.
 * - C5: resolving, rejecting, reopening, waiting and noting say why.
 */
export const caseKinds = ["query", "complaint", "dispute"] as const;
export const caseChannels = ["telephone", "visit", "letter", "message", "partner"] as const;
export const caseSubjectKinds = ["voucher", "payee", "merchant", "bill", "batch", "operation"] as const;
export const caseStates = ["open", "inProgress", "waiting", "resolved", "rejected", "reopened"] as const;
export const caseActs = ["assign", "start", "wait", "note", "resolve", "reject", "reopen"] as const;

export type CaseKind = (typeof caseKinds)[number];
export type CaseChannel = (typeof caseChannels)[number];
export type CaseSubjectKind = (typeof caseSubjectKinds)[number];
export type CaseState = (typeof caseStates)[number];
export type CaseActName = (typeof caseActs)[number];

/** What changes in a case. */
export interface CaseFacts {
  readonly kind: CaseKind;
  readonly state: CaseState;
  readonly owner: string | null;
  readonly deadline: Date;
}

export interface CaseAct {
  readonly act: CaseActName;
  readonly by: string;
  readonly text: string | null;
  /** Of `assign`: who works on it from now on. */
  readonly owner?: string;
  /** Of `assign`: another deadline. */
  readonly deadline?: Date;
}

export type CaseRefusal = "not-possible" | "not-the-owner" | "text-missing" | "owner-missing";

export type CaseDecision =
  | { readonly ok: true; readonly next: CaseFacts }
  | { readonly ok: false; readonly refusal: CaseRefusal };

/** C1. Null: not possible in that state. */
export const caseMoves = {
  open: move({ assign: "open", start: "inProgress", note: "open" }),
  inProgress: move({
    assign: "inProgress",
    wait: "waiting",
    note: "inProgress",
    resolve: "resolved",
    reject: "rejected",
  }),
  waiting: move({
    assign: "waiting",
    start: "inProgress",
    note: "waiting",
    resolve: "resolved",
    reject: "rejected",
  }),
  resolved: move({ note: "resolved", reopen: "reopened" }),
  rejected: move({ note: "rejected", reopen: "reopened" }),
  reopened: move({ assign: "reopened", start: "inProgress", note: "reopened" }),
} as const satisfies Readonly<Record<CaseState, Readonly<Record<CaseActName, CaseState | null>>>>;

function move(
  possible: Readonly<Partial<Record<CaseActName, CaseState>>>,
): Readonly<Record<CaseActName, CaseState | null>> {
  const none = {
    assign: null,
    start: null,
    wait: null,
    note: null,
    resolve: null,
    reject: null,
    reopen: null,
  };
  return { ...none, ...possible };
}

const saysWhy: ReadonlySet<CaseActName> = new Set(["wait", "note", "resolve", "reject", "reopen"]);

export function decideCase(facts: CaseFacts, asked: CaseAct, now: Date): CaseDecision {
  const refused = (refusal: CaseRefusal) => ({ ok: false, refusal }) as const;
  const { act, by, text } = asked;
  const state = caseMoves[facts.state][act];
  if (state === null) return refused("not-possible");
  if (saysWhy.has(act) && text === null) return refused("text-missing");
  if ((act === "resolve" || act === "reject") && facts.owner !== by) return refused("not-the-owner");
  if (act === "assign" && asked.owner === undefined) return refused("owner-missing");
  return {
    ok: true,
    next: {
      kind: facts.kind,
      state,
      owner: ownerAfter(facts, asked),
      deadline: act === "reopen" ? deadlineOf(facts.kind, now) : (asked.deadline ?? facts.deadline),
    },
  };
}

function ownerAfter({ owner }: CaseFacts, asked: CaseAct): string | null {
  if (asked.act === "assign") return asked.owner ?? owner;
  if (asked.act === "reopen") return null;
  return asked.act === "start" ? (owner ?? asked.by) : owner;
}

/** Days until a case should be decided, where nobody sets another deadline. */
export const daysToDecide: Readonly<Record<CaseKind, number>> = { query: 3, complaint: 10, dispute: 15 };

export function deadlineOf(kind: CaseKind, openedAt: Date): Date {
  return new Date(openedAt.getTime() + daysToDecide[kind] * 86_400_000);
}
