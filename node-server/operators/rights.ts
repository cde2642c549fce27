/**
 * Who may do what in the console: every action with the roles that may do it, in one total map. Whatever is not in it cannot
 * be done (`console/actions.ts` is checked against it by the compiler); docs/security.md has it as a table, which a test
 * compares. Pure, and without imports: the page reads it too.
 */

/** People of the programme. */
export const innerRoles = [
  "administrator",
  "programme-manager",
  "voucher-officer",
  "approver",
  "auditor",
  "support",
] as const;

/** Others, each of whom sees only what is theirs. */
export const partyRoles = ["fsp", "biller", "merchant"] as const;

export const roles = [...innerRoles, ...partyRoles] as const;

export type PartyRole = (typeof partyRoles)[number];
export type Role = (typeof roles)[number];

export const rights = {
  overview: innerRoles,

  nodes: ["administrator", "programme-manager", "auditor", "support", "merchant"],
  nodeLimits: ["administrator", "programme-manager", "auditor", "support"],
  "node.freeze": ["administrator", "support"],
  "node.revoke": ["administrator"],

  vouchers: innerRoles,
  voucher: innerRoles,
  "voucher.suspend": ["programme-manager", "voucher-officer"],
  "voucher.unsuspend": ["programme-manager", "voucher-officer"],
  "voucher.cancel": ["programme-manager", "voucher-officer"],

  voucherBatches: innerRoles,

  batches: ["administrator", "programme-manager", "approver", "auditor", "support"],
  "batch.text": ["administrator", "programme-manager", "approver", "auditor", "support"],
  "batch.approve": ["approver"],
  "batch.steer": ["administrator", "programme-manager"],

  approvals: innerRoles,
  "approval.approve": ["administrator", "approver"],
  "approval.withdraw": ["administrator", "programme-manager", "approver"],

  operations: [...innerRoles, "merchant"],
  "operation.evidence": innerRoles,
  "held.propose": ["administrator", "programme-manager", "support"],
  "held.decide": ["administrator", "approver"],
  "held.retry": ["administrator", "support"],

  disputes: [...innerRoles, "merchant"],
  "dispute.evidence": innerRoles,
  "dispute.propose": ["programme-manager", "support"],
  "dispute.decide": ["administrator", "approver"],

  callbacks: ["administrator", "programme-manager", "auditor", "support"],
  "callback.resend": ["administrator", "support"],

  beneficiaries: innerRoles,
  disclosures: ["administrator", "programme-manager", "approver", "auditor", "support"],
  "disclosure.propose": ["programme-manager", "support"],
  "disclosure.show": ["programme-manager", "support"],
  merchants: [...innerRoles, "fsp", "merchant"],
  matrix: innerRoles,
  billers: [...innerRoles, "biller"],

  cases: innerRoles,
  case: innerRoles,
  "case.open": ["programme-manager", "support"],
  "case.assign": ["programme-manager"],
  "case.work": ["programme-manager", "support"],

  alerts: innerRoles,
  "alert.end": ["administrator", "programme-manager", "support"],

  audit: ["administrator", "auditor"],
  auditCheck: ["administrator", "auditor"],

  stock: innerRoles,
  budgets: innerRoles,
  takeUp: innerRoles,
  unusedLeases: [...innerRoles, "merchant"],
  settlements: ["administrator", "programme-manager", "auditor", "support", "biller"],
  payouts: ["administrator", "programme-manager", "auditor", "support", "fsp", "merchant"],
  fees: ["administrator", "programme-manager", "auditor"],
  accounts: ["administrator", "programme-manager", "auditor", ...partyRoles],

  operators: ["administrator", "auditor"],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type ActionName = keyof typeof rights;

export const actionNames = Object.keys(rights) as readonly ActionName[];

export function mayDo(held: readonly Role[], action: ActionName): boolean {
  const allowed: readonly Role[] = rights[action];
  return held.some((role) => allowed.includes(role));
}

/** What an outside party is bound to; undefined for people of the programme, who see everything. */
export interface Party {
  readonly role: PartyRole;
  readonly id: string;
}

export interface Grant {
  readonly roles: readonly Role[];
  readonly party: Party | undefined;
}

export type GrantRefusal =
  | "no-role"
  | "unknown-role"
  | "party-without-id"
  | "id-without-party"
  | "party-and-more";

/** Reads roles as they are written on the command line and in a provider's claim: `auditor`, `merchant:M-1`. */
export function readGrant(
  texts: readonly string[],
): { readonly ok: true; readonly grant: Grant } | { readonly ok: false; readonly refusal: GrantRefusal } {
  const read = texts.map((text) => {
    const [name, ...rest] = text.split(":");
    return { role: roles.find((role) => role === name), id: rest.length === 0 ? undefined : rest.join(":") };
  });
  const refused = (refusal: GrantRefusal) => ({ ok: false, refusal }) as const;
  if (read.length === 0) return refused("no-role");
  const named: Role[] = [];
  let party: Party | undefined;
  for (const { role, id } of read) {
    if (role === undefined) return refused("unknown-role");
    if (isPartyRole(role)) {
      if (id === undefined || id === "") return refused("party-without-id");
      party = { role, id };
    } else if (id !== undefined) return refused("id-without-party");
    if (!named.includes(role)) named.push(role);
  }
  if (party !== undefined && read.length > 1) return refused("party-and-more");
  return { ok: true, grant: { roles: named, party } };
}

export function isPartyRole(role: Role): role is PartyRole {
  return partyRoles.some((other) => other === role);
}
