/**
 * A node that was away while keys were replaced follows the key sets that it missed, one after the other: each is signed by a
 * key of one before (design: "Keys"), however long it was away.
 */
import { fromBase64 } from "./base64.ts";
import { acceptKeySet } from "./documents/key-set.ts";
import type { RowContext } from "./shapes/check-row.ts";
import type { ShapeStorage } from "./ports/shape-storage.ts";
import type { ServerLink } from "./ports/transport.ts";
import { get, jsonObject } from "./server-call.ts";

export interface CatchUpParts {
  readonly storage: ShapeStorage;
  readonly link: ServerLink;
  readonly context: () => RowContext;
}

/** Asks only where the newest key set is not signed by a key that the node knows. A failure is made up for at the next sync. */
export async function catchUpKeys({ storage, link, context }: CatchUpParts): Promise<void> {
  if (!storage.aside("trust").some(({ value }) => isKeySet(value))) return;
  for (;;) {
    const after = context().keySet.version;
    for (const document of await keySetsAfter(link, after)) {
      const accepted = await acceptKeySet(context().keySet, document);
      if (!accepted.ok) return;
      storage.amend("trust", [{ type: "key-set", key: "trust:missed", keySet: accepted.value, document }]);
    }
    if (context().keySet.version === after) return;
  }
}

function isKeySet(row: string): boolean {
  const { kind } = JSON.parse(row) as { readonly kind?: unknown };
  return kind === "key-set";
}

async function keySetsAfter(link: ServerLink, version: number): Promise<Uint8Array[]> {
  const answer = await get(link, `/v1/keys?after=${version}`);
  const sets = answer.ok ? jsonObject(answer.body)?.["keySets"] : undefined;
  if (!Array.isArray(sets)) return [];
  return sets.flatMap((text) => (typeof text === "string" ? [fromBase64(text) ?? new Uint8Array()] : []));
}
