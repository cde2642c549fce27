/** Commands that show what is sealed of a payee, once two people have said so. */
import { addressKeyId } from "../addresses.ts";
import type { PayeeAddress } from "#core/payee-addresses.ts";
import {
  listDisclosures,
  proposeDisclosure,
  releaseDisclosure,
  showDisclosed,
  withdrawDisclosure,
} from "../mapper/disclosures.ts";
import type { DisclosureOutcome, DisclosureRefusal } from "../mapper/disclosures.ts";
import { done, nameOf, option, UsageError, wholeNumber, words } from "./command.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

export const disclosureCommands: readonly (readonly [string, Command])[] = [
  [
    "disclosures",
    {
      database: true,
      usage: "disclosures",
      summary: "who wants to see what is sealed of a payee and why, and what was released within a day",
      async run({ store }, args) {
        if (args.length > 0) throw new UsageError(`Usage: paypost ${this.usage}`);
        const found = await listDisclosures(store);
        const rows = found.map(({ id, institutionId, payeeIdentity, because, proposedBy, endedBy }) => [
          id,
          institutionId,
          payeeIdentity,
          because,
          proposedBy,
          endedBy ?? "waits",
        ]);
        return done(table(["id", "institution", "payee", "because", "by", "released by"], rows), found);
      },
    },
  ],
  [
    "disclosure propose",
    {
      database: true,
      usage: "disclosure propose INSTITUTION IDENTITY --because TEXT --by NAME",
      summary: "ask to see a payee's addresses and their history; somebody else releases them",
      async run({ asServer }, args, options) {
        const [institutionId, payeeIdentity] = words(this.usage, args, 2);
        const by = nameOf(this.usage, options);
        const because = option(options, "because")?.trim();
        if (!because) throw new UsageError(`--because is missing. Usage: paypost ${this.usage}`);
        const id = valueOf(
          await asServer((server) =>
            proposeDisclosure(server.store, { institutionId, payeeIdentity }, { because, by }),
          ),
        );
        return done(`Disclosure ${id} waits for somebody else.`, { id });
      },
    },
  ],
  [
    "disclosure release",
    {
      database: true,
      usage: "disclosure release ID --by NAME",
      summary: "let who has asked see it for a day",
      async run({ store }, args, options) {
        const [text] = words(this.usage, args, 1);
        const id = BigInt(wholeNumber(text, "ID"));
        valueOf(await releaseDisclosure(store, id, nameOf(this.usage, options)));
        return done(`Disclosure ${id} is released for a day.`, { id });
      },
    },
  ],
  [
    "disclosure withdraw",
    {
      database: true,
      usage: "disclosure withdraw ID --by NAME",
      summary: "end one that waits",
      async run({ store }, args, options) {
        const [text] = words(this.usage, args, 1);
        const id = BigInt(wholeNumber(text, "ID"));
        valueOf(await withdrawDisclosure(store, id, nameOf(this.usage, options)));
        return done(`Disclosure ${id} is withdrawn.`, { id });
      },
    },
  ],
  [
    "disclosure show",
    {
      database: true,
      usage: "disclosure show ID --by NAME",
      summary: "show what was released; for who has asked for it, and told in the audit trail each time",
      async run({ asServer, loadKeys }, args, options) {
        const [text] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        const id = BigInt(wholeNumber(text, "ID"));
        const { payee, history } = valueOf(await asServer(({ store }) => showDisclosed(store, id, by)));
        const keyId = addressKeyId((await loadKeys()).keys.addressKey);
        const now = payee.addresses.map((address) => ["now", "", ...addressCells(address)]);
        const before = history.map(({ at, actor, touched }) => [
          at.toISOString(),
          actor,
          ...(touched ? addressCells(touched) : ["", "", "", ""]),
        ]);
        const head = ["at", "by", "modality", "institution", "address", "active"];
        return done(`${table(head, [...now, ...before])}\nSealed under the key ${keyId}.`, {
          payeeIdentity: payee.payeeIdentity,
          addresses: payee.addresses,
          history,
          keyId,
        });
      },
    },
  ],
];

function addressCells({ modality, institutionCode, address, active }: PayeeAddress): string[] {
  return [modality, institutionCode ?? "", address ?? "", active ? "yes" : "no"];
}

function valueOf<T>(outcome: DisclosureOutcome<T>): T {
  if (!outcome.ok) throw new UsageError(refusals[outcome.code]);
  return outcome.value;
}

const refusals: Readonly<Record<DisclosureRefusal, string>> = {
  "no-such-payee": "The institution has registered no such payee.",
  "no-such-disclosure": "There is no such disclosure; see disclosures.",
  "same-person": "Whoever asks for it cannot release it.",
  "ended-before": "It was released or withdrawn before.",
  "not-yours": "Only who has asked for it sees it.",
  "not-released": "Nobody has released it.",
  over: "It was released more than a day ago; ask again.",
};
