/** Commands of those who watch over others: permissions that two people grant, and alerts. */
import type { Pool } from "pg";
import {
  approvePermission,
  isRegistered,
  permissions,
  proposePermission,
  withdrawPermission,
} from "../postgres/permission-admin.ts";
import { endAlert, listAlerts } from "../postgres/alert-admin.ts";
import type { Permission } from "../ports/store.ts";
import { listCallbacks, resendCallbacks } from "../postgres/callback-admin.ts";
import type { WhichCallbacks } from "../postgres/callback-admin.ts";
import { done, nameOf, option, UsageError, words } from "./command.ts";
import type { Command, Options } from "./command.ts";
import { table } from "./table.ts";

export const oversightCommands: readonly (readonly [string, Command])[] = [
  [
    "permission propose",
    {
      database: true,
      usage: "permission propose INSTITUTION override --by NAME",
      summary: "propose a permission for a caller; somebody else must approve it",
      async run({ pool }, args, options) {
        const grant = await grantOf(pool, this.usage, args, options);
        const isNew = await proposePermission(pool, grant);
        const text = isNew
          ? `Proposed. It holds once somebody other than ${grant.by} approves it.`
          : "It is proposed or granted already.";
        return done(text, { ...grant, proposed: isNew });
      },
    },
  ],
  [
    "permission approve",
    {
      database: true,
      usage: "permission approve INSTITUTION override --by NAME",
      summary: "approve what somebody else proposed",
      async run({ pool }, args, options) {
        const grant = await grantOf(pool, this.usage, args, options);
        const approval = await approvePermission(pool, grant);
        if (approval === "not-proposed")
          throw new UsageError("There is no such proposal that waits for approval");
        if (approval === "same-person")
          throw new UsageError(`${grant.by} proposed it, so somebody else must approve it`);
        return done(`${grant.institutionId} now holds the permission ${grant.permission}.`, grant);
      },
    },
  ],
  [
    "permission withdraw",
    {
      database: true,
      usage: "permission withdraw INSTITUTION override --by NAME",
      summary: "take a permission, or the proposal of one, away at once",
      async run({ pool }, args, options) {
        const grant = await grantOf(pool, this.usage, args, options);
        if (!(await withdrawPermission(pool, grant))) throw new UsageError("There is no such permission");
        return done(`${grant.institutionId} no longer holds the permission ${grant.permission}.`, grant);
      },
    },
  ],
  [
    "alerts",
    {
      database: true,
      usage: "alerts [--all]",
      summary: "list what needs an operator's eye; --all shows ended alerts too",
      async run({ pool }, _args, options) {
        const alerts = await listAlerts(pool, options["all"] === true);
        const rows = alerts.map((alert) => [
          alert.id,
          alert.at.toISOString(),
          alert.kind,
          alert.subject,
          JSON.stringify(alert.detail),
          alert.endedAt?.toISOString() ?? "open",
        ]);
        return done(table(["id", "at", "kind", "subject", "detail", "ended"], rows), alerts);
      },
    },
  ],
  [
    "alert end",
    {
      database: true,
      usage: "alert end ID --by NAME",
      summary: "say that an alert was looked into",
      async run({ pool }, args, options) {
        const [id] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        if (!/^[0-9]{1,18}$/.test(id) || !(await endAlert(pool, BigInt(id), by)))
          throw new UsageError(`There is no open alert ${id}`);
        return done(`Alert ${id} is ended.`, { id });
      },
    },
  ],
  [
    "callbacks resend",
    {
      database: true,
      usage: "callbacks resend ID --by NAME, or callbacks resend --all [--institution ID] --by NAME",
      summary: "send a callback, or all that could not be delivered, once more",
      async run({ pool }, args, options) {
        const which = whichCallbacks(this.usage, args, options);
        const count = await resendCallbacks(pool, which, nameOf(this.usage, options));
        if (count === 0 && "id" in which) throw new UsageError(`There is no callback ${which.id}`);
        return done(`${count} will be sent within a minute.`, { count });
      },
    },
  ],
  [
    "callbacks",
    {
      database: true,
      usage: "callbacks [--all]",
      summary: "list callbacks that were not delivered yet; --all shows delivered ones too",
      async run({ pool }, _args, options) {
        const callbacks = await listCallbacks(pool, options["all"] !== true);
        const rows = callbacks.map((callback) => [
          callback.id,
          callback.institutionId,
          callback.kind,
          callback.url,
          callback.state,
          callback.tries,
          callback.lastTriedAt?.toISOString() ?? "never",
          callback.lastError ?? "",
        ]);
        const head = ["id", "institution", "kind", "url", "state", "tries", "last try", "error"];
        return done(table(head, rows), callbacks);
      },
    },
  ],
];

function whichCallbacks(usage: string, args: readonly string[], options: Options): WhichCallbacks {
  if (options["all"] === true && args.length === 0)
    return { undeliverableOf: option(options, "institution") };
  const [id] = words(usage, args, 1);
  if (options["all"] === true || !/^[0-9]{1,18}$/.test(id)) throw new UsageError(`Usage: paypost ${usage}`);
  return { id: BigInt(id) };
}

async function grantOf(pool: Pool, usage: string, args: readonly string[], options: Options) {
  const [institutionId, permission] = words(usage, args, 2);
  if (!isPermission(permission))
    throw new UsageError(`${permission} is no permission; there is ${permissions.join(", ")}`);
  if (!(await isRegistered(pool, institutionId)))
    throw new UsageError(`There is no institution ${institutionId}`);
  return { institutionId, permission, by: nameOf(usage, options) };
}

function isPermission(text: string): text is Permission {
  return permissions.some((permission) => permission === text);
}
