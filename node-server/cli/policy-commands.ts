/** Commands about policies: what nodes may do without the server (docs/offline.md). */
import { readFile } from "node:fs/promises";
import { formatMajor } from "#core/money.ts";
import type { Policy } from "#sync/documents/policy.ts";
import { issuePolicy, readPolicy } from "../nodes/policies.ts";
import { done, option, UsageError, words } from "./command.ts";
import type { Command, CommandResult } from "./command.ts";
import { examplePolicy, readPolicyFile } from "./policy-file.ts";

export const policyCommands: readonly (readonly [string, Command])[] = [
  [
    "policy set",
    {
      database: true,
      usage: "policy set FILE --by NAME",
      summary: "issue the next version of the policy; FILE is JSON as `policy example` prints it",
      async run({ store, loadKeys }, args, options) {
        const [path] = words(this.usage, args, 1);
        const by = option(options, "by")?.trim();
        if (!by) throw new UsageError(`--by is missing: your name. Usage: paypost ${this.usage}`);
        const text = await readFile(path, "utf8").catch(() => {
          throw new UsageError(`${path} cannot be read`);
        });
        const file = readPolicyFile(text, await store.transaction((tx) => tx.now()));
        if (!file.ok) throw new UsageError(`This is no policy:\n  ${file.mistakes.join("\n  ")}`);
        const { ring } = await loadKeys();
        return shown(await issuePolicy(store, ring.signers.policy, file.wish, by));
      },
    },
  ],
  [
    "policy show",
    {
      database: true,
      usage: "policy show [VERSION]",
      summary: "show a version of the policy, or the newest",
      async run({ store }, args) {
        const [wanted] = args;
        if (args.length > 1 || (wanted !== undefined && !/^[1-9][0-9]{0,8}$/.test(wanted)))
          throw new UsageError(`Usage: paypost ${this.usage}`);
        const row = await store.transaction((tx) =>
          wanted === undefined ? tx.limits.currentPolicy() : tx.limits.policy(Number(wanted)),
        );
        if (!row)
          throw new UsageError(
            wanted === undefined ? "There is no policy yet" : `There is no policy ${wanted}`,
          );
        return shown(readPolicy(row));
      },
    },
  ],
  [
    "policy example",
    {
      database: false,
      usage: "policy example",
      summary: "print a file for `policy set` to begin with",
      run: () => done(JSON.stringify(examplePolicy, null, 2), examplePolicy),
    },
  ],
];

function shown(policy: Policy): CommandResult {
  const { version, expiresAtMs, atRisk, unanchoredHours, clockErrorMs, currencies, cashOut } = policy;
  const lines = [
    `Policy ${version}, until ${new Date(expiresAtMs).toISOString()}.`,
    atRisk
      ? `At risk: up to ${atRisk.redemptions} vouchers in ${atRisk.hours} hours since the last sync, with a deny list of at ` +
        `most ${atRisk.denyListHours} hours; settled up to ${atRisk.lateSettlementHours} hours after a voucher's expiry.`
      : "At risk: nothing.",
    `By a clock that is not confirmed: ${unanchoredHours} hours. Clocks may be off by ${clockErrorMs / 1000} seconds.`,
    ...currencies.map(({ currency, ...limits }) => {
      const major = (amountMinor: bigint) => formatMajor({ amountMinor, currency });
      return (
        `${currency}: ${major(limits.voucherMinor)} a voucher, ${major(limits.operationMinor)} an operation, ` +
        `${major(limits.sumMinor)} in all, guaranteed up to ${major(limits.guaranteedMinor)} each; ` +
        `${major(limits.unanchoredMinor)} by a clock that is not confirmed.`
      );
    }),
    ...(cashOut ?? []).map(({ currency, fixedMinor, basisPoints }) => {
      const fixed = formatMajor({ amountMinor: fixedMinor, currency });
      return `${currency} in cash: an agent keeps at most ${fixed} and ${basisPoints / 100} % of a voucher.`;
    }),
  ];
  return done(lines.join("\n"), policy);
}
