/** What the till does for each request of the page, once it is known to be well formed and to fit the phase. */
import { protocolVersion } from "../../protocol.ts";
import type { TillState } from "../../protocol.ts";
import { hasPassphrase, isByStore } from "../keys.ts";
import { done } from "./answers.ts";
import { billHandlers } from "./handle-bills.ts";
import { cashHandlers } from "./handle-cash.ts";
import { contactHandlers } from "./handle-contact.ts";
import { keyHandlers } from "./handle-key.ts";
import { payeeHandlers, payeesOf } from "./handle-payees.ts";
import { peopleHandlers } from "./handle-people.ts";
import { recordHandlers } from "./handle-records.ts";
import { voucherHandlers } from "./handle-vouchers.ts";
import { keepScreen, settingsOf } from "./screen-settings.ts";
import { cashView, moveView } from "./shift-views.ts";
import { syncState } from "./sync-state.ts";
import type { Desk, Handlers } from "./till.ts";

export function createHandlers(desk: Desk): Handlers {
  const { settings } = desk.parts.stores;
  return {
    ...keyHandlers(desk),
    ...peopleHandlers(desk),
    ...cashHandlers(desk),
    ...payeeHandlers(desk),
    ...billHandlers(desk),
    ...voucherHandlers(desk),
    ...recordHandlers(desk),
    ...contactHandlers(desk),
    state: () => stateOf(desk),
    settings({ bytesPerDay, onRequest, ...preferences }) {
      settings.write({ bytesPerDay, onRequest });
      keepScreen(desk.parts.stores, preferences);
      desk.changed();
      return done;
    },
    "practice-bills": () => ({ bills: desk.parts.practice?.bills() ?? [] }),
    "practice-vouchers": () => ({ vouchers: desk.parts.practice?.vouchers() ?? [] }),
  };
}

/** A screenful. */
const mostMoves = 20;

function stateOf(desk: Desk): TillState {
  const { parts, session } = desk;
  const { stores, version } = parts;
  const identity = stores.node.identity();
  const certificate = identity?.certificate;
  const { cashier } = session;
  return {
    protocol: protocolVersion,
    version,
    phase: desk.phase(),
    practice: parts.practice !== undefined,
    keyStore: parts.keyStore !== undefined,
    settings: settingsOf(stores),
    till:
      identity && certificate
        ? {
            nodeId: certificate.nodeId,
            merchantId: certificate.merchantId,
            merchantName: certificate.merchantName,
            agent: certificate.agent,
            server: identity.serverUrl,
            keyStore: isByStore(identity.wrappedKey),
            passphrase: hasPassphrase(identity.wrappedKey),
            status: stores.node.status(),
            stopped: stores.stopped() ?? null,
          }
        : null,
    cashiers: stores.people.list().map(({ id, name, role }) => ({ id, name, role })),
    cashier: cashier
      ? { id: cashier.id, name: cashier.name, role: cashier.role, sinceMs: cashier.sinceMs }
      : null,
    shift: cashier
      ? {
          id: cashier.shift,
          openedMs: cashier.sinceMs,
          cash: stores.shifts.cash(cashier.shift).map(cashView),
          moves: stores.shifts.moves(cashier.shift, mostMoves).map(moveView),
        }
      : null,
    payees: payeesOf(desk),
    bills: billsOf(desk),
    sync: certificate ? syncState(desk) : null,
  };
}

/** Where payments are taken for a biller, or were: what was taken has to be looked at even when that has ended. */
function billsOf({ parts }: Desk): TillState["bills"] {
  const { bills, billHistory, refunds } = parts.stores;
  const isTaking = bills.billers().length > 0 || billHistory.isUsed();
  return isTaking ? { toGiveBack: refunds.countOpen() } : null;
}
