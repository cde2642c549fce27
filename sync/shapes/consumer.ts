/**
 * Takes the messages of one shape's stream and stores them a batch at a time (design: "On the node").
 *
 * C1  Rows count only from an `up-to-date`, together with handle and offset, in one transaction.
 * C2  A batch that does not continue the stored head is not stored.
 * C3  After `must-refetch` the rows build a new load beside the old one, which counts until the new one is complete.
 */
import type { ShapeBatch, ShapeChange, ShapeHead, ShapeName, ShapeStorage } from "../ports/shape-storage.ts";
import { arrivedLease, checkRow } from "./check-row.ts";
import type { RowContext, ShapeRow } from "./check-row.ts";

export type ShapeMessage = ShapeRow | { readonly control: "up-to-date" | "must-refetch" };

export interface ShapeConsumer {
  /**
   * Stores what came. `position` is where the stream stands after these messages. True when the shape is up to date.
   * Throws when storing fails: the stream must then be stopped, and begun again from the stored head.
   */
  receive(messages: readonly ShapeMessage[], position: ShapeHead): Promise<boolean>;
}

export interface ConsumerParts {
  readonly name: ShapeName;
  readonly storage: ShapeStorage;
  /** Read for each batch, since a key set that came before decides about it. */
  readonly context: () => RowContext;
  /** Load the shape anew although a head is stored: the server cannot continue from there. */
  readonly reload?: boolean;
  /** Called between some rows and the next: what else the thread has to do comes in between, such as what goes on arriving. */
  readonly pause?: () => Promise<void>;
}

/** Thrown when a batch does not continue what is stored: somebody else has stored something meanwhile. */
export class BrokenSequenceError extends Error {}

/** Thrown when more changes came than are held in memory; the shape is then better loaded anew. */
export class TooManyChangesError extends Error {}

const mostPendingChanges = 100_000;

/** Rows of a load that are stored in one transaction. */
const stagedTogether = 2_000;

/** Signatures are checked side by side, so many rows at a time. */
const checkedTogether = 500;

/** More rows than this in one answer are stored first, where they are new leases, and looked at afterwards. */
const mostCheckedFirst = 100;

type RowCheck = (row: ShapeRow) => Promise<ShapeChange | undefined> | ShapeChange;

/**
 * The messages in their order and some at a time, with each row as what is to be stored of it. The platform's threads
 * check the signatures of the next ones while the caller stores these.
 */
async function* checked(messages: readonly ShapeMessage[], check: RowCheck, pause: ConsumerParts["pause"]) {
  const checkFrom = (start: number) =>
    Promise.all(
      messages
        .slice(start, start + checkedTogether)
        .map(async (message) => ("control" in message ? message : check(message))),
    );
  let next = checkFrom(0);
  try {
    for (let start = checkedTogether; ; start += checkedTogether) {
      const together = await next;
      next = checkFrom(start);
      yield together;
      if (start >= messages.length) return;
      await pause?.();
    }
  } finally {
    // Where storing failed, nobody else waits for these.
    await next.catch(() => {});
  }
}

export function createConsumer({ name, storage, context, reload, pause }: ConsumerParts): ShapeConsumer {
  let from = storage.head(name);
  let load = from === undefined || reload ? storage.beginLoad(name) : undefined;
  let pending: ShapeChange[] = [];
  /** Vouchers whose leases arrived and are pending: another row for one of them is checked, so that it takes no good one's place. */
  const arriving = new Set<bigint>();

  const arrivedOf = (row: ShapeRow) => {
    const lease = arrivedLease(row);
    if (!lease || arriving.has(lease.serial)) return undefined;
    if (from !== undefined && storage.isLeased(lease.serial)) return undefined;
    arriving.add(lease.serial);
    return lease;
  };

  const forget = (): void => {
    pending = [];
    arriving.clear();
  };
  const store = (batch: ShapeBatch): void => {
    if (!storage.apply(batch)) throw new BrokenSequenceError(`the batch of ${name} does not follow its head`);
    from = batch.to;
    load = undefined;
    forget();
  };
  /** What is not part of a load waits until it is complete. */
  const stage = (): void => {
    if (load === undefined || pending.length === 0) return;
    storage.stage(name, load, pending);
    forget();
  };
  const keep = (change: ShapeChange): void => {
    pending.push(change);
    if (pending.length > mostPendingChanges) throw new TooManyChangesError(`too many changes of ${name}`);
  };

  return {
    async receive(messages, position) {
      let upToDate = false;
      const rowContext = context();
      const areMany = name === "leases" && messages.length > mostCheckedFirst;
      const check: RowCheck = (row) => (areMany && arrivedOf(row)) || checkRow(name, row, rowContext);
      for await (const together of checked(messages, check, pause)) {
        for (const message of together) {
          if (message === undefined) continue;
          if (!("control" in message)) {
            keep(message);
          } else if (message.control === "must-refetch") {
            forget();
            load = storage.beginLoad(name);
          } else if (message.control === "up-to-date") {
            upToDate = true;
          }
        }
        if (!upToDate && pending.length >= stagedTogether) stage();
      }
      if (upToDate) store({ name, from, load, changes: pending, to: position });
      else stage();
      return upToDate;
    },
  };
}
