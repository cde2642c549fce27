/** Who may call: tokens for a first trial, and the clients of X-Road that are institutions here. */
import { configOrExit } from "../config-or-exit.ts";
import { developmentToken, hasDevelopmentIssuer } from "../development-issuer.ts";
import { scopes } from "../middleware/caller.ts";
import { putXRoadClient, removeXRoadClient } from "../postgres/x-road-admin.ts";
import { formatXRoadClient } from "../x-road-client.ts";
import { done, nameOf, option, UsageError, wholeNumber, words } from "./command.ts";
import type { Command, Options } from "./command.ts";

export const callerCommands: readonly (readonly [string, Command])[] = [
  [
    "token",
    {
      database: false,
      usage: "token --institution ID [--scope 'SCOPE …'] [--hours N]",
      summary:
        "a caller's token for a first trial, with all scopes and for 8 hours unless told otherwise; taken by a server of this machine without PAYPOST_JWKS and DATABASE_URL only",
      async run(_args, options) {
        const institutionId = option(options, "institution");
        if (institutionId === null)
          throw new UsageError(`--institution is missing. Usage: paypost ${this.usage}`);
        const hours = wholeNumber(option(options, "hours") ?? "8", "--hours");
        const scope = scopesOf(options)?.join(" ") ?? scopes.join(" ");
        const { config } = configOrExit(process.env);
        if (!hasDevelopmentIssuer(config))
          throw new UsageError(
            "This server takes the tokens of an issuer of its own (PAYPOST_JWKS), uses DATABASE_URL, or is reached from elsewhere (HOST): ask the issuer",
          );
        const token = await developmentToken(config, { institutionId, scope, hours });
        return done(token, { token, institutionId, scope, hours });
      },
    },
  ],
  [
    "institution x-road",
    {
      database: true,
      usage:
        "institution x-road ID INSTANCE/CLASS/MEMBER/SUBSYSTEM --scope 'SCOPE …' --by NAME | … --remove --by NAME",
      summary:
        "let a client of X-Road in as an institution, with these scopes, when it comes through PAYPOST_X_ROAD_SERVERS; or no longer",
      async run({ pool }, args, options) {
        const [institutionId, text] = words(this.usage, args, 2);
        const client = formatXRoadClient(text);
        if (client === undefined) throw new UsageError(`${text} is no INSTANCE/CLASS/MEMBER/SUBSYSTEM`);
        const by = nameOf(this.usage, options);
        if (options["remove"] === true) {
          if (!(await removeXRoadClient(pool, client, institutionId, by)))
            throw new UsageError(`${client} is no client of ${institutionId}`);
          return done(`${client} is let in no longer.`, { client });
        }
        const granted = scopesOf(options);
        if (!granted) throw new UsageError(`--scope is missing. Usage: paypost ${this.usage}`);
        const outcome = await putXRoadClient(pool, { client, institutionId, scopes: granted }, by);
        if (outcome === "no-institution") throw new UsageError(`There is no institution ${institutionId}`);
        if (outcome === "of-another") throw new UsageError(`${client} is a client of another institution`);
        return done(`${client} is let in as ${institutionId}: ${granted.join(" ")}`, {
          client,
          institutionId,
        });
      },
    },
  ],
];

/** Undefined where none are named. */
function scopesOf(options: Options): readonly string[] | undefined {
  const named = option(options, "scope")
    ?.trim()
    .split(/[\s,]+/);
  const unknown = named?.find((scope) => !scopes.some((known) => known === scope));
  if (unknown !== undefined) throw new UsageError(`${unknown} is no scope: there are ${scopes.join(", ")}`);
  return named;
}
