/**
 * The chain of the audit trail: each entry's hash covers the one before it, so that whoever knows the last hash knows that
 * no entry was changed, removed, added between or put elsewhere (design section 6).
 *
 *     hash(n) = SHA-256( "paypost/1/audit" ‖ 0x00 ‖ hash(n − 1) ‖ JSON of [n, id, at in µs, actor, action, subject, before, after] )
 *
 * An entry that tells from where it came has that as a ninth element. hash(0) is 32 zero bytes. `before` and `after` are texts as PostgreSQL writes `jsonb`, or null.
 */
import { createHash } from "node:crypto";

/** An entry as it is hashed. */
export interface ChainedEntry {
  readonly id: bigint;
  /** Microseconds since 1970, in decimal digits. */
  readonly atUs: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: string | null;
  readonly after: string | null;
  /** From where the change was asked for. */
  readonly origin: string | null;
}

export interface ChainHead {
  /** How many entries have their place; 0 for none. */
  readonly position: bigint;
  readonly hash: Uint8Array;
}

export const emptyChain: ChainHead = { position: 0n, hash: new Uint8Array(32) };

/** The head of the chain with one more entry. */
export function follow({ position, hash }: ChainHead, entry: ChainedEntry): ChainHead {
  const next = position + 1n;
  const { id, atUs, actor, action, subject, before, after, origin } = entry;
  const told = [next.toString(), id.toString(), atUs, actor, action, subject, before, after];
  const text = JSON.stringify(origin === null ? told : [...told, origin]);
  const digest = createHash("sha256").update("paypost/1/audit\0").update(hash).update(text).digest();
  return { position: next, hash: new Uint8Array(digest) };
}

/** As people write it down and operators type it: `PLACE:HASH`. */
export function formatHead({ position, hash }: ChainHead): string {
  return `${position}:${Buffer.from(hash).toString("hex")}`;
}

export function parseHead(text: string): ChainHead | undefined {
  const [, position, hash] = /^([0-9]{1,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (position === undefined || hash === undefined) return undefined;
  return { position: BigInt(position), hash: new Uint8Array(Buffer.from(hash, "hex")) };
}
