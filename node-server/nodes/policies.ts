/**
 * Policies: issued by an operator, each version once, signed and told to every node (design section 4.2). What they
 * allow is written in `sync/documents/policy.ts`.
 */
import { decodePolicy, encodePolicy } from "#sync/documents/policy.ts";
import type { Policy } from "#sync/documents/policy.ts";
import { parseDocument, signDocument } from "#sync/signing/cose.ts";
import type { Signer } from "#sync/signing/signers.ts";
import type { PolicyRow, Store } from "../ports/store.ts";

/** What an operator decides; the rest comes with issuing it. */
export type PolicyWish = Omit<Policy, "version" | "issuedAtMs">;

/** Issues the next version. Nodes get it with their next sync, and keep to it from the contact after that. */
export function issuePolicy(store: Store, signer: Signer, wish: PolicyWish, by: string): Promise<Policy> {
  return store.transaction(async (tx) => {
    await tx.limits.lockPolicies();
    const current = await tx.limits.currentPolicy();
    const issuedAtMs = (await tx.now()).getTime();
    const policy: Policy = { ...wish, version: (current?.version ?? 0) + 1, issuedAtMs };
    const document = await signDocument(signer, encodePolicy(policy));
    await tx.limits.issuePolicy({
      version: policy.version,
      document,
      lateSettlementHours: policy.atRisk?.lateSettlementHours ?? 0,
      issuedBy: by,
    });
    await tx.audit.record({
      actor: `operator:${by}`,
      action: "policy.issue",
      subject: `policy:${policy.version}`,
      ...(current && { before: { version: current.version } }),
      after: plain(policy),
    });
    return policy;
  });
}

/** A stored policy; it was signed here, so its signature is not looked at. */
export function readPolicy({ version, document }: Pick<PolicyRow, "version" | "document">): Policy {
  const parsed = parseDocument(document);
  const policy = parsed.ok ? decodePolicy(parsed.payload) : undefined;
  if (!policy?.ok) throw new Error(`policy ${version} cannot be read`);
  return policy.value;
}

/** For JSON, which has no bigint. */
function plain(policy: Policy): Readonly<Record<string, unknown>> {
  const text = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.parse(JSON.stringify(policy, text)) as Record<string, unknown>;
}
