/** Letting the till in, and its key out: by passphrase or by the machine's key store. */
import { enrol } from "../enrol.ts";
import { addPassphrase, renewByStore, shortestPassphrase, unwrapByStore, unwrapKey } from "../keys.ts";
import { cashierOf, done, refused } from "./answers.ts";
import { checkPin, pinRefused } from "./pin.ts";
import type { Desk, Handlers } from "./till.ts";
import { problemRefused } from "./views.ts";

export function keyHandlers(desk: Desk): Pick<Handlers, "enrol" | "unlock" | "lock" | "add-passphrase"> {
  const { parts, session } = desk;
  return {
    async enrol(request) {
      const result = await enrol(parts, { ...request, headFile: null });
      if (!result.ok) {
        return "refusal" in result ? refused(result.refusal.code) : problemRefused(result.failure);
      }
      await unlock(desk, request.passphrase);
      void desk.syncNow().catch(parts.onFailure);
      return done;
    },
    async unlock({ passphrase }) {
      await unlock(desk, passphrase);
      if (!session.key) return refused(passphrase === null ? "key-store-failed" : "wrong-passphrase");
      desk.changed();
      return done;
    },
    "add-passphrase"({ passphrase, pin }) {
      const { stores, clock, randomBytes } = parts;
      const { id, role } = cashierOf(desk);
      if (role !== "supervisor") return refused("supervisor-needed");
      if (passphrase.length < shortestPassphrase) return refused("passphrase-too-short");
      // A till that somebody walked away from is not given a second way in.
      const checked = checkPin(stores.people, id, pin, clock.wallMs());
      if (!checked.ok) return pinRefused(checked);
      const wrapped = stores.node.identity()?.wrappedKey;
      const added =
        session.key && wrapped !== undefined
          ? addPassphrase(wrapped, session.key, passphrase, randomBytes)
          : undefined;
      if (added === undefined) return refused("no-key-store");
      stores.node.keepWrapped(added);
      desk.changed();
      return done;
    },
    async lock() {
      await desk.forgetKey();
      desk.changed();
      return done;
    },
  };
}

/** Takes the key out of the machine's key store, where that has it; does nothing otherwise. */
export async function unlockByStore(desk: Desk): Promise<void> {
  const { stores, keyStore, onFailure } = desk.parts;
  const identity = stores.node.identity();
  if (!keyStore || !identity?.certificate) return;
  const key = await unwrapByStore(identity.wrappedKey, keyStore);
  if (!key) return;
  desk.useKey(key);
  try {
    const renewed = await renewByStore(identity.wrappedKey, keyStore);
    if (renewed !== undefined) stores.node.keepWrapped(renewed);
  } catch (error) {
    // The key is there all the same, and the store is asked again at the next start.
    onFailure(error);
  }
}

export function isPassphrase({ parts }: Desk, passphrase: string): boolean {
  const wrapped = parts.stores.node.identity()?.wrappedKey;
  return wrapped !== undefined && unwrapKey(wrapped, passphrase) !== undefined;
}

async function unlock(desk: Desk, passphrase: string | null): Promise<void> {
  if (passphrase === null) return unlockByStore(desk);
  const wrapped = desk.parts.stores.node.identity()?.wrappedKey;
  const key = wrapped === undefined ? undefined : unwrapKey(wrapped, passphrase);
  if (key) desk.useKey(key);
}
