/** A caller's reading of vouchers or of people's payments, told in the audit trail (GovStack Payments BB, section 6.12). */
import type { Tx } from "../ports/store.ts";
import type { Caller } from "./caller-request.ts";

export function recordRead(
  tx: Pick<Tx, "audit">,
  c: Caller,
  action: `${string}.read`,
  subject: string,
  detail: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  return tx.audit.record({
    actor: `institution:${c.get("institutionId")}`,
    action,
    subject,
    after: { caller: c.get("callerName"), ...detail },
  });
}
