/** What operators can do from the command line, each command with its usage and both of its outputs. */
import { toString } from "qrcode";
import { currencyDecimals, formatMajor, parseMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import { enrolmentLink } from "#sync/enrolment-link.ts";
import { isUuid } from "#sync/ids.ts";
import { parseServerUrl } from "#sync/server-url.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { issuePinCode } from "../nodes/pin-codes.ts";
import { freezeNode, revokeNode } from "../nodes/revoke.ts";
import {
  listNodes,
  listOperations,
  listVouchers,
  putInstitution,
  putVoucherGroup,
  trialBalance,
} from "../postgres/registry-admin.ts";
import { agentCommands } from "./agent-commands.ts";
import { auditCommands } from "./audit-commands.ts";
import { backupCommands } from "./backup-commands.ts";
import { billerCommands } from "./biller-commands.ts";
import { agencyCommands } from "./agency-commands.ts";
import { caseCommands } from "./case-commands.ts";
import { carryingCommands } from "./carrying-commands.ts";
import { callerCommands } from "./caller-commands.ts";
import { contactCommands } from "./contact-commands.ts";
import { done, keyOf, nameOf, option, UsageError, wholeNumber, words } from "./command.ts";
import type { Command } from "./command.ts";
import { institutionCommands } from "./institution-commands.ts";
import { keyCommands } from "./key-commands.ts";
import { leaseCommands } from "./lease-commands.ts";
import { disclosureCommands } from "./disclosure-commands.ts";
import { mapperCommands } from "./mapper-commands.ts";
import { merchantCommands } from "./merchant-commands.ts";
import { disbursementCommands } from "./disbursement-commands.ts";
import { disputeCommands } from "./dispute-commands.ts";
import { heldCommands } from "./held-commands.ts";
import { retentionCommands } from "./retention-commands.ts";
import { recoveryCommands } from "./recovery-commands.ts";
import { policyCommands } from "./policy-commands.ts";
import { operatorCommands } from "./operator-commands.ts";
import { oversightCommands } from "./oversight-commands.ts";
import { paymentCommands } from "./payment-commands.ts";
import { reportCommands } from "./report-commands.ts";
import { settlementCommands } from "./settlement-commands.ts";
import { voucherCommands } from "./voucher-commands.ts";
import { table } from "./table.ts";

export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...operatorCommands,
  ...voucherCommands,
  ...oversightCommands,
  ...auditCommands,
  ...carryingCommands,
  ...leaseCommands,
  ...backupCommands,
  ...retentionCommands,
  ...keyCommands,
  ...recoveryCommands,
  ...heldCommands,
  ...disputeCommands,
  ...caseCommands,
  ...merchantCommands,
  ...mapperCommands,
  ...disclosureCommands,
  ...policyCommands,
  ...paymentCommands,
  ...contactCommands,
  ...agencyCommands,
  ...disbursementCommands,
  ...reportCommands,
  ...billerCommands,
  ...agentCommands,
  ...settlementCommands,
  ...callerCommands,
  [
    "institution add",
    {
      database: true,
      usage: "institution add ID NAME [--callback-base URL] [--box-key BASE64] [--profile phee]",
      summary: "register a caller; the key is what its voucher numbers are encrypted for",
      async run({ pool }, args, options) {
        const [id, name] = words(this.usage, args, 2);
        const boxKey = option(options, "box-key");
        const boxPublicKey = boxKey === null ? null : keyOf(boxKey);
        const profile = option(options, "profile") ?? "govstack";
        if (profile !== "govstack" && profile !== "phee")
          throw new UsageError(`${profile} is no profile: use govstack or phee`);
        await putInstitution(pool, {
          profile,
          id,
          name,
          callbackBaseUrl: option(options, "callback-base"),
          boxPublicKey,
        });
        return done(`Institution ${id} is registered.`, { id });
      },
    },
  ],
  [
    "group add",
    {
      database: true,
      usage: "group add CODE NAME [--validity-days N] [--reservation-days N] [--at-risk]",
      summary:
        "make a voucher group (a three-letter code); vouchers are valid for N days from activation (365), and keep their funding reserved for N days before it (90). Without --at-risk they are redeemed offline under leases only; which it is never changes",
      async run({ pool, store }, args, options) {
        const [code, name] = words(this.usage, args, 2);
        if (!/^[A-Z0-9]{3}$/.test(code))
          throw new UsageError(`${code} is no group code: use three letters, such as FOO`);
        const validityDays = wholeNumber(option(options, "validity-days") ?? "365", "--validity-days");
        const reservationDays = wholeNumber(
          option(options, "reservation-days") ?? "90",
          "--reservation-days",
        );
        const atRisk = options["at-risk"] === true;
        const known = await store.transaction((tx) => tx.registry.voucherGroup(code));
        if (known?.code === code && known.atRisk !== atRisk)
          throw new UsageError(
            `${code} is ${known.atRisk ? "at-risk" : "lease-only"}, and stays so: make another group`,
          );
        await putVoucherGroup(pool, { code, name, validityDays, reservationDays, atRisk });
        return done(`Voucher group ${code} is there.`, { code });
      },
    },
  ],
  [
    "group fund",
    {
      database: true,
      usage: "group fund CODE AMOUNT CURRENCY --reference TEXT",
      summary: "book money that came in for a group; one reference is booked once",
      async run({ store }, args, options) {
        const [codeOrName, amount, currency] = words(this.usage, args, 3);
        const reference = option(options, "reference");
        if (reference === null) throw new UsageError(`--reference is missing. Usage: paypost ${this.usage}`);
        const parsed = parseMajor(amount, currency);
        if (!parsed.ok) throw new UsageError(`${amount} ${currency}: ${parsed.refusal.code}`);
        const booked = await store.transaction(async (tx) => {
          const group = await tx.registry.voucherGroup(codeOrName);
          if (!group) throw new UsageError(`There is no voucher group ${codeOrName}`);
          await tx.audit.record({
            actor: "operator",
            action: "group.fund",
            subject: `group:${group.code}`,
            after: { amount, currency, reference },
          });
          return tx.ledger.post(fundGroup(reference, group.code, parsed.money));
        });
        const text = booked
          ? `${formatMajor(parsed.money)} ${currency} are booked for ${codeOrName}.`
          : `The reference ${reference} was booked before; nothing was booked now.`;
        return done(text, { booked });
      },
    },
  ],
  [
    "node code",
    {
      database: true,
      usage: "node code MERCHANT NAME [--hours N] [--agent] [--server URL]",
      summary:
        "issue a one-time enrolment code for a merchant's machine, good for N hours (48); an agent's machine may pay vouchers out in cash; with the server's address also a link and its QR code",
      async run({ store, randomBytes }, args, options) {
        const [merchantId, nodeName] = words(this.usage, args, 2);
        const validHours = wholeNumber(option(options, "hours") ?? "48", "--hours");
        const merchant = await store.transaction((tx) => tx.registry.merchant(merchantId));
        if (!merchant) throw new UsageError(`There is no merchant ${merchantId}`);
        const address = option(options, "server");
        const server = address === null ? undefined : parseServerUrl(address);
        if (server?.ok === false) throw new UsageError(`--server: ${server.refusal.code}`);
        const code = await issueEnrolmentCode(store, randomBytes, {
          merchantId,
          nodeName,
          validHours,
          agent: options["agent"] === true,
        });
        const link = server ? enrolmentLink(server.url, code) : null;
        const told = `Enrolment code for ${nodeName} of ${merchant.name}, good for ${validHours} hours, once:\n\n    ${code}\n`;
        const picture = link && (await toString(link, { type: "utf8", errorCorrectionLevel: "M" }));
        return done(link ? `${told}\n    ${link}\n\n${picture}` : told, { code, link });
      },
    },
  ],
  [
    "node pin-code",
    {
      database: true,
      usage: "node pin-code NODE-ID",
      summary:
        "issue a one-time code, good for an hour, by which that till lets a forgotten PIN be set anew while it is connected",
      async run({ store, randomBytes }, args) {
        const [id] = words(this.usage, args, 1);
        const issued = isUuid(id) ? await issuePinCode(store, randomBytes, id) : undefined;
        if (!issued) throw new UsageError(`There is no active node ${id}`);
        const { code, validMinutes } = issued;
        return done(
          `Code for a new PIN at node ${id}, good for ${validMinutes} minutes, once:\n\n    ${code}\n`,
          {
            code,
          },
        );
      },
    },
  ],
  [
    "node revoke",
    {
      database: true,
      usage: "node revoke NODE-ID [--by NAME]",
      summary: "stop trusting a node: what it sends from now on is kept and held for a person",
      async run({ store }, args, options) {
        const [id] = words(this.usage, args, 1);
        const by = option(options, "by");
        const revoked = await revokeNode(store, id, by === null ? undefined : `operator:${by}`);
        if (!revoked) throw new UsageError(`There is no node ${id}`);
        return done(`Node ${id} is revoked after its operation ${revoked.lastSequence}.`, { id, ...revoked });
      },
    },
  ],
  [
    "node freeze",
    {
      database: true,
      usage: "node freeze NODE-ID --by NAME",
      summary: "let a node do nothing more until it is looked into; it is never let go on, but enrols anew",
      async run({ store }, args, options) {
        const [id] = words(this.usage, args, 1);
        const frozen = await freezeNode(store, id, `operator:${nameOf(this.usage, options)}`);
        if (!frozen) throw new UsageError(`There is no active node ${id}`);
        return done(`Node ${id} is frozen after its operation ${frozen.lastSequence}.`, { id, ...frozen });
      },
    },
  ],
  [
    "nodes",
    {
      database: true,
      usage: "nodes",
      summary: "list the nodes: status, operations, leases, last contact, and how far their clocks are ahead",
      async run({ pool }) {
        const nodes = await listNodes(pool);
        const rows = nodes.map((node) => [
          node.id,
          node.name,
          node.merchantId,
          node.status,
          node.lastSequence,
          `${node.openLeases} of ${node.mostLeases}`,
          node.lastContactAt?.toISOString() ?? "never",
          offsetText(node.clockOffsetMs),
        ]);
        return done(
          table(["id", "name", "merchant", "status", "operations", "leases", "last contact", "clock"], rows),
          nodes,
        );
      },
    },
  ],
  [
    "vouchers",
    {
      database: true,
      usage: "vouchers INSTITUTION",
      summary: "list an institution's vouchers",
      async run({ pool }, args) {
        const [institution] = words(this.usage, args, 1);
        const vouchers = await listVouchers(pool, institution);
        const rows = vouchers.map((voucher) => [
          formatSerial(voucher.serial),
          voucher.state,
          formatMajor(voucher),
          voucher.currency,
          voucher.nodeId ?? "",
        ]);
        return done(table(["serial", "state", "amount", "currency", "leased to"], rows), vouchers);
      },
    },
  ],
  [
    "operations",
    {
      database: true,
      usage: "operations",
      summary: "list every operation that nodes sent, with its verdict",
      async run({ pool }) {
        const operations = await listOperations(pool);
        const rows = operations.map((row) => [
          row.nodeName,
          row.sequence,
          row.type,
          row.serial === null ? "" : formatSerial(row.serial),
          row.recognised ?? "",
          row.cash ?? "",
          row.state,
          row.reason ?? "",
          row.transactionId ?? "",
        ]);
        const head = [
          "node",
          "number",
          "type",
          "serial",
          "recognised",
          "cash",
          "verdict",
          "reason",
          "transaction",
        ];
        return done(table(head, rows), operations);
      },
    },
  ],
  [
    "books",
    {
      database: true,
      usage: "books",
      summary: "the balance of every account, and whether they add up",
      async run({ pool }) {
        const accounts = await trialBalance(pool);
        const rows = accounts.map((account) => [
          account.kind,
          account.owner,
          formatMajor(account),
          account.currency,
        ]);
        const sums = [...Map.groupBy(accounts, (account) => account.currency)].map(([currency, group]) => ({
          currency,
          sumMinor: group.reduce((sum, account) => sum + account.amountMinor, 0n),
        }));
        const balanced = sums.every((sum) => sum.sumMinor === 0n);
        const verdict = balanced ? "The books balance." : "THE BOOKS DO NOT BALANCE.";
        return done(`${table(["account", "owner", "balance", "currency"], rows)}\n${verdict}`, {
          accounts,
          sums,
          balanced,
        });
      },
    },
  ],
  ...institutionCommands,
]);

export function usage(): string {
  const lines = [...commands.values()].map((command) => `  ${command.usage}\n      ${command.summary}`);
  return `paypost: the operators' command line. Add --json for programs.\n\n${lines.join("\n")}\n\nCurrencies have the decimals of ISO 4217 (USD ${currencyDecimals("USD")}, JPY ${currencyDecimals("JPY")}).`;
}

/** In seconds: the measurement holds the time that the message took. */
function offsetText(offsetMs: bigint | null): string {
  if (offsetMs === null) return "";
  const seconds = Math.round(Number(offsetMs) / 1000);
  return `${seconds > 0 ? "+" : ""}${seconds} s`;
}
