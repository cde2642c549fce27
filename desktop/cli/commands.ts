/** The commands of the node, each from its options to its result. */
import { resolve } from "node:path";
import { normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import { isComplete } from "#sync/node-sync.ts";
import type { SyncReport } from "#sync/node-sync.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createArrivalChecks } from "../worker/arrival-checks.ts";
import { enrol } from "../worker/enrol.ts";
import { billPaymentLine, billPaymentView } from "./bills.ts";
import { enrolView, redeemView, syncView } from "./outcomes.ts";
import { readPassphrase } from "./passphrase.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";
import { clock, noPassphrase, usage, withNode, withStores } from "./session.ts";
import type { CommandOptions } from "./session.ts";
import { statusView } from "./status.ts";
import { operationLine, operationView, receiptView, releaseLine, releaseView } from "./views.ts";

/** Every operation that one command shows; a till that made more asks the worker in pages. */
const mostShown = 100_000;

export function enrolCommand(options: CommandOptions): Promise<CommandResult> {
  return withStores(options, async (stores) => {
    const { server, code } = options;
    if (server === undefined || code === undefined) return usage("enrol needs --server and --code.");
    const passphrase = await readPassphrase(options.passphraseFile);
    if (passphrase === undefined) return noPassphrase();
    const headFile = options.headFile === undefined ? null : resolve(options.headFile);
    const request = { serverUrl: server, code, passphrase, headFile };
    return enrolView(await enrol({ stores, fetch, randomBytes: webRandomBytes }, request), server);
  });
}

export function syncCommand(options: CommandOptions): Promise<CommandResult> {
  return withNode(options, async (node, stores) => {
    const report = await node.sync();
    await node.checkArrived();
    return syncView(report, stores);
  });
}

/** Runs until the signal ends it; every report is shown as it comes. */
export function watchCommand(
  options: CommandOptions,
  signal: AbortSignal,
  show: (result: CommandResult) => void,
): Promise<CommandResult> {
  return withNode(options, async (node, stores) => {
    if (stores.settings.read().onRequest) {
      const message =
        "This till contacts its server on request only (settings --on-request no changes that). Run `sync`.";
      return failure(exitCodes.refused, "on-request", message);
    }
    let last: SyncReport | undefined;
    let failed: unknown;
    const checks = createArrivalChecks({
      check: (ended) => node.checkArrived(ended),
      onChecked: () => {},
      onFailure: (error) => (failed = error),
    });
    await node.follow(signal, (report) => {
      last = report;
      checks.begin();
      show(syncView(report, stores));
    });
    await checks.end();
    if (failed) throw failed;
    const text = last && isComplete(last) ? "Stopped. Everything was sent." : "Stopped.";
    return { exitCode: exitCodes.done, text, json: { ok: true, outcome: "ended" } };
  });
}

export function redeemCommand(options: CommandOptions): Promise<CommandResult> {
  const serial = options.serial === undefined ? undefined : parseSerial(options.serial);
  const number = options.number === undefined ? undefined : normaliseVoucherNumber(options.number);
  if (options.serial !== undefined && serial === undefined) {
    return Promise.resolve(usage("--serial must be the digits printed on the voucher."));
  }
  if (number === undefined) {
    return Promise.resolve(usage("--number must be the sixteen digits under the scratch panel."));
  }
  if (serial === undefined && options.token === undefined) {
    return Promise.resolve(usage("redeem needs --serial or --token, and --number."));
  }
  const request = {
    ...(serial !== undefined && { serial }),
    ...(options.token !== undefined && { token: options.token.trim() }),
    number,
    actor: options.actor ?? "unnamed",
    offline: options.offline,
    inCash: options.cash,
  };
  return withNode(options, async (node) => redeemView(await node.redeem(request)));
}

export function statusCommand(options: CommandOptions): Promise<CommandResult> {
  return withStores(options, async (stores) => statusView(stores, clock));
}

export function queueCommand(options: CommandOptions): Promise<CommandResult> {
  return withStores(options, async (stores) => {
    const records = stores.redemptions.list(0, mostShown);
    const releases = stores.leases.givenBack(mostShown).map((release) => releaseView(stores.queue, release));
    const entries = [
      ...records.map((record) => ({ line: operationLine(record), view: operationView(record) })),
      ...releases.map((view) => ({ line: releaseLine(view), view })),
      ...stores.bills
        .list(0, mostShown)
        .map((record) => ({ line: billPaymentLine(record), view: billPaymentView(record) })),
    ].toSorted((a, b) => a.view.sequence - b.view.sequence);
    const text = entries.length === 0 ? "The queue is empty." : entries.map(({ line }) => line).join("\n");
    const json = { ok: true, operations: entries.map(({ view }) => view) };
    return { exitCode: exitCodes.done, text, json };
  });
}

export function receiptsCommand(options: CommandOptions): Promise<CommandResult> {
  return withStores(options, async (stores) => {
    const records = stores.redemptions.list(0, mostShown).filter(({ decidedMs }) => decidedMs !== null);
    const text = records.length === 0 ? "No verdicts yet." : records.map(operationLine).join("\n");
    return { exitCode: exitCodes.done, text, json: { ok: true, receipts: records.map(receiptView) } };
  });
}
