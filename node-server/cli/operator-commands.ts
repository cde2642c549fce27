/** Commands about the people who sign in to the console. */
import { invitationHours, makeInvitation } from "../operators/invite.ts";
import { readGrant, roles } from "../operators/rights.ts";
import type { GrantRefusal } from "../operators/rights.ts";
import { addOperator, disableOperator, listOperators, resetOperator } from "../postgres/operator-admin.ts";
import { done, nameOf, option, UsageError, words } from "./command.ts";
import type { Command, CommandContext } from "./command.ts";
import { table } from "./table.ts";

export const operatorCommands: readonly (readonly [string, Command])[] = [
  [
    "operator add",
    {
      database: true,
      usage: "operator add NAME --role ROLE[,ROLE] --by NAME",
      summary: `invite somebody to the console; roles are ${roles.join(", ")}, the last three with whose they are (merchant:M-1). Prints a one-time password, good for ${invitationHours} hours`,
      async run(context, args, options) {
        const [name] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        if (name.length > 60 || name.trim() !== name) throw new UsageError(`${name} is no name`);
        const read = readGrant((option(options, "role") ?? "").split(",").filter((text) => text !== ""));
        if (!read.ok) throw new UsageError(`${grantRefusals[read.refusal]}. Usage: paypost ${this.usage}`);
        const { invitation, oneTimePassword } = await invite(context, name, by);
        if (!(await addOperator(context.pool, invitation, read.grant)))
          throw new UsageError(`The name ${name} is taken; names are never given to another person`);
        return told(name, oneTimePassword);
      },
    },
  ],
  [
    "operator reset",
    {
      database: true,
      usage: "operator reset NAME --by NAME",
      summary:
        "invite a local operator anew, who has lost the password or the authenticator app, is locked out or was disabled; sessions end",
      async run(context, args, options) {
        const [name] = words(this.usage, args, 1);
        const { invitation, oneTimePassword } = await invite(context, name, nameOf(this.usage, options));
        if (!(await resetOperator(context.pool, invitation)))
          throw new UsageError(`There is no local operator ${name}`);
        return told(name, oneTimePassword);
      },
    },
  ],
  [
    "operator disable",
    {
      database: true,
      usage: "operator disable NAME --by NAME",
      summary: "let somebody sign in no more; sessions end at once",
      async run({ pool }, args, options) {
        const [name] = words(this.usage, args, 1);
        if (!(await disableOperator(pool, name, nameOf(this.usage, options))))
          throw new UsageError(`There is no operator ${name} who may sign in`);
        return done(`${name} signs in no more.`, { name });
      },
    },
  ],
  [
    "operator list",
    {
      database: true,
      usage: "operator list",
      summary: "list who may sign in to the console",
      async run({ pool }) {
        const operators = await listOperators(pool);
        const rows = operators.map((operator) => [
          operator.name,
          operator.roles.join(", "),
          operator.party ?? "",
          operator.source,
          operator.state,
          operator.lastSignInAt?.toISOString() ?? "never",
        ]);
        return done(table(["name", "roles", "of", "account", "state", "last sign-in"], rows), operators);
      },
    },
  ],
];

async function invite({ loadKeys, randomBytes }: CommandContext, name: string, by: string) {
  const { operatorKey } = (await loadKeys()).keys;
  const { oneTimePassword, ...secrets } = await makeInvitation(operatorKey, randomBytes);
  return { oneTimePassword, invitation: { ...secrets, name, by, hours: invitationHours } };
}

function told(name: string, oneTimePassword: string) {
  const text = `${name} signs in at /console with this one-time password, good for ${invitationHours} hours, and then chooses their own:\n\n    ${oneTimePassword}\n`;
  return done(text, { name, oneTimePassword });
}

const grantRefusals: Readonly<Record<GrantRefusal, string>> = {
  "no-role": "--role is missing",
  "unknown-role": `Roles are ${roles.join(", ")}`,
  "party-without-id": "An outside party's role names whose it is, such as merchant:M-1",
  "id-without-party": "Only fsp, biller and merchant name whose they are",
  "party-and-more": "An outside party has one role and no other",
};
