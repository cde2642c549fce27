/**
 * One shape, served the way Electric serves it (see `test/fixtures/electric-exchanges.json`): snapshot, `0_inf`, changes
 * by transaction, held live requests, 409 for a handle that is not this one's.
 */
import { EventEmitter, once } from "node:events";

export type Row = Readonly<Record<string, string | null>>;

interface Entry {
  readonly offset: number;
  readonly message: unknown;
}

export interface ShapeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ElectricShape {
  /** Inserts or updates a row, as a transaction of its own. */
  put(key: string, row: Row): void;
  remove(key: string): void;
  /** The log is gone: every reader must load the shape anew. */
  rotate(): void;
  answer(query: URLSearchParams, signal: AbortSignal): Promise<ShapeAnswer>;
}

export interface ElectricShapeOptions {
  readonly name: string;
  /** Rows in one answer of a snapshot; the others follow in further answers. */
  readonly chunk?: number;
  readonly holdMs?: number;
}

let handles = 0;

export function createElectricShape({
  name,
  chunk = 1000,
  holdMs = 20_000,
}: ElectricShapeOptions): ElectricShape {
  const changed = new EventEmitter().setMaxListeners(0);
  const rows = new Map<string, Row>();
  let log: Entry[] = [];
  let snapshot: unknown[][] = [];
  let position = 0;
  let handle = nextHandle();

  // A snapshot is taken when a handle is first asked for; what comes later is in the log.
  const takeSnapshot = (): void => {
    const inserts = [...rows].map(([key, value]) => ({ key, value, headers: { operation: "insert" } }));
    snapshot = [];
    for (let at = 0; at < inserts.length || at === 0; at += chunk)
      snapshot.push(inserts.slice(at, at + chunk));
    snapshot.at(-1)?.push({ headers: { control: "snapshot-end", xmin: "1", xmax: "1", xip_list: [] } });
    log = [];
  };
  const append = (message: unknown): void => {
    position += 1;
    log.push({ offset: position, message });
    changed.emit("change");
  };
  const headers = (offset: string, upToDate: boolean, live: boolean): Record<string, string> => ({
    "electric-handle": handle,
    "electric-offset": offset,
    ...(live ? { "electric-cursor": String(Date.now()) } : { "electric-schema": schema }),
    ...(upToDate ? { "electric-up-to-date": "" } : {}),
  });
  const tail = (after: number, live: boolean): ShapeAnswer => {
    const messages = log.filter(({ offset }) => offset > after).map(({ message }) => message);
    const last = log.length === 0 || position <= after ? after : position;
    const offset = last === 0 ? "0_inf" : `${last}_0`;
    const body = [
      ...messages,
      { headers: { control: "up-to-date", global_last_seen_lsn: String(position) } },
    ];
    return { status: 200, headers: headers(offset, true, live), body };
  };
  const mustRefetch = (): ShapeAnswer => ({
    status: 409,
    headers: { "electric-handle": handle },
    body: [{ headers: { control: "must-refetch" } }],
  });

  return {
    put(key, row) {
      const operation = rows.has(key) ? "update" : "insert";
      rows.set(key, row);
      append({ key, value: row, headers: { operation } });
    },
    remove(key) {
      const value = rows.get(key) ?? {};
      rows.delete(key);
      append({ key, value, headers: { operation: "delete" } });
    },
    rotate() {
      handle = nextHandle();
      snapshot = [];
      changed.emit("change");
    },
    async answer(query, signal) {
      const offset = query.get("offset") ?? "";
      const live = query.get("live") === "true";
      if (offset === "-1" && (query.get("handle") ?? handle) === handle) {
        takeSnapshot();
        return chunkAnswer(0);
      }
      if (query.get("handle") !== handle) return mustRefetch();
      const [first = "", second = ""] = offset.split("_");
      if (first === "0" && second !== "inf" && Number(second) + 1 < snapshot.length) {
        return chunkAnswer(Number(second) + 1);
      }
      const after = first === "0" ? 0 : Number(first);
      if (live && !log.some((entry) => entry.offset > after)) {
        const asked = handle;
        const waiting = AbortSignal.any([signal, AbortSignal.timeout(holdMs)]);
        await once(changed, "change", { signal: waiting }).catch(() => {});
        if (handle !== asked) return mustRefetch();
      }
      return tail(after, live);
    },
  };

  function chunkAnswer(index: number): ShapeAnswer {
    return { status: 200, headers: headers(`0_${index}`, false, false), body: snapshot[index] ?? [] };
  }

  function nextHandle(): string {
    handles += 1;
    return `${name}-${handles}`;
  }
}

const schema = JSON.stringify({ node_id: { type: "text" }, serial: { type: "int8" } });
