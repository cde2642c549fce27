/** Sessions of the console: a random id in a cookie, its hash in the database, with an end that nothing puts off. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { NewSession, OperatorRow, OperatorStore } from "../ports/operators.ts";
import { isPartyRole } from "./rights.ts";
import type { Grant } from "./rights.ts";

/** A working day; and how long nobody has to have done anything. */
export const sessionSeconds = 12 * 3600;
export const idleSeconds = 30 * 60;

export interface Operator extends Grant {
  readonly name: string;
}

export async function openSession(
  operators: OperatorStore,
  randomBytes: (length: number) => Uint8Array,
  session: Pick<NewSession, "operatorId" | "from" | "by">,
): Promise<string> {
  const id = Buffer.from(randomBytes(32)).toString("base64url");
  await operators.openSession({ ...session, idHash: hashOf(id), seconds: sessionSeconds });
  return id;
}

/** `isActive`: a person did something; what the page asks by itself keeps no session open. */
export async function operatorOfSession(
  operators: OperatorStore,
  id: string,
  isActive: boolean,
): Promise<Operator | undefined> {
  const row = await operators.session(hashOf(id), idleSeconds, isActive);
  return row && operatorOf(row);
}

export function closeSession(operators: OperatorStore, id: string): Promise<void> {
  return operators.closeSession(hashOf(id));
}

/** What a page of ours knows and sends with each change; another site's page cannot read it. */
export function csrfTokenOf(sessionId: string): string {
  return Buffer.from(sha256(utf8ToBytes(`paypost/1/console-csrf/${sessionId}`))).toString("base64url");
}

function hashOf(id: string): Uint8Array {
  return sha256(utf8ToBytes(`paypost/1/console-session/${id}`));
}

function operatorOf({ name, roles, partyId }: OperatorRow): Operator {
  const role = roles.find(isPartyRole);
  return { name, roles, party: role === undefined || partyId === null ? undefined : { role, id: partyId } };
}
