/** The drawer of whoever is signed in: what was in it, what came and went, and what was counted at the end. */
import { parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import type { Amount, Refused } from "../../protocol.ts";
import type { CashSums } from "../store/shifts.ts";
import { cashierOf, done, refused } from "./answers.ts";
import { shiftView } from "./shift-views.ts";
import type { Desk, Handlers } from "./till.ts";

export function cashHandlers(desk: Desk): Pick<Handlers, "open-cash" | "move-cash" | "close-shift"> {
  const { session, parts } = desk;
  const { shifts, queue } = parts.stores;
  return {
    "open-cash"({ cash }, keep) {
      const { shift } = cashierOf(desk);
      const read = readDrawer(cash);
      if ("ok" in read) return read;
      const isMoved = ({ paidOutMinor, forBillsMinor }: CashSums) => paidOutMinor > 0n || forBillsMinor > 0n;
      if (shifts.cash(shift).some(isMoved)) return refused("cash-paid-out");
      queue.transaction(() => {
        shifts.setOpening(shift, read, desk.nowMs());
        keep(done);
      });
      desk.changed();
      return done;
    },
    "move-cash"({ direction, note, amount, currency }, keep) {
      const { shift } = cashierOf(desk);
      const read = readDrawer([{ amount, currency }]);
      if ("ok" in read) return read;
      const [money] = read;
      if (!money || money.amountMinor === 0n) return notAnAmount(currency);
      queue.transaction(() => {
        shifts.move(shift, direction, money, note, desk.nowMs());
        keep(done);
      });
      desk.changed();
      return done;
    },
    "close-shift"({ counted }, keep) {
      const { shift } = cashierOf(desk);
      const read = readDrawer(counted);
      if ("ok" in read) return read;
      const closed = queue.transaction(() => {
        shifts.setCounted(shift, read, desk.nowMs());
        shifts.close(shift, desk.nowMs());
        const answer = { ok: true, shift: shiftView(parts.stores, shift) } as const;
        keep(answer);
        return answer;
      });
      session.cashier = undefined;
      desk.changed();
      return closed;
    },
  };
}

/** Each currency once; nothing is an amount here. */
function readDrawer(cash: readonly Amount[]): readonly Money[] | Refused {
  const read: Money[] = [];
  for (const { amount, currency } of cash) {
    const parsed = parseMajor(amount, currency);
    if (!parsed.ok) return notAnAmount(currency);
    if (read.some((other) => other.currency === currency)) return refused("currency-twice", { currency });
    read.push(parsed.money);
  }
  return read;
}

function notAnAmount(currency: string): Refused {
  return refused("not-an-amount", { currency });
}
