/**
 * The till behind the page: what may be asked in which phase, and who is signed in. It has no screen and knows no shell;
 * both talk to it through `protocol.ts`.
 *
 * T1  Without the passphrase nothing is signed; without a cashier who is signed in nothing is accepted.
 * T2  Every payload is checked before anything is done with it, and every failure is an answer.
 * T3  The cashier who is signed in is named in the operation; the page cannot name another.
 */
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { MachineClock, Sleep } from "#sync/ports/clock.ts";
import type { Fetch } from "#sync/ports/transport.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { SyncReport } from "#sync/node-sync.ts";
import type { Answer, Payloads, Phase, RequestName, Results, TillEvent } from "../../protocol.ts";
import { isDamage, isStorageFailure } from "../database.ts";
import type { KeyStore } from "../../thread-line.ts";
import { createNode } from "../node.ts";
import type { PaypostNode } from "../node.ts";
import type { NodeStores } from "../open.ts";
import { timeOf } from "../standing.ts";
import { createHandlers, unlockByStore } from "./handlers.ts";
import { payloads } from "./payloads.ts";

export interface TillParts {
  readonly stores: NodeStores;
  readonly clock: MachineClock;
  readonly sleep: Sleep;
  readonly randomBytes: RandomBytes;
  readonly fetch: Fetch;
  readonly version: string;
  /** Make-believe: it has a folder, keys and signing contexts of its own. */
  readonly practice: boolean;
  readonly keyStore: KeyStore | undefined;
  /** Told of failures that nobody expected. */
  readonly onFailure: (error: unknown) => void;
}

export interface Till {
  /** Takes the key out of the machine's key store where it is there; once, before anything is asked. */
  begin(): Promise<void>;
  /** `name` and `payload` come from outside and are checked. */
  handle(name: string, payload: unknown): Promise<Answer>;
  /** Calls back whenever something may look different; returns how to end that. */
  listen(listener: (event: TillEvent) => void): () => void;
  /** Ends what goes on in the background and closes the files. What was accepted is on the disk already. */
  close(): Promise<void>;
}

/** What the handlers share: who is at the till, and the contact with the server. */
export interface Desk {
  readonly parts: TillParts;
  readonly session: Session;
  /** Undefined while the key is locked away. */
  node(): PaypostNode | undefined;
  phase(): Phase;
  nowMs(): number;
  changed(): void;
  useKey(key: Ed25519Key): void;
  forgetKey(): Promise<void>;
  syncNow(): Promise<SyncReport>;
  /** Begins a sync that nobody waits for. */
  syncSoon(): void;
}

export interface Session {
  key: Ed25519Key | undefined;
  cashier: { readonly id: number; readonly name: string; readonly sinceMs: number } | undefined;
  lastReport: SyncReport | undefined;
  isSyncing: boolean;
}

/** What the till itself answers; the line to it answers the others. */
type TillRequest = Exclude<RequestName, "practice">;
type AnyHandler = (payload: unknown) => Promise<Results[TillRequest]> | Results[TillRequest];
type Handler<Name extends RequestName> = (payload: Payloads[Name]) => Promise<Results[Name]> | Results[Name];
export type Handlers = { readonly [Name in TillRequest]: Handler<Name> };

/** In which phases each request makes sense. */
const phases: { readonly [Name in TillRequest]: readonly Phase[] | "any" } = {
  state: "any",
  settings: "any",
  "quit-check": "any",
  enrol: ["first-start"],
  unlock: ["locked"],
  lock: ["signed-out", "open"],
  "add-cashier": ["signed-out", "open"],
  "remove-cashier": ["open"],
  "change-pin": ["signed-out", "open"],
  "reset-pin": ["signed-out", "open"],
  "sign-in": ["signed-out", "open"],
  "sign-out": ["open"],
  "open-cash": ["open"],
  "move-cash": ["open"],
  "close-shift": ["open"],
  authenticate: ["open"],
  shifts: ["open"],
  disputes: ["open"],
  appeal: ["open"],
  evidence: ["open"],
  payouts: ["open"],
  "practice-vouchers": ["signed-out", "open"],
  check: ["open"],
  redeem: ["open"],
  history: ["open"],
  operation: ["open"],
  totals: ["open"],
  sync: ["signed-out", "open"],
  leases: ["open"],
  reserve: ["open"],
  release: ["open"],
  export: ["open"],
  import: ["open"],
  "hand-in": ["open"],
  receipt: ["open"],
};

export function createTill(parts: TillParts): Till {
  const { stores, clock } = parts;
  const listeners = new Set<(event: TillEvent) => void>();
  const changed = () => listeners.forEach((listener) => listener("changed"));
  const session: Session = { key: undefined, cashier: undefined, lastReport: undefined, isSyncing: false };
  const contact = createContact(parts, session, changed);
  const desk: Desk = {
    parts,
    session,
    node: () => contact.node(),
    phase: () => phaseOf(stores, session),
    nowMs: () => timeOf(stores, clock).nowMs,
    changed,
    useKey(key) {
      session.key = key;
      contact.begin(key);
    },
    async forgetKey() {
      session.key = undefined;
      session.cashier = undefined;
      await contact.end();
    },
    syncNow: () => contact.syncNow(),
    syncSoon: () => void contact.syncNow().catch(parts.onFailure),
  };
  const handlers = createHandlers(desk);
  return {
    begin: () => unlockByStore(desk),
    async handle(name, payload) {
      if (!isRequest(name)) return { ok: false, code: "malformed", message: `there is no request ${name}` };
      const parsed = payloads[name].safeParse(payload);
      if (!parsed.success) return { ok: false, code: "malformed", message: parsed.error.message };
      const allowed = phases[name];
      if (allowed !== "any" && !allowed.includes(desk.phase())) {
        return { ok: false, code: "not-possible-now", message: `${name} while ${desk.phase()}` };
      }
      try {
        const handler = handlers[name] as AnyHandler;
        return { ok: true, result: await handler(parsed.data) };
      } catch (error) {
        return failureOf(error, parts.onFailure);
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      await contact.end();
      stores.close();
    },
  };
}

function isRequest(name: string): name is TillRequest {
  return Object.hasOwn(phases, name);
}

function phaseOf(stores: NodeStores, session: Session): Phase {
  if (!stores.node.identity()?.certificate) return "first-start";
  if (!session.key) return "locked";
  return session.cashier ? "open" : "signed-out";
}

function failureOf(error: unknown, onFailure: (error: unknown) => void): Answer {
  onFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  if (isStorageFailure(error)) return { ok: false, code: "disk-not-writable", message };
  if (isDamage(error)) return { ok: false, code: "database-damaged", message };
  return { ok: false, code: "unexpected", message };
}

/** The contact with the server: kept up in the background unless the owner wants it on request only. */
function createContact(parts: TillParts, session: Session, changed: () => void) {
  const { stores } = parts;
  let using: { readonly key: Ed25519Key; readonly node: PaypostNode } | undefined;
  let following: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  let syncing: Promise<SyncReport> | undefined;
  const noted = (report: SyncReport): SyncReport => {
    // A report of an upload alone says nothing of shapes that were not tried.
    session.lastReport = report;
    changed();
    return report;
  };
  const node = (): PaypostNode | undefined => using?.node;
  const stopFollowing = async (): Promise<void> => {
    following?.stop.abort();
    await following?.ended;
    following = undefined;
  };
  const follow = (): void => {
    if (!using || following || stores.settings.read().onRequest) return;
    const stop = new AbortController();
    const ended = using.node.follow(stop.signal, noted).catch(parts.onFailure);
    following = { stop, ended };
  };
  const syncOnce = async (): Promise<SyncReport> => {
    if (!using) throw new Error("the till is locked");
    const { key } = using;
    session.isSyncing = true;
    changed();
    try {
      await stopFollowing();
      // Somebody asks for it: what the link may cost in a day does not count this time.
      return noted(await nodeWith(parts, key, true).sync());
    } finally {
      session.isSyncing = false;
      syncing = undefined;
      follow();
      changed();
    }
  };
  return {
    node,
    begin(key: Ed25519Key) {
      using = { key, node: nodeWith(parts, key, false) };
      follow();
    },
    async end() {
      using = undefined;
      await stopFollowing();
      await syncing?.catch(() => {});
    },
    syncNow: () => (syncing ??= syncOnce()),
  };
}

function nodeWith(parts: TillParts, key: Ed25519Key, beyondAllowance: boolean): PaypostNode {
  const serverUrl = parts.stores.node.identity()?.serverUrl;
  if (serverUrl === undefined) throw new Error("a till without an identity has no server");
  return createNode({ ...parts, key, serverUrl, beyondAllowance });
}
