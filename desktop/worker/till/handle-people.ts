/** Who stands at the till: letting people in and out, their PINs, signing in. */
import type { Refused } from "../../protocol.ts";
import { cashierOf, done, refused } from "./answers.ts";
import { isPassphrase } from "./handle-key.ts";
import { checkPin, hashPin } from "./pin.ts";
import type { PinResult } from "./pin.ts";
import type { Desk, Handlers } from "./till.ts";

type PeopleHandlers = Pick<
  Handlers,
  "add-cashier" | "remove-cashier" | "change-pin" | "reset-pin" | "sign-in" | "sign-out"
>;

export function peopleHandlers(desk: Desk): PeopleHandlers {
  const { parts, session } = desk;
  const { people, shifts } = parts.stores;
  const isSupervised = () => session.cashier?.role === "supervisor";
  return {
    "add-cashier"({ name, pin, role = "cashier" }) {
      // The first one is whoever has the passphrase, and has to let in the others.
      const isFirst = people.list().length === 0;
      if (!isFirst && !session.cashier) return refused("sign-in-first");
      if (!isFirst && !isSupervised()) return refused("supervisor-needed");
      const hashed = hashPin(pin, parts.randomBytes);
      if (!people.add({ name, role: isFirst ? "supervisor" : role, ...hashed })) return refused("name-taken");
      desk.changed();
      return done;
    },
    "remove-cashier"({ cashier }) {
      if (!isSupervised()) return refused("supervisor-needed");
      if (cashier === cashierOf(desk).id) return refused("not-oneself");
      if (!people.find(cashier)) return refused("no-such-cashier");
      shifts.closeOf(cashier, desk.nowMs());
      people.remove(cashier, desk.nowMs());
      desk.changed();
      return done;
    },
    "change-pin"({ cashier, oldPin, newPin }) {
      const checked = checkPin(people, cashier, oldPin, parts.clock.wallMs());
      if (!checked.ok) return pinRefused(checked);
      people.setPin(cashier, hashPin(newPin, parts.randomBytes));
      desk.changed();
      return done;
    },
    "reset-pin"({ cashier, newPin, passphrase }) {
      if (passphrase === null && !isSupervised()) return refused("supervisor-needed");
      if (passphrase !== null && !isPassphrase(desk, passphrase)) return refused("wrong-passphrase");
      if (!people.find(cashier)) return refused("no-such-cashier");
      people.setPin(cashier, hashPin(newPin, parts.randomBytes));
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
    "sign-out"({ endShift }) {
      if (endShift && session.cashier) shifts.close(session.cashier.shift, desk.nowMs());
      session.cashier = undefined;
      desk.changed();
      return done;
    },
  };
}

function pinRefused(checked: Extract<PinResult, { readonly ok: false }>): Refused {
  return refused(checked.code, checked.code === "wait" ? { untilMs: checked.untilMs } : {});
}
