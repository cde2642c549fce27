/** Commands about leases: who holds which voucher, since when and until when, and asking for one back. */
import { formatMajor } from "#core/money.ts";
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import { readLeasesOf, readOpenLeases, setMostLeases } from "../postgres/lease-admin.ts";
import type { LeaseSummary } from "../postgres/lease-admin.ts";
import { recallByOperator } from "../vouchers/leases.ts";
import { done, nameOf, option, UsageError, wholeNumber, words } from "./command.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

export const leaseCommands: readonly (readonly [string, Command])[] = [
  [
    "leases",
    {
      database: true,
      usage: "leases [--node ID-OR-NAME] [--group CODE]",
      summary: "list the open leases, those that end first before the others (at most 1000)",
      async run({ pool }, args, options) {
        if (args.length > 0) throw new UsageError(`Usage: paypost ${this.usage}`);
        const leases = await readOpenLeases(pool, {
          node: option(options, "node"),
          group: option(options, "group"),
        });
        const rows = leases.map((lease) => [
          formatSerial(lease.serial),
          lease.groupCode,
          `${formatMajor(lease)} ${lease.currency}`,
          lease.nodeName,
          lease.merchantId,
          lease.notAfter.toISOString(),
          lease.recalledAt?.toISOString() ?? "",
          lease.pending ?? "",
        ]);
        const head = ["serial", "group", "amount", "node", "merchant", "until", "asked back", "pending"];
        return done(table(head, rows), leases);
      },
    },
  ],
  [
    "lease show",
    {
      database: true,
      usage: "lease show SERIAL",
      summary: "every lease that a voucher ever had, and how each ended",
      async run({ pool }, args) {
        const [word] = words(this.usage, args, 1);
        const leases = await readLeasesOf(pool, serialOf(word));
        if (leases.length === 0) throw new UsageError(`The voucher ${word} was never leased`);
        return done(table(historyHead, leases.map(historyRow)), leases);
      },
    },
  ],
  [
    "lease recall",
    {
      database: true,
      usage: "lease recall SERIAL --by NAME",
      summary:
        "ask the holder to give a voucher back; its machine does so at its next contact, unless the voucher is redeemed there",
      async run({ store }, args, options) {
        const [word] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        const lease = await recallByOperator(store, serialOf(word), by);
        if (!lease) throw new UsageError(`The voucher ${word} is not leased`);
        const until = lease.notAfter.toISOString();
        const text = `The holder is asked to give ${word} back. Without its answer the lease ends at ${until} and the grace.`;
        return done(text, { serial: lease.serial, nodeId: lease.nodeId, notAfter: lease.notAfter });
      },
    },
  ],
  [
    "node leases",
    {
      database: true,
      usage: "node leases NODE-ID MOST",
      summary: "how many leases a node may hold at once (1000 unless set); those that it holds it keeps",
      async run({ pool }, args) {
        const [id, text] = words(this.usage, args, 2);
        const most = text === "0" ? 0 : wholeNumber(text, "MOST");
        if (!(await setMostLeases(pool, id, most))) throw new UsageError(`There is no node ${id}`);
        return done(`Node ${id} may hold ${most} leases.`, { id, most });
      },
    },
  ],
];

const historyHead = ["epoch", "node", "merchant", "granted", "until", "asked back", "closed", "by"];

function historyRow(lease: LeaseSummary): string[] {
  return [
    lease.epoch,
    lease.nodeName,
    lease.merchantId,
    lease.grantedAt.toISOString(),
    lease.notAfter.toISOString(),
    lease.recalledAt?.toISOString() ?? "",
    lease.closedAt?.toISOString() ?? "open",
    lease.closedBy ?? "",
  ];
}

function serialOf(word: string): bigint {
  const serial = parseSerial(word);
  if (serial === undefined) throw new UsageError(`${word} is no serial number`);
  return serial;
}
