/** What the owner of the machine has set, and the bytes of each day, in SQLite. */
import type { Allowance } from "#sync/ports/allowance.ts";
import type { NodeDatabase } from "../database.ts";

export interface Settings {
  /** Bytes that may go over the link in a day (UTC), both ways; null for as many as it takes. */
  readonly bytesPerDay: number | null;
  /** Whether the node contacts its server only when somebody asks for it. */
  readonly onRequest: boolean;
}

export interface SettingStorage {
  read(): Settings;
  write(settings: Settings): void;
  /** What a screen keeps between two starts, by its name. */
  preference(name: string): string | undefined;
  setPreference(name: string, value: string): void;
  /** Bytes on the day of the given time, so far. */
  spent(nowMs: number): number;
  addTraffic(nowMs: number, bytes: number): void;
}

export function createSettingStorage(database: NodeDatabase): SettingStorage {
  const setting = database.prepare<[string], { value: string }>("select value from settings where name = ?");
  const save = database.prepare("insert or replace into settings (name, value) values (?, ?)");
  const remove = database.prepare("delete from settings where name = ?");
  const onDay = database.prepare<[string], { bytes: bigint }>("select bytes from traffic where day = ?");
  const add = database.prepare(
    "insert into traffic (day, bytes) values (?, ?) on conflict (day) do update set bytes = bytes + excluded.bytes",
  );
  return {
    read() {
      const bytes = setting.get("bytes-per-day")?.value;
      const onRequest = setting.get("on-request")?.value === "yes";
      return { bytesPerDay: bytes === undefined ? null : Number(bytes), onRequest };
    },
    write({ bytesPerDay, onRequest }) {
      database
        .transaction(() => {
          if (bytesPerDay === null) remove.run("bytes-per-day");
          else save.run("bytes-per-day", String(bytesPerDay));
          save.run("on-request", onRequest ? "yes" : "no");
        })
        .immediate();
    },
    preference: (name) => setting.get(`preference:${name}`)?.value,
    setPreference: (name, value) => void save.run(`preference:${name}`, value),
    spent: (nowMs) => Number(onDay.get(dayOf(nowMs))?.bytes ?? 0n),
    addTraffic: (nowMs, bytes) => void add.run(dayOf(nowMs), bytes),
  };
}

/** A1: the part of a day's bytes that reading may use. */
const shareOfReading = 0.8;

export function allowanceOf(settings: SettingStorage, wallMs: () => number): Allowance {
  return {
    isMetered: () => settings.read().bytesPerDay !== null,
    isSpent(use) {
      const { bytesPerDay } = settings.read();
      if (bytesPerDay === null) return false;
      const most = use === "reading" ? bytesPerDay * shareOfReading : bytesPerDay;
      return settings.spent(wallMs()) >= most;
    },
  };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
