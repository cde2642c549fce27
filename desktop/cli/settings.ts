/** The command about what the connection may cost. */
import { exitCodes } from "./result.ts";
import type { CommandResult } from "./result.ts";
import { clock, usage, withStores } from "./session.ts";
import type { CommandOptions } from "./session.ts";

/** Less would not carry one batch and its verdicts. */
const leastBytes = 50_000;

export function settingsCommand(options: CommandOptions): Promise<CommandResult> {
  const { allowance, onRequest } = options;
  const bytes = allowance === undefined ? undefined : bytesIn(allowance);
  if (bytes === "malformed") {
    return Promise.resolve(
      usage(
        `--allowance must be \`none\`, or the bytes of a day such as 500kB or 5MB, at least ${leastBytes}.`,
      ),
    );
  }
  if (onRequest !== undefined && onRequest !== "yes" && onRequest !== "no") {
    return Promise.resolve(usage("--on-request must be `yes` or `no`."));
  }
  return withStores(options, async ({ settings }) => {
    const before = settings.read();
    const now = {
      bytesPerDay: bytes === undefined ? before.bytesPerDay : bytes,
      onRequest: onRequest === undefined ? before.onRequest : onRequest === "yes",
    };
    if (bytes !== undefined || onRequest !== undefined) settings.write(now);
    const spent = settings.spent(clock.wallMs());
    const limit =
      now.bytesPerDay === null ? "No limit to what the connection carries" : `${now.bytesPerDay} bytes a day`;
    const asked = now.onRequest
      ? "Contacts its server only when somebody runs `sync`."
      : "Contacts its server by itself while `sync --watch` runs.";
    const text = `${limit}; ${spent} today (UTC). ${asked}`;
    return { exitCode: exitCodes.done, text, json: { ok: true, ...now, spentToday: spent } };
  });
}

function bytesIn(text: string): number | null | "malformed" {
  if (text === "none") return null;
  const [, digits, unit] = /^([1-9][0-9]{0,8})(kB|MB)?$/.exec(text) ?? [];
  if (digits === undefined) return "malformed";
  const bytes = Number(digits) * (unit === "MB" ? 1_000_000 : unit === "kB" ? 1000 : 1);
  return bytes >= leastBytes ? bytes : "malformed";
}
