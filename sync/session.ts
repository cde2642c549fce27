/**
 * Session tokens: one assertion signed by the node buys a token for a quarter of an hour, so that each request need
 * not be signed (design section 3).
 */
import { encodeSessionAssertion } from "./documents/session-assertion.ts";
import type { NodeReport } from "./documents/session-assertion.ts";
import type { ContactStorage, NodeStatus } from "./ports/contact-storage.ts";
import { announceKeyChanges } from "./node-key-change.ts";
import type { KeyChangeParts } from "./node-key-change.ts";
import type { ServerLink } from "./ports/transport.ts";
import { jsonObject, post } from "./server-call.ts";
import type { CallFailure } from "./server-call.ts";
import { signDocumentSync } from "./signing/cose.ts";
import type { SyncSigner } from "./signing/signers.ts";

export interface Sessions {
  /** The token in hand, or a new one. */
  token(): Promise<SessionToken>;
  /** Forgets the token in hand: the server no longer takes it. */
  renew(): void;
}

export type SessionToken =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly failure: CallFailure };

export interface SessionParts {
  readonly link: ServerLink;
  readonly nodeId: string;
  readonly assertions: SyncSigner;
  readonly contact: ContactStorage;
  /** Where a node whose key is replaced keeps the changes. */
  readonly keyChanges?: KeyChangeParts;
  /** What operators are told with each session. */
  readonly report?: (() => NodeReport) | undefined;
}

export function createSessions(parts: SessionParts): Sessions {
  // Kept as a promise, so that two readers that find no token open one session and not two.
  let current: Promise<SessionToken> | undefined;
  return {
    async token() {
      current ??= openSession(parts);
      const asked = current;
      const result = await asked;
      if (!result.ok && current === asked) current = undefined;
      return result;
    },
    renew() {
      current = undefined;
    },
  };
}

/** The server knows the key before anything is signed with it. */
async function openSession(parts: SessionParts): Promise<SessionToken> {
  const { link, keyChanges } = parts;
  if (!keyChanges || keyChanges.storage.keyChanges().length === 0) return assertPresence(parts);
  const untold = await announceKeyChanges(link, keyChanges, false);
  if (untold) return { ok: false, failure: untold };
  const opened = await assertPresence(parts);
  if (opened.ok || opened.failure.code !== "refused" || opened.failure.reason !== "bad-assertion")
    return opened;
  // A server that was restored may have forgotten the key that signs now.
  const unknown = await announceKeyChanges(link, keyChanges, true);
  return unknown ? opened : assertPresence(parts);
}

/**
 * With a refusal the server tells its generation, which a restore has raised, and the counter that it saw last, which a
 * node that was restored itself has forgotten. An assertion made for both is then tried once.
 */
async function assertPresence(parts: SessionParts): Promise<SessionToken> {
  const { contact } = parts;
  const first = await assertOnce(parts, 0);
  if (first.ok || first.failure.code !== "refused") return first;
  const { generation, counter } = first.failure.body;
  if (!isCount(generation) || generation < contact.generation()) return first;
  if (generation > contact.generation()) contact.setGeneration(generation);
  return assertOnce(parts, isCount(counter) ? counter : 0);
}

async function assertOnce(
  { link, nodeId, assertions, contact, report }: SessionParts,
  seen: number,
): Promise<SessionToken> {
  const payload = encodeSessionAssertion({
    nodeId,
    counter: contact.countAssertion(seen),
    audience: String(contact.generation()),
    report: report?.() ?? null,
  });
  const body = signDocumentSync(assertions, payload).bytes;
  const answer = await post(link, { path: "/v1/sessions", contentType: "application/cbor", body });
  if (!answer.ok) return answer;
  const { token, status } = jsonObject(answer.body) ?? {};
  if (typeof token !== "string" || !isStatus(status)) return { ok: false, failure: { code: "unreachable" } };
  contact.setStatus(status);
  return { ok: true, token };
}

/** Far below what a counter may reach: nobody who answers for the server can use one up. */
function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 48;
}

function isStatus(value: unknown): value is NodeStatus {
  return value === "active" || value === "frozen" || value === "revoked";
}
