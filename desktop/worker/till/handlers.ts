/** What the till does for each request of the page, once it is known to be well formed and to fit the phase. */
import { normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import { fromBase64, toBase64 } from "#sync/base64.ts";
import { protocolVersion } from "../../protocol.ts";
import type { Details, Refused, Settings, TillState, Voucher } from "../../protocol.ts";
import { exportFrom, importInto, receiptOf } from "../carry.ts";
import { enrol } from "../enrol.ts";
import { unwrapByStore, unwrapKey } from "../keys.ts";
import type { PaypostNode } from "../node.ts";
import type { RedeemRequest } from "../redeem.ts";
import { checkPin, hashPin } from "./pin.ts";
import { syncState } from "./sync-state.ts";
import type { Desk, Handlers } from "./till.ts";
import {
  checkView,
  leaseView,
  operationDetail,
  operationView,
  problemRefused,
  redeemView,
  refusalView,
  sumView,
  totalsView,
} from "./views.ts";

const done = { ok: true } as const;
const pageSize = 50;

export function createHandlers(desk: Desk): Handlers {
  const { parts, session } = desk;
  const { stores, randomBytes } = parts;
  const { people, queue, redemptions, leases, history, settings } = stores;
  return {
    state: () => stateOf(desk),

    async enrol(request) {
      const result = await enrol(parts, { ...request, headFile: null });
      if (!result.ok) {
        return "refusal" in result ? refused(result.refusal.code) : problemRefused(result.failure);
      }
      if (request.passphrase === null) await unlockByStore(desk);
      else useKeyOf(desk, request.passphrase);
      desk.syncSoon();
      return done;
    },
    async unlock({ passphrase }) {
      if (passphrase === null) await unlockByStore(desk);
      else useKeyOf(desk, passphrase);
      if (!session.key) return refused(passphrase === null ? "key-store-failed" : "wrong-passphrase");
      desk.changed();
      return done;
    },
    async lock() {
      await desk.forgetKey();
      desk.changed();
      return done;
    },

    "add-cashier"({ name, pin }) {
      // The first one is whoever has the passphrase; later ones are let in by somebody who is.
      const isFirst = people.list().length === 0;
      if (!isFirst && !session.cashier) return refused("sign-in-first");
      if (!people.add({ name, ...hashPin(pin, randomBytes) })) return refused("name-taken");
      desk.changed();
      return done;
    },
    "sign-in"({ cashier, pin }) {
      const checked = checkPin(people, cashier, pin, parts.clock.wallMs());
      if (!checked.ok) {
        return refused(checked.code, checked.code === "wait" ? { untilMs: checked.untilMs } : {});
      }
      const name = people.find(cashier)?.name ?? "";
      session.cashier = { id: cashier, name, sinceMs: people.openShift(cashier, desk.nowMs()) };
      desk.changed();
      return done;
    },
    "sign-out"({ endShift }) {
      if (endShift && session.cashier) people.closeShift(session.cashier.id, desk.nowMs());
      session.cashier = undefined;
      desk.changed();
      return done;
    },

    check: async (voucher) => checkView(await nodeOf(desk).check(requestFor(desk, voucher))),
    async redeem(voucher) {
      const outcome = await nodeOf(desk).redeem(requestFor(desk, voucher));
      desk.changed();
      if (outcome.kind === "accepted") desk.syncSoon();
      return redeemView(outcome, stores);
    },

    history({ search, state, before }) {
      const query = {
        text: search.trim(),
        standing: state === "all" ? undefined : state,
        before: before ?? undefined,
      };
      const found = history.search(query, pageSize + 1);
      const operations = found.slice(0, pageSize).flatMap((sequence) => redemptions.find(sequence) ?? []);
      return { operations: operations.map(operationView), more: found.length > pageSize };
    },
    operation({ sequence }) {
      const record = redemptions.find(sequence);
      return record ? operationDetail(record) : refused("no-such-operation");
    },
    totals: ({ fromMs, untilMs }) => totalsView(history.sums(fromMs, untilMs)),

    async sync() {
      const report = await desk.syncNow();
      const because = stores.stopped();
      if (because !== undefined) return refused("node-stopped", { because });
      return report.upload.problem ? problemRefused(report.upload.problem) : done;
    },
    leases({ search, after }) {
      const digits = search.replaceAll(/\D/g, "");
      const found = leases.searchOpen(desk.nowMs(), digits, BigInt(after ?? 0), pageSize + 1);
      return { leases: found.slice(0, pageSize).map(leaseView), more: found.length > pageSize };
    },
    async reserve(wish) {
      const answer = await nodeOf(desk).requestLeases(wish);
      if (!answer.ok) return problemRefused(answer.failure);
      await desk.syncNow();
      const { granted, held, most, because } = answer;
      return { ok: true, granted, held, most, because };
    },
    release({ serial }) {
      const released = nodeOf(desk).release(parseSerial(serial) ?? 0n, actorOf(desk));
      desk.changed();
      if (!released.ok) return refusalView(released.refusal);
      desk.syncSoon();
      return done;
    },

    export() {
      const { key } = session;
      if (!key) throw new Error("the till is locked");
      const exported = exportFrom({ stores, key, randomBytes, nowMs: desk.nowMs() });
      if (!exported.ok) return refused(exported.refusal.code);
      const count = exported.operations.length;
      const name = `paypost-${tillName(desk)}-${exported.operations.at(-1)?.sequence ?? 0}.ppq`;
      return { ok: true, name, file: toBase64(exported.file), count, left: exported.left };
    },
    async import({ file }) {
      const bytes = fromBase64(file);
      if (!bytes) return refused("not-an-answer");
      const taken = await importInto(stores, nodeIdOf(desk), bytes);
      desk.changed();
      if (!taken.ok) return refused(taken.refusal.code);
      const { applied, rejected, held } = taken.taken;
      return { ok: true, verdicts: taken.verdicts, applied, rejected, held };
    },
    async "hand-in"({ file }) {
      const bytes = fromBase64(file);
      if (!bytes) return refused("not-a-carried-queue");
      const handed = await nodeOf(desk).handIn(bytes);
      if (handed.ok) return { ok: true, name: "answer.ppa", file: toBase64(handed.answer) };
      return "refusal" in handed ? refused(handed.refusal.code) : problemRefused(handed.failure);
    },
    receipt({ sequence }) {
      const receipt = receiptOf(stores, sequence);
      if (!receipt) return refused(queue.find(sequence) ? "no-verdict" : "no-such-operation");
      return { ok: true, name: `receipt-${tillName(desk)}-${sequence}.ppr`, file: toBase64(receipt) };
    },

    // Agreed on with the page, and not built yet.
    "remove-cashier": later,
    "change-pin": later,
    "reset-pin": later,
    "open-cash": later,
    "move-cash": later,
    "close-shift": later,
    authenticate: later,
    appeal: later,
    evidence: later,
    shifts: () => ({ shifts: [] }),
    disputes: () => ({ disputes: [], asOfMs: null }),
    payouts: () => ({ payouts: [], more: false, asOfMs: null }),
    "quit-check"() {
      const { queued } = redemptions.countByState();
      if (queued === 0) return { queued, sums: [], acknowledged: false };
      const acknowledged = stores.acknowledgements.lastSequence() >= queue.head().sequence;
      return { queued, sums: history.queuedSums().map(sumView), acknowledged };
    },
    "practice-vouchers": () => ({ vouchers: [] }),

    settings({ bytesPerDay, onRequest, ...preferences }) {
      settings.write({ bytesPerDay, onRequest });
      settings.setPreference("screen", JSON.stringify(preferences));
      desk.changed();
      return done;
    },
  };
}

/** Takes the key out of the machine's key store, where that has it. */
export async function unlockByStore(desk: Desk): Promise<void> {
  const { stores, keyStore } = desk.parts;
  const identity = stores.node.identity();
  if (!keyStore || !identity?.certificate) return;
  const key = await unwrapByStore(identity.wrappedKey, keyStore);
  if (key) desk.useKey(key);
}

function stateOf(desk: Desk): TillState {
  const { parts, session } = desk;
  const { stores, version } = parts;
  const identity = stores.node.identity();
  const certificate = identity?.certificate;
  return {
    protocol: protocolVersion,
    version,
    phase: desk.phase(),
    practice: parts.practice,
    keyStore: parts.keyStore !== undefined,
    settings: settingsOf(desk),
    till:
      identity && certificate
        ? {
            nodeId: certificate.nodeId,
            merchantId: certificate.merchantId,
            merchantName: certificate.merchantName,
            agent: false,
            server: identity.serverUrl,
            status: stores.node.status(),
            stopped: stores.stopped() ?? null,
          }
        : null,
    cashiers: stores.people.list().map(({ id, name }) => ({ id, name, role: "cashier" })),
    cashier: session.cashier ? { ...session.cashier, role: "cashier" } : null,
    shift: null,
    sync: certificate ? syncState(desk) : null,
  };
}

const usualScreen = { language: null, theme: "system", paper: "80", lockAfterMinutes: 10 } as const;

function settingsOf({ parts }: Desk): Settings {
  const { settings } = parts.stores;
  const kept = settings.preference("screen");
  const screen = kept === undefined ? {} : (JSON.parse(kept) as Partial<Settings>);
  return { ...usualScreen, ...screen, ...settings.read() };
}

/** Does nothing when the passphrase is another. */
function useKeyOf(desk: Desk, passphrase: string): void {
  const wrapped = desk.parts.stores.node.identity()?.wrappedKey;
  const key = wrapped === undefined ? undefined : unwrapKey(wrapped, passphrase);
  if (key) desk.useKey(key);
}

function requestFor(desk: Desk, { serial, token, number }: Voucher): RedeemRequest {
  const named = serial === null ? undefined : parseSerial(serial);
  return {
    ...(named !== undefined && { serial: named }),
    ...(token !== null && { token }),
    number: normaliseVoucherNumber(number) ?? number,
    actor: actorOf(desk),
    offline: false,
  };
}

function actorOf({ session }: Desk): string {
  if (!session.cashier) throw new Error("nobody is signed in");
  return session.cashier.name;
}

function nodeOf(desk: Desk): PaypostNode {
  const node = desk.node();
  if (!node) throw new Error("the till is locked");
  return node;
}

function nodeIdOf({ parts }: Desk): string {
  const certificate = parts.stores.node.identity()?.certificate;
  if (!certificate) throw new Error("this till is not enrolled");
  return certificate.nodeId;
}

/** Short, and enough to tell the tills of one shop apart. */
function tillName(desk: Desk): string {
  return nodeIdOf(desk).slice(-6);
}

function refused(code: string, details: Details = {}): Refused {
  return { ok: false, code, details };
}

const later = (): Refused => refused("not-built-yet");
