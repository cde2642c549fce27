/** Commands about operations that wait for people, and about whether each operation is accounted for. */
import { formatSerial } from "#core/voucher-number.ts";
import {
  decideHeld,
  proposeDecision,
  retryQuarantined,
  withdrawProposal,
} from "../operations/decide-held.ts";
import type { DecisionOutcome, DecisionRefusal, HeldOperation } from "../operations/decide-held.ts";
import type { HeldVerdict } from "../ports/store.ts";
import { countOperations, listHeld } from "../postgres/held-admin.ts";
import { done, nameOf, option, UsageError, words } from "./command.ts";
import type { Command, CommandContext } from "./command.ts";
import { table } from "./table.ts";

export const heldCommands: readonly (readonly [string, Command])[] = [
  [
    "held",
    {
      database: true,
      usage: "held",
      summary: "list the operations that are held, why, and what is proposed about them (at most 1000)",
      async run({ pool }) {
        const held = await listHeld(pool);
        const rows = held.map((operation) => [
          shortHash(operation.hash),
          operation.nodeName,
          operation.merchantId,
          operation.sequence,
          operation.type,
          operation.serial === null ? "" : formatSerial(operation.serial),
          operation.reason,
          operation.receivedAt.toISOString(),
          operation.proposed === null
            ? ""
            : `${operation.proposed}, by ${operation.proposedBy}: ${operation.because}`,
        ]);
        const head = ["hash", "node", "merchant", "number", "type", "serial", "reason", "since", "proposed"];
        const data = held.map(({ hash, ...operation }) => ({ ...operation, hash: hash.toString("hex") }));
        return done(table(head, rows), data);
      },
    },
  ],
  [
    "held propose",
    {
      database: true,
      usage: "held propose HASH apply|reject|write-off --because TEXT --by NAME",
      summary:
        "propose what becomes of a held operation; HASH may be its beginning; somebody else must decide",
      async run(context, args, options) {
        const [text, verdict] = words(this.usage, args, 2);
        const because = option(options, "because")?.trim();
        if (!isVerdict(verdict) || !because) throw new UsageError(`Usage: paypost ${this.usage}`);
        const by = nameOf(this.usage, options);
        const held = await heldOf(context, text);
        const outcome = await proposeDecision(context.store, held, { verdict, because, by });
        return told(outcome, "Proposed. It is carried out once somebody other than you decides it.");
      },
    },
  ],
  [
    "held decide",
    {
      database: true,
      usage: "held decide HASH --by NAME",
      summary: "carry out what somebody else has proposed about a held operation",
      async run(context, args, options) {
        const [text] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        const held = await heldOf(context, text);
        const outcome = await context.asServer((server) =>
          decideHeld(server.context, server.store, held, by),
        );
        return told(outcome, "Decided. Its node learns of it at its next contact.");
      },
    },
  ],
  [
    "held retry",
    {
      database: true,
      usage: "held retry HASH --by NAME",
      summary: "judge a quarantined operation by the rules once more",
      async run(context, args, options) {
        const [text] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        const held = await heldOf(context, text);
        const outcome = await context.asServer((server) =>
          retryQuarantined(server.context, server.store, held, by),
        );
        return told(outcome, "Judged once more. Its node learns of it at its next contact.");
      },
    },
  ],
  [
    "held withdraw",
    {
      database: true,
      usage: "held withdraw HASH --by NAME",
      summary: "take back what was proposed about a held operation",
      async run(context, args, options) {
        const [text] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        const held = await heldOf(context, text);
        return told(await withdrawProposal(context.store, held, by), "Withdrawn.");
      },
    },
  ],
  [
    "operations count",
    {
      database: true,
      usage: "operations count",
      summary: "how many operations each node has submitted, and how many of them are open and ended",
      async run({ pool }) {
        const counts = await countOperations(pool);
        const rows = counts.map((node) => [
          node.nodeName,
          node.submitted,
          node.open,
          node.ended,
          isWhole(node) ? "" : "NOT ALL ACCOUNTED FOR",
        ]);
        const data = counts.map((node) => ({ ...node, whole: isWhole(node) }));
        return done(table(["node", "submitted", "open", "ended", ""], rows), data);
      },
    },
  ],
];

function isWhole({
  submitted,
  open,
  ended,
  inChain,
  lastSequence,
}: Awaited<ReturnType<typeof countOperations>>[number]) {
  return open + ended === submitted && inChain === lastSequence;
}

async function heldOf({ pool }: CommandContext, text: string): Promise<HeldOperation> {
  if (!/^[0-9a-f]{8,64}$/.test(text))
    throw new UsageError("HASH is at least its first eight characters, as `held` shows them");
  const [found, another] = await listHeld(pool, { hash: text, limit: 2 });
  if (!found) throw new UsageError(`No operation that begins with ${text} is held`);
  if (another) throw new UsageError(`More than one held operation begins with ${text}; give more of it`);
  return { nodeId: found.nodeId, hash: new Uint8Array(found.hash) };
}

function told(outcome: DecisionOutcome, text: string) {
  if (!outcome.ok) throw new UsageError(refusals[outcome.code]);
  const { nodeId, sequence, state, reason } = outcome.row;
  return done(text, { nodeId, sequence, state, reason });
}

const refusals: Readonly<Record<DecisionRefusal, string>> = {
  "no-such-operation": "There is no such operation",
  "not-held": "This operation has its verdict",
  "proposed-before": "Something is proposed about it already; withdraw that first",
  "not-proposed": "Nothing is proposed about it",
  "same-person": "Whoever proposed it may not decide it",
  "bill-not-payable": "The bill is paid, withdrawn or not there, or the voucher cannot pay it.",
  "voucher-not-free":
    "Its voucher cannot be claimed any more; propose to reject the operation, or to write it off",
  "not-genuine":
    "Its amount is not the voucher's, or its maker did not know the voucher's number; propose to reject it",
  "earlier-operation-held":
    "Its node did something else with this voucher before, which is held too; decide that first",
  "not-readable": "This version cannot read the operation; propose to reject it, or to write it off",
  "nothing-to-refund":
    "the payment that it says it gave back was not rejected, or is given back already; reject it",
  "awaiting-biller": "Its biller decides it by its answer; alerts tells when it is silent for long",
  "not-quarantined": "It is held for another reason; people decide it, or it is decided by itself",
  recovering: "The server recovers from a restore; wait for its end",
};

function isVerdict(text: string): text is HeldVerdict {
  return text === "apply" || text === "reject" || text === "write-off";
}

function shortHash(hash: Buffer): string {
  return hash.toString("hex").slice(0, 12);
}
