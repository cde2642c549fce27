/** Commands about the keys that the server signs with (docs/operating.md, "New signing keys"). */
import { readSigningKeys } from "../postgres/signing-key-rows.ts";
import type { SigningKeyRow } from "../postgres/signing-key-rows.ts";
import { activateKeys, prepareKeys, retireOldKey } from "../signing-keys/change.ts";
import type { KeyChange, KeyChangeParts, KeyRefusal } from "../signing-keys/change.ts";
import { isKeyKind, keyKinds, keyName, shownKeyId } from "../signing-keys/kinds.ts";
import type { KeyKind } from "../signing-keys/kinds.ts";
import { done, nameOf, option, UsageError } from "./command.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { table } from "./table.ts";

export const keyCommands: readonly (readonly [string, Command])[] = [
  [
    "keys list",
    {
      database: true,
      usage: "keys list",
      summary: "the keys that the server signs with: which are next, current, old and retired",
      run: async ({ pool }) => shown(await readSigningKeys(pool)),
    },
  ],
  [
    "keys rotate",
    {
      database: true,
      usage: "keys rotate [KIND…] --by NAME",
      summary:
        "make the next key of these kinds, or of all, and tell nodes and receivers of callbacks; somebody else activates it",
      async run(context, args, options) {
        const kinds = kindsOf(args);
        const by = nameOf(this.usage, options);
        const changed = await prepareKeys(await partsOf(context), kinds, by);
        return told(changed, "In ten minutes somebody else can activate them: keys activate.");
      },
    },
  ],
  [
    "keys activate",
    {
      database: true,
      usage: "keys activate [KIND…] [--now] --by NAME",
      summary:
        "sign with the next key of these kinds, or of all, from now on; --now does not wait until everybody has heard of it",
      async run(context, args, options) {
        const kinds = kindsOf(args);
        const wish = { by: nameOf(this.usage, options), now: options["now"] === true };
        const changed = await activateKeys(await partsOf(context), kinds, wish);
        return told(changed, "What older keys have signed stays good until they are retired.");
      },
    },
  ],
  [
    "keys retire",
    {
      database: true,
      usage: "keys retire KEY [--compromised --because TEXT] --by NAME",
      summary:
        "no longer trust an old key such as `lease` or `lease.2`; refused while anything depends on it, unless it is in wrong hands",
      async run(context, args, options) {
        const by = nameOf(this.usage, options);
        const because = option(options, "because")?.trim() ?? "";
        const isCompromised = options["compromised"] === true;
        if (args.length !== 1 || isCompromised !== (because !== ""))
          throw new UsageError(`Usage: paypost ${this.usage}`);
        const wish = { by, compromised: isCompromised ? because : null };
        const changed = await retireOldKey(await partsOf(context), keyOf(args[0] ?? ""), wish);
        return told(changed, "Nodes are told not to believe it any more.");
      },
    },
  ],
];

async function partsOf({ pool, loadKeys }: CommandContext): Promise<KeyChangeParts> {
  const { keys, store } = await loadKeys();
  return { pool, store, boxPublicKey: keys.boxKeys.publicKey };
}

function kindsOf(args: readonly string[]): readonly KeyKind[] {
  if (args.length === 0) return keyKinds;
  const kinds = args.filter(isKeyKind);
  const unknown = args.find((arg) => !isKeyKind(arg));
  if (unknown !== undefined)
    throw new UsageError(`${unknown} is no kind of key: use some of ${keyKinds.join(", ")}`);
  return [...new Set(kinds)];
}

function keyOf(name: string): Pick<SigningKeyRow, "kind" | "number"> {
  const [kind = "", number = "1", ...rest] = name.split(".");
  if (!isKeyKind(kind) || !/^[1-9][0-9]{0,5}$/.test(number) || rest.length > 0)
    throw new UsageError(`${name} is no key; see keys list`);
  return { kind, number: Number(number) };
}

function told(changed: KeyChange, what: string): CommandResult {
  if (!changed.ok) throw new UsageError(refusalText(changed.refusal));
  return shown(changed.keys, what);
}

function refusalText(refusal: KeyRefusal): string {
  const { key } = refusal;
  switch (refusal.code) {
    case "next-there-already":
      return `${key} has a next key already: somebody else activates it`;
    case "no-next":
      return `${key} has no next key: make one with keys rotate, and name the kinds that you mean`;
    case "same-person":
      return `Whoever has made ${key} cannot activate it`;
    case "no-old-key":
      return `${key} is no old key: only what was replaced can be retired; see keys list`;
    case "too-early":
      return `It is too early for ${key}: ${refusal.because}`;
    case "in-use":
      return `${key} is still needed: ${refusal.because}`;
  }
}

function shown(keys: readonly SigningKeyRow[], what = ""): CommandResult {
  const rows = keys.map(({ kind, number, publicKey, state, ...key }) => ({
    key: keyName(kind, number),
    keyId: shownKeyId(kind, publicKey),
    state,
    since: sinceOf(state, key).toISOString(),
    preparedBy: key.preparedBy,
    activatedBy: key.activatedBy,
  }));
  const lines = rows.map((row) => [
    row.key,
    row.keyId,
    row.state,
    row.since,
    row.preparedBy ?? "",
    row.activatedBy ?? "",
  ]);
  const head = ["key", "key id", "state", "since", "made by", "activated by"];
  return done([table(head, lines), what].join("\n").trim(), rows);
}

function sinceOf(
  state: SigningKeyRow["state"],
  {
    preparedAt,
    activatedAt,
    replacedAt,
    retiredAt,
  }: Omit<SigningKeyRow, "kind" | "number" | "publicKey" | "state">,
): Date {
  const moments = { next: preparedAt, current: activatedAt, old: replacedAt, retired: retiredAt };
  return moments[state] ?? preparedAt;
}
