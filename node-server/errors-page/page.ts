/** The catalogue of what callers are told when something is refused, made of the very tables that answer them. */
import { accountReasons, bankReasons, changeCodes, changeReasons, lookUpReasons } from "../mapper/reasons.ts";
import { billAnswers, voucherReasons } from "../routes/bill-answers.ts";
import { enrolMessages, nodeKeyMessages } from "../routes/nodes.ts";
import {
  activationAnswers,
  cancelAnswers,
  preactivationAnswers,
  statusAnswers,
} from "../routes/one-zero-answers.ts";
import type { OneZeroAnswer } from "../routes/one-zero-answers.ts";
import { itemFailureReasons } from "../vouchers/commands.ts";
import { redeemMessages } from "../vouchers/redemption-answer.ts";

/** As Markdown; `oxfmt` lays the tables out. */
export function errorsPage(): string {
  return [
    "# What callers are told when something is refused",
    "",
    "Made by `npm run errors-page` out of the tables that the server answers from; do not edit it by hand. A test holds it to them.",
    "",
    section("Every call of the current API", ["HTTP", "What it means", "What to do"], everyCall, [
      'The body is `{"responseCode": "01", "responseDescription": TEXT, "requestID": …, "errors": [{"field": …, "reason": …}]}`; calls of',
      "nodes (`/v1/…`) answer `{code, message}`, those of 1.0 `{message}`, and G2P Connect in its own envelope. Tell them apart by the",
      "status, never by the text. What is not 2xx has changed nothing.",
    ]),
    section(
      "Redemptions (`redeem`, `redeemPay`)",
      ["`message`", "`detail`"],
      Object.values(redeemMessages).map(({ message, detail }) => [code(message), detail]),
      ["With HTTP 200 and `status` 0, or in the callback. `REDEEMED` with `status` 1 is the only success."],
    ),
    section(
      "Vouchers that a command could not change",
      ["`failureReason`", "For"],
      grouped(itemFailureReasons),
      ["In the callback's `failedCases`."],
    ),
    section(
      "Bills",
      ["HTTP", "`responseDescription`"],
      Object.values(billAnswers).map(([status, text]) => [String(status), text]),
    ),
    section("Vouchers for bills", ["Reason", "For"], grouped(voucherReasons), [
      "In the callback of the payment.",
    ]),
    section(
      "Account mapper",
      ["Reason", "G2P Connect", "For"],
      Object.entries(changeReasons).map(([refusal, text]) => [
        text,
        code(changeCodes[refusal as keyof typeof changeCodes]),
        code(refusal),
      ]),
      ["For each item of a request that failed."],
    ),
    section(
      "Look-ups and validations",
      ["Reason"],
      [
        ...new Set([
          ...Object.values(lookUpReasons),
          ...Object.values(accountReasons),
          ...Object.values(bankReasons),
        ]),
      ].map((text) => [text]),
    ),
    section("Vouchers, 1.0: preactivation", ["HTTP", "`message`"], answers(preactivationAnswers)),
    section("Vouchers, 1.0: activation", ["HTTP", "`message`"], answers(activationAnswers)),
    section("Vouchers, 1.0: cancellation", ["HTTP", "`message`"], answers(cancelAnswers)),
    section("Vouchers, 1.0: status check", ["HTTP", "`message`"], answers(statusAnswers)),
    section(
      "Enrolment of a node",
      ["`code`", "`message`"],
      Object.entries(enrolMessages).map(([refusal, text]) => [code(refusal), text]),
    ),
    section(
      "A new key of a node",
      ["`code`", "`message`"],
      Object.entries(nodeKeyMessages).map(([refusal, text]) => [code(refusal), text]),
    ),
  ].join("\n");
}

const everyCall = [
  ["400", "The request is not what the call takes; `errors` names each field", "Correct it"],
  ["401", "No token, or one that is refused", "Get a new token"],
  [
    "403",
    "The token lacks the scope, or is of another institution, or the institution may not do this",
    "Ask the operators",
  ],
  ["404", "There is no such thing, or it is another institution's", "Check the id"],
  [
    "409",
    "The request id was used with another body, or what is asked does not fit the state",
    "Use a new id, or read the state",
  ],
  ["413", "The body is too large", "Send less at once"],
  ["429", "Too many requests", "Wait as long as `Retry-After` says"],
  ["500", "The server failed; nothing was half-done", "Repeat with the same request id"],
  [
    "503",
    "The database is away, the server has too much to do, or a restored one recovers",
    "Repeat with the same request id after `Retry-After`",
  ],
  ["504", "The outcome is not known yet", "Repeat with the same request id: it gives the final answer"],
];

function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  before: readonly string[] = [],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const table = [line(head), line(head.map(() => "---")), ...rows.map(line)];
  return [`## ${title}`, "", ...(before.length === 0 ? [] : [...before, ""]), ...table, ""].join("\n");
}

/** One row for each text, with the refusals that it stands for. */
function grouped(reasons: Readonly<Record<string, string>>): string[][] {
  const byText = Map.groupBy(Object.entries(reasons), ([, text]) => text);
  return [...byText].map(([text, entries]) => [text, entries.map(([refusal]) => code(refusal)).join(", ")]);
}

function answers(of: Readonly<Record<string, OneZeroAnswer>>): string[][] {
  const rows = Object.values(of).map(({ status, message }) => [String(status), message]);
  return [...new Map(rows.map((row) => [row.join(), row])).values()].toSorted(
    (a, b) => Number(a[0]) - Number(b[0]),
  );
}

function code(text: string): string {
  return `\`${text}\``;
}
