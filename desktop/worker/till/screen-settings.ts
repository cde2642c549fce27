/** What whoever owns the machine has set: how the screen looks and locks, and what the link may cost. */
import type { Settings } from "../../protocol.ts";
import type { NodeStores } from "../open.ts";

type Kept = Omit<Settings, "bytesPerDay" | "onRequest">;

const usual: Kept = { language: null, theme: "system", paper: "80", lockAfterMinutes: 10 };

export function settingsOf({ settings }: NodeStores): Settings {
  const kept = settings.preference("screen");
  const screen = kept === undefined ? {} : (JSON.parse(kept) as Partial<Kept>);
  return { ...usual, ...screen, ...settings.read() };
}

export function keepScreen({ settings }: NodeStores, kept: Kept): void {
  settings.setPreference("screen", JSON.stringify(kept));
}

export function lockAfterMinutes(stores: NodeStores): number {
  return settingsOf(stores).lockAfterMinutes;
}
