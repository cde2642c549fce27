/**
 * The till behind the page: what may be asked in which phase, and who is signed in. It has no screen and knows no shell;
 * both talk to it through `protocol.ts`.
 *
 * T1  Without the passphrase nothing is signed; without a cashier who is signed in nothing is accepted.
 * T2  Every payload is checked before anything is done with it, and every failure is an answer.
 * T3  The cashier who is signed in is named in the operation; the page cannot name another.
 * T4  What a registry said is the till's own knowledge: the page cannot say that it said something else.
 * T5  What moves money or records something is done once, however often it is asked (`once.ts`).
 * T6  Whoever is signed in is signed out after idle, by the till itself and whatever the page does (`idle.ts`).
 */
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import type { MachineClock, Sleep } from "#sync/ports/clock.ts";
import type { Fetch } from "#sync/ports/transport.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import type { SyncReport } from "#sync/node-sync.ts";
import type {
  Answer,
  Authentication,
  Cashier,
  Payloads,
  Phase,
  PracticeBill,
  PracticeVoucher,
  RequestName,
  Results,
  SyncState,
  TillEvent,
} from "../../protocol.ts";
import { isDamage, isStorageFailure } from "../database.ts";
import type { KeyStore } from "../../thread-line.ts";
import type { PaypostNode } from "../node.ts";
import type { NodeStores } from "../open.ts";
import { timeOf } from "../standing.ts";
import { unlockByStore } from "./handle-key.ts";
import { createContact } from "./contact.ts";
import { createHandlers } from "./handlers.ts";
import { lookedUpAgain } from "./handle-payees.ts";
import { createIdle, isTouch } from "./idle.ts";
import { createOnce } from "./once.ts";
import type { Asked, Keep } from "./once.ts";
import { lockAfterMinutes } from "./screen-settings.ts";
import { payloads } from "./payloads.ts";
import { redeemedView } from "./views.ts";

export interface TillParts {
  readonly stores: NodeStores;
  readonly clock: MachineClock;
  readonly sleep: Sleep;
  readonly randomBytes: RandomBytes;
  readonly fetch: Fetch;
  readonly version: string;
  /** Make-believe: it has a folder, keys and signing contexts of its own. */
  readonly practice?: Practice | undefined;
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
  /** Goes on with the cashier's open shift, or begins one. */
  signIn(cashier: number): void;
  forgetKey(): Promise<void>;
  syncNow(): Promise<SyncReport>;
  /** Begins a sync that nobody waits for, unless the owner wants contact on request only. */
  syncSoon(): void;
}

export interface Session {
  key: Ed25519Key | undefined;
  cashier: SignedIn | undefined;
  lastReport: SyncReport | undefined;
  /** What the last request to the server has shown; time since boot. */
  reached: { readonly isReached: boolean; readonly atMs: number } | undefined;
  isSyncing: boolean;
  progress: SyncState["progress"] | undefined;
  /** What a registry said of whoever brought a voucher, by its serial; times since boot. */
  readonly recognised: Map<bigint, { readonly result: Authentication["result"]; readonly atMs: number }>;
}

export interface SignedIn extends Cashier {
  readonly shift: number;
  readonly sinceMs: number;
}

/** What a make-believe till has besides. */
export interface Practice {
  vouchers(): readonly PracticeVoucher[];
  bills(): readonly PracticeBill[];
}

/** What the till itself answers; the line to it answers the others. */
type TillRequest = Exclude<RequestName, "practice">;
type AnyHandler = (payload: unknown, keep: Keep) => Promise<Results[TillRequest]> | Results[TillRequest];
/** What is done once calls `keep` in its transaction. */
type Handler<Name extends RequestName> = (
  payload: Payloads[Name],
  keep: Keep,
) => Promise<Results[Name]> | Results[Name];
export type Handlers = { readonly [Name in TillRequest]: Handler<Name> };

/** In which phases each request makes sense. */
const phases: { readonly [Name in TillRequest]: readonly Phase[] | "any" } = {
  state: "any",
  settings: "any",
  "quit-check": "any",
  enrol: ["first-start"],
  unlock: ["locked"],
  lock: ["signed-out", "open"],
  "add-passphrase": ["open"],
  "add-cashier": ["signed-out", "open"],
  "remove-cashier": ["open"],
  "change-pin": ["signed-out", "open"],
  "reset-pin": ["signed-out", "open"],
  "sign-in": ["signed-out", "open"],
  "sign-out": ["open"],
  touch: ["open"],
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
  "practice-bills": ["open"],
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
  "payee-desk": ["open"],
  "look-up-payee": ["open"],
  "change-payee": ["open"],
  "payee-operations": ["open"],
  "bill-desk": ["open"],
  "find-bills": ["open"],
  bill: ["open"],
  "check-bill": ["open"],
  "pay-bill": ["open"],
  "bill-payment": ["open"],
  "bill-history": ["open"],
  "bill-totals": ["open"],
  "bill-refunds": ["open"],
  "refund-bill": ["open"],
};

/** How often the till looks by itself whether it is time to lock, or to say that the last contact is old. */
const lookAgainMs = 10_000;

export function createTill(parts: TillParts): Till {
  const { stores, clock } = parts;
  const listeners = new Set<(event: TillEvent) => void>();
  const changed = () => listeners.forEach((listener) => listener("changed"));
  const session: Session = {
    key: undefined,
    cashier: undefined,
    lastReport: undefined,
    reached: undefined,
    isSyncing: false,
    progress: undefined,
    recognised: new Map(),
  };
  const contact = createContact(parts, session, changed);
  const idle = createIdle(() => clock.sinceBootMs());
  const lockIfIdle = (): void => {
    if (!session.cashier || !idle.isOver(lockAfterMinutes(stores))) return;
    session.cashier = undefined;
    changed();
  };
  const watching = setInterval(() => {
    lockIfIdle();
    contact.lookAgain();
  }, lookAgainMs);
  watching.unref();
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
      session.recognised.clear();
      await contact.end();
      stores.vault.lock();
    },
    signIn(id) {
      const cashier = stores.people.find(id);
      if (!cashier) throw new Error(`no cashier ${id}`);
      const { name, role } = cashier;
      const shift = stores.shifts.open(id, desk.nowMs());
      idle.touch();
      session.cashier = { id, name, role, shift: shift.id, sinceMs: shift.openedMs };
    },
    syncNow: () => contact.syncNow(),
    syncSoon: () => contact.syncSoon(),
  };
  const handlers = createHandlers(desk);
  const once = createOnce({
    requests: stores.requests,
    nowMs: () => clock.wallMs(),
    tellAgain(name, answer, sequence) {
      if (sequence === null) return answer;
      if (name === "look-up-payee") return lookedUpAgain(desk, answer, sequence);
      return name === "redeem" ? redeemedView(stores, sequence, answer) : answer;
    },
  });
  const carryOut = async (name: TillRequest, payload: unknown, keep: Keep): Promise<Answer> => {
    try {
      const handler = handlers[name] as AnyHandler;
      return { ok: true, result: await handler(payload, keep) };
    } catch (error) {
      return failureOf(error, parts.onFailure);
    }
  };
  return {
    async begin() {
      await unlockByStore(desk);
      // Whoever practises is let in at once.
      const [first] = stores.people.list();
      if (parts.practice && session.key && first) desk.signIn(first.id);
    },
    async handle(name, payload) {
      if (!isRequest(name)) return { ok: false, code: "malformed", message: `there is no request ${name}` };
      const parsed = payloads[name].safeParse(payload);
      if (!parsed.success) return { ok: false, code: "malformed", message: parsed.error.message };
      lockIfIdle();
      const asked = askedOnce(name, parsed.data);
      const phase = desk.phase();
      // What ended the phase that it belonged to is told again all the same.
      const isTold = asked !== undefined && phase === "signed-out" && once.isKnown(asked);
      const allowed = phases[name];
      if (allowed !== "any" && !allowed.includes(phase) && !isTold) {
        return { ok: false, code: "not-possible-now", message: `${name} while ${phase}` };
      }
      if (isTouch(name)) idle.touch();
      return asked
        ? once.run(asked, (keep) => carryOut(name, parsed.data, keep))
        : carryOut(name, parsed.data, notKept);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      clearInterval(watching);
      await contact.end();
      stores.close();
    },
  };
}

function askedOnce(name: TillRequest, payload: object): Asked | undefined {
  return "request" in payload ? { id: String(payload.request), name, payload } : undefined;
}

const notKept: Keep = () => {
  throw new Error("this request has no id to be kept under");
};

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
