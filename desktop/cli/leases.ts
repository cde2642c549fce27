/** The commands about the vouchers that are reserved for this till. */
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import { timeOf } from "../worker/standing.ts";
import { uploadProblemMessage, releaseRefusalMessage } from "./messages.ts";
import { syncView } from "./outcomes.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";
import { clock, usage, withNode, withStores } from "./session.ts";
import type { CommandOptions } from "./session.ts";
import { leaseView, mostLeases } from "./status.ts";

export function leasesCommand(options: CommandOptions): Promise<CommandResult> {
  return withStores(options, async (stores) => {
    const { nowMs } = timeOf(stores, clock);
    const leases = stores.leases.open(nowMs, mostLeases).map(leaseView);
    const lines = leases.map(({ serial, amount, currency, notAfter, askedBack }) =>
      [serial, `${amount ?? "?"} ${currency ?? ""}`, `until ${notAfter}`, askedBack ? "asked back" : ""]
        .join("  ")
        .trimEnd(),
    );
    const text = lines.length === 0 ? "No vouchers are reserved for this till." : lines.join("\n");
    return { exitCode: exitCodes.done, text, json: { ok: true, leases } };
  });
}

export function reserveCommand(options: CommandOptions): Promise<CommandResult> {
  const { group, quantity } = options;
  if (group === undefined || !/^[A-Z0-9]{3}$/.test(group)) {
    return Promise.resolve(usage("--group must be the three letters or digits of a voucher group."));
  }
  if (quantity === undefined || !/^[1-9][0-9]{0,2}$/.test(quantity) || Number(quantity) > 500) {
    return Promise.resolve(usage("--quantity must be a number from 1 to 500."));
  }
  return withNode(options, async (node, stores) => {
    const answer = await node.requestLeases({ group, quantity: Number(quantity) });
    if (!answer.ok) {
      const { failure: problem } = answer;
      const code = problem.code === "refused" ? problem.reason : problem.code;
      const exitCode = problem.code === "refused" ? exitCodes.refused : exitCodes.notKnownYet;
      return failure(exitCode, code, uploadProblemMessage(problem));
    }
    const { granted, held, most, because } = answer;
    const synced = syncView(await node.sync(), stores);
    if (synced.exitCode !== exitCodes.done) return synced;
    const reason = because === null ? "" : ` ${fewerBecause[because] ?? because}`;
    const text = `${granted} more vouchers are reserved for this till; it holds ${held} of at most ${most}.${reason}`;
    return { exitCode: exitCodes.done, text, json: { ok: true, granted, held, most, because } };
  });
}

export function releaseCommand(options: CommandOptions): Promise<CommandResult> {
  const serial = options.serial === undefined ? undefined : parseSerial(options.serial);
  if (serial === undefined)
    return Promise.resolve(usage("release needs --serial, the digits printed on the voucher."));
  return withNode(options, async (node, stores) => {
    const released = node.release(serial, options.actor ?? "unnamed");
    if (!released.ok) {
      const { refusal } = released;
      const exitCode = refusal.code === "node-stopped" ? exitCodes.stopped : exitCodes.refused;
      return failure(exitCode, refusal.code, releaseRefusalMessage(refusal));
    }
    const { sequence, operationId } = released.recorded;
    const json = { ok: true, serial: formatSerial(serial), sequence, operationId };
    const later = {
      exitCode: exitCodes.done,
      text: "Given back with the next `sync`; it cannot be redeemed here without a connection any more.",
      json,
    };
    if (options.offline) return later;
    const synced = syncView(await node.sync(), stores);
    return synced.exitCode === exitCodes.done ? { ...later, text: "Given back." } : later;
  });
}

const fewerBecause: Readonly<Record<string, string>> = {
  "unknown-group": "There is no such group.",
  "never-leased-at-risk": "Vouchers of this group are never reserved: they are taken at risk.",
  "node-not-accepting": "This shop may not accept vouchers of this group.",
  "node-holds-too-many": "It may hold no more; the operator can allow more.",
  "none-left": "No more vouchers of this group are there for this shop to hand out.",
};
