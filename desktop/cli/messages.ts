/** What a shop assistant is told: what happened, and what to do. Every code has its sentence; the compiler finds a missing one. */
import { formatMajor } from "#core/money.ts";
import type { Holder } from "#sync/leases.ts";
import type { UploadProblem } from "#sync/upload.ts";
import type { EarlierRedemption } from "../worker/decide-redemption.ts";
import type { RedeemRefusal } from "../worker/redeem.ts";
import type { ReleaseRefusal } from "../worker/release.ts";

export function refusalMessage(refusal: RedeemRefusal): string {
  switch (refusal.code) {
    case "already-redeemed-here":
      return (
        `This voucher was already redeemed at this till: ${earlierText(refusal.earlier)}. ` +
        "Do not hand over goods for it a second time."
      );
    case "verdict-awaited":
      return (
        `This voucher was sent to the server ${earlierText(refusal.earlier)}, and the server has not decided yet. ` +
        "Do not hand over goods. Run `sync`, then look with `queue`."
      );
    case "rejected-before":
      return (
        `The server has already rejected this voucher at this till (${refusal.earlier.reason ?? "no reason given"}). ` +
        "Do not hand over goods. Connect to the server and try again without --offline."
      );
    case "pays-a-bill-here":
      return "This voucher pays a bill at this till. Do not hand over goods for it.";
    case "not-leased-here":
      return (
        "This voucher is not reserved for this till, so it cannot be accepted without a connection. " +
        "Connect and try again, or send the customer to the shop that the voucher names."
      );
    case "at-other-till":
      return (
        `This voucher is reserved for ${refusal.till} of this shop, until ${dayAndTime(refusal.notAfterMs)} at the latest. ` +
        "Send the customer there."
      );
    case "leased-elsewhere":
      return (
        `This voucher is reserved for ${whereText(refusal.holder)}, which is asked to give it back. Do not hand over goods. ` +
        `Send the customer there, or try again in some minutes; by ${dayAndTime(refusal.holder.freeAtMs)} it is free whatever happens.`
      );
    case "lease-given-back":
      return "This till has given this voucher back, so it cannot be accepted without a connection. Connect and try again.";
    case "token-needed":
      return (
        "This voucher is not reserved for this till, and its serial number alone is not enough. " +
        "Scan the square code on the voucher (--token) and try again."
      );
    case "lease-not-valid":
      return (
        "The reservation of this voucher for this till could not be verified. Do not hand over goods. " +
        "Run `sync` and try again; if it happens again, call the operator."
      );
    case "lease-ended":
      return (
        `The reservation of this voucher for this till ended on ${dayAndTime(refusal.notAfterMs)}. ` +
        "Connect, run `sync`, and try again."
      );
    case "voucher-expired":
      return `This voucher expired on ${dayAndTime(refusal.expiresAtMs)}. It cannot be accepted any more.`;
    case "wrong-number":
      return (
        "The number under the scratch panel does not fit this voucher. " +
        "Check the sixteen digits and type them again."
      );
    case "clock-not-trusted":
      return (
        "This till was restarted, or its clock was changed, and it has not been in contact with the server since. " +
        "Connect, run `sync`, and try again."
      );
    case "over-unanchored-hours":
      return (
        "This till was restarted, or its clock was changed, and its last contact with the server is longer ago than " +
        "the policy allows then. Connect, run `sync`, and try again."
      );
    case "over-unanchored-amount":
      return (
        "This till was restarted, or its clock was changed, and has accepted all that the policy allows before the next " +
        "contact with the server. Connect, run `sync`, and try again."
      );
    case "clock-off":
      return (
        "This till's clock is further from the server's than the policy allows. Set the clock, connect, run `sync`, " +
        "and try again."
      );
    case "at-risk-not-allowed":
      return `No policy of the operator allows this till to accept vouchers without a connection. ${connectFirst}`;
    case "policy-not-fetched":
      return `The operator has issued a new policy that this till does not have yet. ${connectFirst}`;
    case "policy-expired":
      return `The policy that allowed this till to accept vouchers without a connection has ended. ${connectFirst}`;
    case "currency-not-allowed":
      return `The policy allows nothing in this voucher's currency without a connection. ${connectFirst}`;
    case "over-amount":
      return `This voucher is worth more than the policy allows without a connection. ${connectFirst}`;
    case "over-sum":
      return `With this voucher the till would have accepted more than the policy allows since the last sync. ${connectFirst}`;
    case "over-count":
      return `This till has accepted as many vouchers as the policy allows since the last sync. ${connectFirst}`;
    case "over-hours":
      return `The last sync is longer ago than the policy allows. ${connectFirst}`;
    case "deny-list-too-old":
      return `This till's list of vouchers that must be denied is too old. ${connectFirst}`;
    case "voucher-denied":
      return "This voucher must be denied: it was used, cancelled, suspended or blocked. Do not hand over goods.";
    case "wrong-merchant-group":
      return "This shop may not accept vouchers of this group. Do not hand over goods; ask the programme which shops may.";
    case "not-an-agent":
      return "This till is a merchant's and may not pay vouchers out in cash. Hand over goods, or ask the operator for an agent's code.";
    case "cash-out-not-allowed":
      return "No policy of the operator allows this voucher to be paid out in cash. Connect, run `sync`, and try again.";
    case "node-stopped":
      return stoppedMessage(refusal.because);
    case "node-frozen":
      return "The operator has frozen this till: it may not accept vouchers. Call the operator.";
    case "node-revoked":
      return "The operator has withdrawn this till: it may not accept vouchers any more. Call the operator.";
    case "token-not-genuine":
      return "The square code is not that of a genuine voucher, or was not read completely. Scan it again; do not hand over goods.";
    case "token-of-another-voucher":
      return "The square code and the serial number belong to different vouchers. Check both and try again.";
  }
}

export function releaseRefusalMessage(refusal: ReleaseRefusal): string {
  switch (refusal.code) {
    case "not-leased-here":
      return "This voucher is not reserved for this till, so there is nothing to give back.";
    case "given-back-before":
      return "This till has given this voucher back already.";
    case "redeemed-here":
      return "This voucher was redeemed at this till, so it cannot be given back.";
    case "node-stopped":
    case "node-frozen":
    case "node-revoked":
      return refusalMessage(refusal);
  }
}

function whereText({ till, area, phone }: Holder): string {
  if (till !== null) return `${till} of this shop`;
  return `a shop${area === null ? "" : ` in ${area}`}${phone === null ? "" : ` (call ${phone})`}`;
}

const connectFirst = "Do not hand over goods. Connect, run `sync`, and try again.";

/** Stops all have the same way out, since what was lost cannot be made up for. */
export function stoppedMessage(because: string): string {
  return (
    `${stopReasons[because] ?? `This till has stopped (${because}).`} It accepts nothing more, so that no voucher is taken twice. ` +
    "What is still in its queue can be sent with `sync`. Keep this folder, ask the operator for a new enrolment code, " +
    "and enrol into a new, empty folder: `enrol --data NEW-FOLDER --code CODE`."
  );
}

export function uploadProblemMessage(problem: UploadProblem): string {
  switch (problem.code) {
    case "unreachable":
      return "The server cannot be reached. Everything is kept and will be sent later: run `sync` when there is a connection.";
    case "allowance-spent":
      return (
        "What this till's connection may cost today is spent, so nothing was sent. Everything is kept, and goes on tomorrow " +
        "(UTC). To sync all the same: `sync --anyway`."
      );
    case "busy":
      return "The server asks to wait. Everything is kept and will be sent later: run `sync` again in some minutes.";
    case "refused":
      return (
        `The server refused the request (${problem.reason}${problem.message ? `: ${problem.message}` : ""}). ` +
        "Everything is kept. Call the operator and tell them this text."
      );
    case "answer-not-trusted":
      return (
        `The server's answer could not be verified (${problem.because}), so it was not used. Everything is kept. ` +
        "Call the operator before you trust this connection."
      );
    case "older-server":
      return "The server runs from an older copy of its data. Nothing was sent to it and everything is kept. Call the operator.";
    case "heads-never-match":
      return "The till and the server do not agree on what was sent. Everything is kept. Call the operator.";
    case "not-stored":
      return "This till could not write to its disk. Nothing is lost. Make room on the disk and run `sync` again.";
    case "stopped":
      return stoppedMessage(problem.because);
  }
}

export const offlineMessage = {
  notRecorded:
    "The server cannot be asked, and this voucher is not reserved for this till. Nothing was recorded: do not hand over goods, and try again when there is a connection.",
  notKnown:
    "It is not known yet whether this voucher is accepted. Do not hand over goods. Run `sync`, then look with `queue`.",
};

export const diskMessage =
  "This till could not write to its disk. Nothing was accepted. Make room on the disk and try again.";

export const damageMessage =
  "This till's database is damaged. Nothing was accepted. Keep this folder as it is, call the operator, and enrol into " +
  "a new, empty folder.";

const stopReasons: Readonly<Record<string, string>> = {
  "head-file-missing": "The second record of this till's last operation is missing.",
  "head-file-damaged": "The second record of this till's last operation cannot be read.",
  "head-file-of-another-node": "The second record of the last operation belongs to another till.",
  "database-behind-head-file": "This till's database has lost operations that were made on it.",
  "head-file-behind-database":
    "The second record of this till's last operation is older than its database: one of them was copied back.",
  "head-hashes-differ":
    "This till's database and the second record of its last operation contradict each other.",
  "head-not-written":
    "The last operation was stored, but its second record could not be written. Do not hand over goods for it before " +
    "`queue` shows its verdict. Make room on the disk or plug it in: the next sync or start writes it then, and sends nothing before.",
  "behind-server": "The server knows operations of this till that the till itself has lost.",
  forked: "The server has stored other operations of this till than the till itself.",
};

function earlierText({ createdMs, actor, state }: EarlierRedemption): string {
  return `on ${dayAndTime(createdMs)} by ${actor}${state === "applied" ? ", and paid" : ""}`;
}

/** In UTC, and said so: the till's own time zone is often not set. */
export function dayAndTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function moneyText(money: { readonly amountMinor: bigint; readonly currency: string }): string {
  return `${formatMajor(money)} ${money.currency}`;
}
