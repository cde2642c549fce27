/** Updates that an agent took offline of payees that were changed meanwhile: both versions, for a person to decide. */
import type { Operation } from "#sync/documents/operation.ts";
import type { PayeeStatement } from "#sync/documents/payee-statement.ts";
import type { OperationContext } from "../operations/context.ts";
import { storedOperation } from "../operations/read-stored.ts";
import { statementOf } from "../operations/payees.ts";
import type { PayeeRow } from "../ports/mapper.ts";
import type { OperationRow, Store, Tx } from "../ports/store.ts";

export interface Conflict {
  /** Of the operation, in hex. */
  readonly hash: string;
  readonly node: string;
  readonly sequence: number;
  readonly since: string;
  readonly identity: string;
  /** What the server has now, and what the node wants. */
  readonly here: string;
  readonly there: string;
}

const mostShown = 1_000;

export function listConflicts(context: Pick<OperationContext, "boxKeys">, store: Store): Promise<Conflict[]> {
  return store.transaction(async (tx) => {
    const held = await tx.operations.heldBecause("changed-meanwhile", mostShown);
    const conflicts: Conflict[] = [];
    for (const row of held) conflicts.push(...(await conflictOf(context, tx, row)));
    return conflicts;
  });
}

async function conflictOf(
  context: Pick<OperationContext, "boxKeys">,
  tx: Tx,
  row: OperationRow,
): Promise<Conflict[]> {
  const operation: Operation = storedOperation(row);
  const { body } = operation;
  if (body.type !== "update-beneficiary") return [];
  const statement = statementOf(context, { body, sealed: row.sealed });
  const programme = await tx.payees.programmeOf(row.nodeId, body.programme);
  if (!statement || !programme) return [];
  const payee = await tx.payees.find(programme.institutionId, statement.identity);
  return [
    {
      hash: Buffer.from(row.hash).toString("hex"),
      node: row.nodeId,
      sequence: row.sequence,
      since: new Date(operation.wallTimeMs).toISOString(),
      identity: statement.identity,
      here: payee ? payeeText(payee) : "not registered",
      there: `${statementText(statement)}, based on version ${body.basedOn}`,
    },
  ];
}

function payeeText(payee: PayeeRow): string {
  const addresses = payee.addresses.map(({ n, modality, institutionCode, address, active }) =>
    [
      modality,
      institutionCode ?? "",
      address ?? "",
      active ? "" : "(inactive)",
      n === payee.preferred ? "(preferred)" : "",
    ]
      .filter((part) => part !== "")
      .join(" "),
  );
  return `${payee.state}, ${addresses.join("; ") || "no address"}, version ${payee.version}`;
}

function statementText({ modality, institutionCode, address, active }: PayeeStatement): string {
  const standing = active === null ? "" : active ? "active" : "inactive";
  return [standing, modality ?? "", institutionCode ?? "", address ?? ""]
    .filter((part) => part !== "")
    .join(" ");
}
