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
    async update(tx, calls) {
      const isMove = calls.every(([, change]) => Object.keys(change).every((key) => moveKeys.has(key)));
      if (isMove) await tx.vouchers.moveAll(calls.map(([serial, change]) => ({ serial, ...change })));
      else for (const [serial, change] of calls) await tx.vouchers.update(serial, change);
      return nothings(calls);
    },
  },
  leases: {
    async open(tx, calls) {
      const found = await tx.leases.openOf(calls.map(([serial]) => serial));
      return calls.map(([serial]) => found.find((lease) => lease.serial === serial));
    },
    wasGranted: (tx, calls) =>
      tx.leases.wereGranted(calls.map(([serial, nodeId, epoch]) => ({ serial, nodeId, epoch }))),
    async close(tx, calls) {
      await tx.leases.closeAll(calls.map(([serial, epoch, end, at]) => ({ serial, epoch, end, at })));
      return nothings(calls);
    },
  },
  claims: {
    async insert(tx, calls) {
      await tx.claims.insertAll(calls.map(([row]) => row));
      return nothings(calls);
    },
    async find(tx, calls) {
      const found = await tx.claims.findAll(calls.map(([id]) => id));
      return calls.map(([id]) => found.find((claim) => claim.id === id));
    },
    async live(tx, calls) {
      const found = await tx.claims.liveOf(calls.map(([serial]) => serial));
      return calls.map(([serial]) => found.find((claim) => claim.serial === serial));
    },
    async update(tx, calls) {
      await tx.claims.updateAll(calls.map(([id, state, endedAt]) => ({ id, state, endedAt })));
      return nothings(calls);
    },
    async noteTry(tx, calls) {
      await tx.claims.noteTries(calls.map(([id, failure]) => ({ id, failure })));
      return nothings(calls);
    },
    async attempts(tx, calls) {
      const found = await tx.claims.attemptsOf(calls.map(([id]) => id));
      return calls.map(([id]) => found.filter(({ claimId }) => claimId === id));
    },
  },
  operations: {
    async decide(tx, calls) {
      await tx.operations.decideAll(calls.map(([row]) => row));
      return nothings(calls);
    },
    async heldFor(tx, calls) {
      const found = await tx.operations.heldForAny(calls.map(([serial]) => serial));
      return calls.map(([serial]) => found.filter((row) => row.serial === serial));
    },
  },
  shapes: {
    async removeLease(tx, calls) {
      await tx.shapes.removeLeases(calls.map(([nodeId, serial]) => ({ nodeId, serial })));
      return nothings(calls);
    },
    async removeElsewhere(tx, calls) {
      await tx.shapes.removeAllElsewhere(calls.map(([serial]) => serial));
      return nothings(calls);
    },
  },
  ledger: { post: (tx, calls) => tx.ledger.postAll(calls.map(([entry]) => entry)) },
  audit: {
    async record(tx, calls) {
      await tx.audit.recordAll(calls.map(([entry]) => entry));
      return nothings(calls);
    },
  },
  jobs: {
    async enqueueNew(tx, calls) {
      await tx.jobs.enqueueNew(calls.flatMap(([jobs]) => jobs));
      return nothings(calls);
    },
    async forget(tx, calls) {
      await tx.jobs.forget(calls.flatMap(([jobs]) => jobs));
      return nothings(calls);
    },
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

function nothings(calls: readonly unknown[]): readonly undefined[] {
  return calls.map(() => undefined);
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

type AnyForm = ForAll<readonly unknown[], unknown>;

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
