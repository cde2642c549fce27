/** Ids for what a seed names only: the registry's are short, and the same at every load. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Seed, SeedMerchant } from "./seed.ts";

/** Every building block that a seed names, with its institution id. */
export function buildingBlockIds({ vouchers, sourceBlocks }: Seed): ReadonlyMap<string, string> {
  const names = [...vouchers.map(({ buildingBlock }) => buildingBlock), ...sourceBlocks];
  return new Map(names.map((name) => [name, shortId(name, 20)]));
}

/** Every financial service provider that a seed names, with its id. */
export function fspIds({ merchants }: Seed): ReadonlyMap<string, string> {
  return new Map(merchants.map(({ bankDetails }) => [bankDetails, shortId(bankDetails, 20)]));
}

export function merchantIds({ merchants }: Seed): ReadonlyMap<SeedMerchant, string> {
  return new Map(merchants.map((merchant, index) => [merchant, `m-${index + 1}`]));
}

/** The name itself if it is short enough; else its beginning and eight digits of its hash. */
function shortId(name: string, most: number): string {
  if (name.length <= most) return name;
  const start = name.slice(0, most - 9).replace(/[^A-Za-z0-9]+$/, "");
  return `${start}-${bytesToHex(sha256(utf8ToBytes(name))).slice(0, 8)}`;
}
