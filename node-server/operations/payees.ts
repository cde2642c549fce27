/**
 * What agents do with payees, as their nodes signed it: look-ups for the audit trail, registrations and updates taken
 * offline. A change of a payee that was changed meanwhile waits for people, who see both versions.
 */
import type { BeneficiaryChange, BeneficiaryRefusal } from "#core/beneficiary.ts";
import type { Operation, PayeeBody } from "#sync/documents/operation.ts";
import { openStatement } from "#sync/documents/payee-statement.ts";
import type { PayeeStatement } from "#sync/documents/payee-statement.ts";
import { changePayees } from "../mapper/change-payees.ts";
import type { NodeProgramme } from "../ports/mapper.ts";
import type { NodeRow, Tx } from "../ports/store.ts";
import type { OperationContext } from "./context.ts";
import type { Verdict } from "./verdicts.ts";

export interface PayeeOperation {
  readonly operation: Operation;
  readonly body: PayeeBody;
  readonly sealed: Uint8Array | null;
  readonly hash: Uint8Array;
}

/** `byPeople`: whoever changed the payee meanwhile, this change is to be made. */
export async function settlePayee(
  context: Pick<OperationContext, "boxKeys">,
  tx: Tx,
  node: NodeRow,
  asked: PayeeOperation,
  byPeople: boolean,
): Promise<Verdict> {
  const { body } = asked;
  const statement = statementOf(context, asked);
  if (!statement) return rejected("statement-not-proven");
  const programme = await tx.payees.programmeOf(node.id, body.programme);
  if (body.type === "look-up") return audited(tx, node, programme, asked, statement);
  if (!programme) return rejected("programme-not-granted");
  if (programme.area !== null && statement.area !== null && statement.area !== programme.area)
    return rejected("outside-the-area");
  if (body.type === "update-beneficiary") {
    const { institutionId } = programme;
    const payee = (await tx.payees.lock(institutionId, [statement.identity])).get(statement.identity);
    const isServed = payee !== undefined && servesPayee(programme, payee);
    if (!isServed || payee.state === "unlinked") return rejected("not-registered");
    if (payee.version !== body.basedOn && !byPeople)
      return { event: { type: "HOLD" }, reason: "changed-meanwhile" };
  }
  const refusal = await change(tx, node, programme, asked, statement);
  return refusal === null ? { event: { type: "APPLY" }, reason: null } : rejected(refusal);
}

export function servesPayee(
  programme: NodeProgramme,
  payee: { readonly programId: string | null; readonly area: string | null },
): boolean {
  const isOfProgramme = payee.programId === programme.programId;
  return isOfProgramme && (programme.area === null || programme.area === payee.area);
}

/** What the operation says of its payee; undefined where nothing proves it. */
export function statementOf(
  { boxKeys }: Pick<OperationContext, "boxKeys">,
  { body, sealed }: Pick<PayeeOperation, "body" | "sealed">,
): PayeeStatement | undefined {
  return sealed ? openStatement(boxKeys, sealed, body.statementCommitment) : undefined;
}

/** It has happened: there is nothing to decide, and the trail says what was seen, of whom, and why. */
async function audited(
  tx: Tx,
  node: NodeRow,
  programme: NodeProgramme | undefined,
  { operation, body }: PayeeOperation,
  { identity, reason }: PayeeStatement,
): Promise<Verdict> {
  if (body.type !== "look-up") throw new Error("only a look-up is audited alone");
  const payee = programme && (await tx.payees.find(programme.institutionId, identity));
  await tx.audit.record({
    actor: `node:${node.id}`,
    action: "mapper.look-up",
    subject: payee ? `payee:${payee.id}` : `node:${node.id}`,
    after: {
      state: body.outcome,
      revealed: body.revealed,
      because: reason,
      agent: operation.actor,
      programme: body.programme,
      asOf: body.asOfMs === null ? null : new Date(body.asOfMs).toISOString(),
      cause: `operation:${node.id}:${operation.sequence}`,
    },
  });
  return { event: { type: "APPLY" }, reason: null };
}

async function change(
  tx: Tx,
  node: NodeRow,
  { institutionId, programId, area }: NodeProgramme,
  { operation, body }: PayeeOperation,
  statement: PayeeStatement,
): Promise<BeneficiaryRefusal | null> {
  const work = {
    institutionId,
    programId,
    actor: `node:${node.id}`,
    cause: `operation:${node.id}:${operation.sequence}`,
  };
  const item = {
    line: 1,
    payeeIdentity: statement.identity,
    area: statement.area ?? area,
    changes: changesOf(body, statement),
  };
  // Left out when somebody registers the payee at this very moment: the second time it is there.
  const once = (await changePayees(tx, work, [item])).get(1);
  const outcome = once === undefined ? (await changePayees(tx, work, [item])).get(1) : once;
  if (outcome === undefined) throw new Error("a payee that is registered already was not found");
  return outcome;
}

function changesOf(body: PayeeBody, statement: PayeeStatement): readonly BeneficiaryChange[] {
  const { modality, institutionCode, address, active } = statement;
  if (body.type === "register-beneficiary")
    return [{ type: "REGISTER", address: modality === null ? null : { modality, institutionCode, address } }];
  const update = {
    modality: modality ?? undefined,
    institutionCode: institutionCode ?? undefined,
    address: address ?? undefined,
  };
  return [
    ...(modality === null && address === null ? [] : [{ type: "UPDATE_ADDRESS" as const, update }]),
    ...(active === null ? [] : [{ type: active ? ("ACTIVATE" as const) : ("DEACTIVATE" as const) }]),
  ];
}

function rejected(reason: string): Verdict {
  return { event: { type: "REJECT" }, reason };
}
