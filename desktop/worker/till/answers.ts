/** What the handlers share: how they say no, and what every one of them may rely on in its phase. */
import type { Details, Refused } from "../../protocol.ts";
import type { PaypostNode } from "../node.ts";
import type { Desk, SignedIn } from "./till.ts";

export const done = { ok: true } as const;

export function refused(code: string, details: Details = {}): Refused {
  return { ok: false, code, details };
}

export function cashierOf({ session }: Desk): SignedIn {
  if (!session.cashier) throw new Error("nobody is signed in");
  return session.cashier;
}

export function nodeOf(desk: Desk): PaypostNode {
  const node = desk.node();
  if (!node) throw new Error("the till is locked");
  return node;
}

export function nodeIdOf({ parts }: Desk): string {
  const certificate = parts.stores.node.identity()?.certificate;
  if (!certificate) throw new Error("this till is not enrolled");
  return certificate.nodeId;
}

/** Short, and enough to tell the tills of one shop apart. */
export function tillName(desk: Desk): string {
  return nodeIdOf(desk).slice(-6);
}
