/**
 * Calendar dates of a place (IANA time zones), by way of Intl: what is due on a day is due until that day ends there.
 * Dates are written `YYYY-MM-DD` (ISO 8601), which orders them as text.
 */

/** Whether the name is one of the IANA time zone database, as this runtime knows it. */
export function isTimeZone(name: string): boolean {
  try {
    return formatOf(name) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The date that the place has at an instant. Throws RangeError for an unknown time zone. */
export function localDate(epochMs: number, timeZone: string): string {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(epochMs)
      .map((part) => [part.type, part.value]),
  );
  return `${parts.get("year")?.padStart(4, "0")}-${parts.get("month")}-${parts.get("day")}`;
}

/** The last millisecond of a date at the place: days there may have 23 or 25 hours, or begin at one o'clock. */
export function endOfLocalDate(date: string, timeZone: string): number {
  // The first second that is no longer of the date; no place is more than 15 hours from UTC.
  const midnight = Date.parse(`${date}T00:00:00Z`) / 1000;
  let within = midnight - 15 * 3600;
  let beyond = midnight + 39 * 3600;
  while (beyond - within > 1) {
    const middle = Math.floor((within + beyond) / 2);
    if (localDate(middle * 1000, timeZone) > date) beyond = middle;
    else within = middle;
  }
  return beyond * 1000 - 1;
}

/** Whether the text is a date that the calendar has: 2026-02-30 is none. */
export function isDate(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  formats.set(timeZone, format);
  return format;
}
