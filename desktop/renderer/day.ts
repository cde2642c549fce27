/** Days in this machine's own time zone, as whoever closes the shop means them. */

/** `2026-11-28`, as date fields have it. */
export function dayText(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function spanOf(day: string): { readonly fromMs: number; readonly untilMs: number } {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return {
    fromMs: new Date(year, month - 1, date).getTime(),
    untilMs: new Date(year, month - 1, date + 1).getTime(),
  };
}
