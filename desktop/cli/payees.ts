/** The commands of an agent's node about payees: looking one up, registering and updating one, and what became of it. */
import { modalities } from "#core/payee-addresses.ts";
import type { Modality } from "#core/payee-addresses.ts";
import type { LookedUp, PayeeChangeRefusal, PayeeChangeRequest } from "../worker/payees.ts";
import type { PayeeOperationResult } from "../worker/store/payees.ts";
import { refusalMessage } from "./messages.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";
import { syncView } from "./outcomes.ts";
import { usage, withNode } from "./session.ts";
import type { CommandOptions } from "./session.ts";

export function lookUpCommand(options: CommandOptions): Promise<CommandResult> {
  const { identity, programme } = options;
  if (identity === undefined || programme === undefined)
    return Promise.resolve(usage("look-up needs --identity and --programme."));
  const reason = options.reason?.trim() ?? "";
  const request = { identity, programme, reason: reason === "" ? null : reason, actor: actorOf(options) };
  return withNode(options, async (node) => {
    const result = node.lookUp(request);
    if (!result.ok) return refusedView(result.refusal);
    return lookedUpView(result.lookedUp, request);
  });
}

export function payeeCommand(
  options: CommandOptions,
  type: PayeeChangeRequest["type"],
): Promise<CommandResult> {
  const { identity, programme, modality, status } = options;
  if (identity === undefined || programme === undefined)
    return Promise.resolve(usage("This needs --identity and --programme."));
  if (modality !== undefined && !isModality(modality))
    return Promise.resolve(usage(`--modality must be one of ${modalities.join(", ")}.`));
  if (status !== undefined && status !== "0" && status !== "1")
    return Promise.resolve(usage("--status must be 0 (inactive) or 1 (active)."));
  const request: PayeeChangeRequest = {
    type,
    identity,
    programme,
    modality,
    institutionCode: options.institutionCode,
    address: options.address,
    area: options.area,
    active: status === undefined ? undefined : status === "1",
    actor: actorOf(options),
  };
  return withNode(options, async (node, stores) => {
    const changed = node.changePayee(request);
    if (!changed.ok) return refusedView(changed.refusal);
    const { sequence, operationId } = changed.recorded;
    const json = { ok: true, outcome: "queued", sequence, operationId };
    const later = { exitCode: exitCodes.done, text: "Accepted. It is sent with the next `sync`.", json };
    if (options.offline) return later;
    const synced = syncView(await node.sync(), stores);
    if (synced.exitCode !== exitCodes.done) return later;
    const row = stores.payees.list(mostShown).find((one) => one.sequence === sequence);
    if (!row) throw new Error("a recorded operation is not there");
    return answeredView(row, json);
  });
}

export function payeesCommand(options: CommandOptions): Promise<CommandResult> {
  return withNode(options, async (node) => {
    const entries = node.payeeOperations(mostShown).map(({ row, statement }) => ({
      sequence: row.sequence,
      type: row.type,
      programme: row.programme,
      identity: statement?.identity ?? null,
      state: row.state,
      reason: row.reason,
    }));
    const lines = entries.map(({ sequence, type, programme, identity, state, reason }) =>
      [
        sequence,
        type,
        programme,
        identity ?? "",
        stateTexts[reason ?? ""] ?? `${state} ${reason ?? ""}`.trim(),
      ].join("  "),
    );
    const text = lines.length === 0 ? "Nothing was done with payees here yet." : lines.join("\n");
    return { exitCode: exitCodes.done, text, json: { ok: true, operations: entries } };
  });
}

/** Every operation that one command shows. */
const mostShown = 100_000;

const stateTexts: Readonly<Record<string, string>> = {
  "changed-meanwhile": "held: the payee was changed meanwhile; the programme decides which version counts",
};

function lookedUpView(
  found: LookedUp,
  { identity, programme }: { identity: string; programme: string },
): CommandResult {
  const { outcome, revealed, asOfMs, ageMs, state, addresses, recorded } = found;
  const asOf = asOfMs === null ? null : new Date(asOfMs).toISOString();
  const json = {
    outcome,
    identity,
    programme,
    revealed,
    asOf,
    ageSeconds: ageMs === null ? null : Math.round(ageMs / 1_000),
    state,
    addresses,
    sequence: recorded.sequence,
  };
  const age = asOf === null ? "" : ` As of ${asOf}, ${ageText(ageMs ?? 0)} ago.`;
  switch (outcome) {
    case "found":
    case "stale": {
      const lines = addresses.map(({ modality, institutionCode, address, active, preferred }) =>
        [
          modalityTexts[modality],
          institutionCode ?? "",
          address ?? "",
          active ? "" : "(inactive)",
          preferred ? "(preferred)" : "",
        ]
          .filter((part) => part !== "")
          .join(" "),
      );
      const head = `${identity} of ${programme}: ${state}.${age}${outcome === "stale" ? " This is OLD: sync before you rely on it." : ""}`;
      const hint = revealed ? [] : ["The addresses are masked; --reason TEXT shows them in full."];
      return {
        exitCode: exitCodes.done,
        text: [head, ...lines, ...hint].join("\n"),
        json: { ok: true, ...json },
      };
    }
    case "unknown":
      return failure(
        exitCodes.refused,
        "unknown",
        `There is no payee ${identity} of ${programme} here.${age}`,
        json,
      );
    case "denied": {
      const message =
        "This node was given no payees to look up: the operator decides which programme and area it serves. Run `sync`.";
      return failure(exitCodes.refused, "denied", message, json);
    }
  }
}

function answeredView(
  { state, reason }: PayeeOperationResult,
  json: Readonly<Record<string, unknown>>,
): CommandResult {
  const more = { ...json, state, reason };
  if (state === "applied") return { exitCode: exitCodes.done, text: "Done.", json: more };
  const text = stateTexts[reason ?? ""] ?? changeMessages[reason ?? ""] ?? `${state}: ${reason ?? ""}`;
  return failure(
    state === "rejected" ? exitCodes.refused : exitCodes.notKnownYet,
    reason ?? state,
    text,
    more,
  );
}

function refusedView(refusal: PayeeChangeRefusal): CommandResult {
  if (refusal.code === "node-stopped" || refusal.code === "node-frozen" || refusal.code === "node-revoked")
    return failure(exitCodes.stopped, refusal.code, refusalMessage(refusal));
  return failure(exitCodes.refused, refusal.code, changeMessages[refusal.code] ?? refusal.code);
}

const changeMessages: Readonly<Record<string, string>> = {
  "identity-required": "--identity must be the payee's identity, at most 20 characters.",
  "modality-required": "An address needs its --modality.",
  "nothing-to-change": "Say what to change: --modality and --address, or --status.",
  "known-here": "This payee is registered already; use update-payee.",
  "wrong-statement": "A field is too long, or holds a character that cannot be written down.",
  "address-required": "This modality needs an --address.",
  "not-an-iban": "This is no IBAN: a digit or letter is wrong, or missing. Ask the payee again.",
  "not-an-account-number": "An account number has digits, letters and dashes, at least four.",
  "not-a-phone-number": "This is no telephone number with its country prefix, such as +254 700 000 001.",
  "too-long": "The address is longer than 34 characters.",
  "not-registered": "The server knows no such payee in what this node serves.",
  "already-registered": "The payee is registered already.",
  "programme-not-granted": "This node does not serve that programme; ask the operator.",
  "outside-the-area": "This node serves another area of the programme.",
};

const modalityTexts: Readonly<Record<Modality, string>> = {
  "00": "bank account",
  "01": "mobile money",
  "02": "voucher",
  "03": "digital wallet",
  "04": "proxy",
};

function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}

function actorOf({ actor }: CommandOptions): string {
  return actor ?? "unnamed";
}

function isModality(text: string): text is Modality {
  return modalities.some((known) => known === text);
}
