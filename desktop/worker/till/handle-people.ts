/** Who stands at the till: letting people in and out, their PINs, signing in. */
import { cashierOf, done, nodeOf, refused } from "./answers.ts";
import { isPassphrase } from "./handle-key.ts";
import { checkPin, hashPin, pinRefused } from "./pin.ts";
import type { Desk, Handlers } from "./till.ts";
import { problemRefused } from "./views.ts";

type PeopleHandlers = Pick<
  Handlers,
  "add-cashier" | "remove-cashier" | "change-pin" | "reset-pin" | "sign-in" | "sign-out" | "touch"
>;

export function peopleHandlers(desk: Desk): PeopleHandlers {
  const { parts, session } = desk;
  const { people, shifts, queue } = parts.stores;
  const isSupervised = () => session.cashier?.role === "supervisor";
  return {
    "add-cashier"({ name, pin, role = "cashier" }, keep) {
      // The first one is whoever has the passphrase, and has to let in the others.
      const isFirst = people.list().length === 0;
      if (!isFirst && !session.cashier) return refused("sign-in-first");
      if (!isFirst && !isSupervised()) return refused("supervisor-needed");
      const hashed = hashPin(pin, parts.randomBytes);
      const cashier = { name, role: isFirst ? ("supervisor" as const) : role, ...hashed };
      const isAdded = queue.transaction(() => {
        if (!people.add(cashier)) return false;
        keep(done);
        return true;
      });
      if (!isAdded) return refused("name-taken");
      desk.changed();
      return done;
    },
    "remove-cashier"({ cashier }, keep) {
      if (!isSupervised()) return refused("supervisor-needed");
      if (cashier === cashierOf(desk).id) return refused("not-oneself");
      if (!people.find(cashier)) return refused("no-such-cashier");
      queue.transaction(() => {
        shifts.closeOf(cashier, desk.nowMs());
        people.remove(cashier, desk.nowMs());
        keep(done);
      });
      desk.changed();
      return done;
    },
    "change-pin"({ cashier, oldPin, newPin }, keep) {
      const checked = checkPin(people, cashier, oldPin, parts.clock.wallMs());
      if (!checked.ok) return pinRefused(checked);
      const hashed = hashPin(newPin, parts.randomBytes);
      queue.transaction(() => {
        people.setPin(cashier, hashed);
        keep(done);
      });
      desk.changed();
      return done;
    },
    async "reset-pin"({ cashier, newPin, passphrase, code, request }, keep) {
      const isAllowed = isSupervised() || passphrase !== null || code !== null;
      if (!isAllowed) return refused("supervisor-needed");
      if (!people.find(cashier)) return refused("no-such-cashier");
      if (passphrase !== null && !isPassphrase(desk, passphrase)) return refused("wrong-passphrase");
      if (code !== null) {
        const answer = await nodeOf(desk).usePinCode(code, request);
        if (!answer.ok) return problemRefused(answer.failure);
      }
      const hashed = hashPin(newPin, parts.randomBytes);
      queue.transaction(() => {
        people.setPin(cashier, hashed);
        keep(done);
      });
      desk.changed();
      return done;
    },
    "sign-in"({ cashier, pin }) {
      const checked = checkPin(people, cashier, pin, parts.clock.wallMs());
      if (!checked.ok) return pinRefused(checked);
      desk.signIn(cashier);
      desk.changed();
      return done;
    },
    touch: () => done,
    "sign-out"({ endShift }) {
      if (endShift && session.cashier) shifts.close(session.cashier.shift, desk.nowMs());
      session.cashier = undefined;
      desk.changed();
      return done;
    },
  };
}
