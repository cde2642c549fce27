/**
 * How the same question to the database, or the same change, is put for many at once (`side-by-side.ts`). What is not here
 * is done one after the other.
 */
import type { Tx } from "./ports/store.ts";

/** Answers calls of one method, in their order. */
type ForAll<Args extends readonly unknown[], Answer> = (
  tx: Tx,
  calls: readonly Args[],
) => Promise<readonly Answer[]>;

type FormOf<Method> = Method extends (...args: infer Args) => Promise<infer Answer>
  ? ForAll<Args, Answer>
  : never;

type Forms = {
  readonly [Subject in keyof Tx]?: Tx[Subject] extends (...args: never[]) => unknown
    ? FormOf<Tx[Subject]>
    : { readonly [Method in keyof Tx[Subject]]?: FormOf<Tx[Subject][Method]> };
};

const forms: Forms = {
  now: sameForAll((tx) => tx.now()),
  recovery: { open: sameForAll((tx) => tx.recovery.open()) },
  registry: {
    accepts: onceForEach((tx, merchantId, group) => tx.registry.accepts(merchantId, group)),
    merchant: onceForEach((tx, id) => tx.registry.merchant(id)),
    paymentTerms: onceForEach((tx, merchantId, group, currency) =>
      tx.registry.paymentTerms(merchantId, group, currency),
    ),
  },
  vouchers: {
    async lock(tx, calls) {
      const locked = await tx.vouchers.lock(calls.flatMap(([serials]) => serials));
      return calls.map(([serials]) => {
        const own = serials.flatMap((serial) => locked.get(serial) ?? []);
        return new Map(own.map((voucher) => [voucher.serial, voucher]));
      });
    },
    update: change(async (tx, calls) => {
      const isMove = calls.every(([, row]) => Object.keys(row).every((key) => moveKeys.has(key)));
      if (isMove) await tx.vouchers.moveAll(calls.map(([serial, row]) => ({ serial, ...row })));
      else for (const [serial, row] of calls) await tx.vouchers.update(serial, row);
    }),
  },
  leases: {
    async open(tx, calls) {
      const found = await tx.leases.openOf(calls.map(([serial]) => serial));
      const bySerial = new Map(found.map((lease) => [lease.serial, lease]));
      return calls.map(([serial]) => bySerial.get(serial));
    },
    wasGranted: (tx, calls) =>
      tx.leases.wereGranted(calls.map(([serial, nodeId, epoch]) => ({ serial, nodeId, epoch }))),
    close: change((tx, calls) =>
      tx.leases.closeAll(calls.map(([serial, epoch, end, at]) => ({ serial, epoch, end, at }))),
    ),
  },
  claims: {
    insert: change((tx, calls) => tx.claims.insertAll(calls.map(([row]) => row))),
    async find(tx, calls) {
      const found = await tx.claims.findAll(calls.map(([id]) => id));
      const byId = new Map(found.map((claim) => [claim.id, claim]));
      return calls.map(([id]) => byId.get(id));
    },
    async live(tx, calls) {
      const found = await tx.claims.liveOf(calls.map(([serial]) => serial));
      const bySerial = new Map(found.map((claim) => [claim.serial, claim]));
      return calls.map(([serial]) => bySerial.get(serial));
    },
    update: change((tx, calls) =>
      tx.claims.updateAll(calls.map(([id, state, endedAt]) => ({ id, state, endedAt }))),
    ),
    noteTry: change((tx, calls) => tx.claims.noteTries(calls.map(([id, failure]) => ({ id, failure })))),
    async attempts(tx, calls) {
      const found = Map.groupBy(await tx.claims.attemptsOf(calls.map(([id]) => id)), (each) => each.claimId);
      return calls.map(([id]) => found.get(id) ?? []);
    },
  },
  operations: {
    decide: change((tx, calls) => tx.operations.decideAll(calls.map(([row]) => row))),
    async heldFor(tx, calls) {
      const held = await tx.operations.heldForAny(calls.map(([serial]) => serial));
      const found = Map.groupBy(held, (row) => row.serial);
      return calls.map(([serial]) => found.get(serial) ?? []);
    },
  },
  shapes: {
    removeLease: change((tx, calls) =>
      tx.shapes.removeLeases(calls.map(([nodeId, serial]) => ({ nodeId, serial }))),
    ),
    removeElsewhere: change((tx, calls) => tx.shapes.removeAllElsewhere(calls.map(([serial]) => serial))),
  },
  ledger: { post: (tx, calls) => tx.ledger.postAll(calls.map(([entry]) => entry)) },
  audit: {
    record: change((tx, calls) => tx.audit.recordAll(calls.map(([entry]) => entry))),
  },
  jobs: {
    enqueueNew: change((tx, calls) => tx.jobs.enqueueNew(calls.flatMap(([jobs]) => jobs))),
    forget: change((tx, calls) => tx.jobs.forget(calls.flatMap(([jobs]) => jobs))),
  },
  redemptionRequests: {
    async byClaim(tx, calls) {
      const found = await tx.redemptionRequests.byClaims(calls.map(([claimId]) => claimId));
      return calls.map(([claimId]) => found.find((request) => request.claimId === claimId));
    },
  },
  notifications: {
    contactsOf: (tx, calls) => tx.notifications.contactsOfAll(calls.map(([claim]) => claim)),
  },
};

/** What `moveAll` writes of a voucher. */
const moveKeys: ReadonlySet<string> = new Set(["state", "pending"]);

/** It answers nothing. */
function change<Args extends readonly unknown[]>(
  make: (tx: Tx, calls: readonly Args[]) => Promise<void>,
): ForAll<Args, void> {
  return async (tx, calls) => {
    await make(tx, calls);
    return calls.map(() => undefined);
  };
}

function sameForAll<Answer>(ask: (tx: Tx) => Promise<Answer>): ForAll<[], Answer> {
  return async (tx, calls) => {
    const answer = await ask(tx);
    return calls.map(() => answer);
  };
}

function onceForEach<Args extends readonly string[], Answer>(
  ask: (tx: Tx, ...args: Args) => Promise<Answer>,
): ForAll<Args, Answer> {
  return async (tx, calls) => {
    const answers = new Map<string, Answer>();
    for (const args of calls) {
      const key = JSON.stringify(args);
      if (!answers.has(key)) answers.set(key, await ask(tx, ...args));
    }
    return calls.map((args) => answers.get(JSON.stringify(args)) as Answer);
  };
}

export type AnyForm = ForAll<readonly unknown[], unknown>;

/** Undefined where there is none. */
export function formFor(subject: string, method: string): AnyForm | undefined {
  const ofSubject = (forms as Readonly<Record<string, AnyForm | Readonly<Record<string, AnyForm>>>>)[subject];
  return typeof ofSubject === "object" ? ofSubject[method] : ofSubject;
}

export function callOn(tx: Tx, subject: string, method: string, args: readonly unknown[]): Promise<unknown> {
  type Rows = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;
  const rows = (tx as unknown as Readonly<Record<string, Rows>>)[subject];
  if (typeof rows === "function") return (rows as Rows[string])(...args);
  const call = rows?.[method];
  if (!call) throw new Error(`there is no ${subject}.${method}`);
  return call.apply(rows, [...args]);
}
