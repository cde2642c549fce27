/**
 * How often somebody may ask: an institution, a node, and whoever has shown no valid token, by its address. What an address is
 * refused for is what came from it without a token, so that nobody who has one is kept out by a neighbour.
 */
import type { Context } from "hono";
import { createRateLimit } from "../token-bucket.ts";
import type { Rate, RateLimit } from "../token-bucket.ts";
import { addressKey } from "./peer.ts";
import type { CallerVariables } from "./caller.ts";
import { Problem } from "./problem.ts";

/** For each kind of caller its rate; undefined for no limit. */
export interface Rates {
  readonly caller: Rate | undefined;
  readonly node: Rate | undefined;
  /** Without a token, or with one that is refused. */
  readonly address: Rate | undefined;
  /** Enrolment codes that were wrong. */
  readonly enrolment: Rate | undefined;
}

/** Each throws a 429 Problem, with `Retry-After`, where it was too often. */
export interface RateGuard {
  caller(c: Context, institutionId: string): void;
  node(c: Context, nodeId: string): void;
  address(c: Context): void;
  /** Before a code is tried. */
  enrolment(c: Context): void;
  /** After one that was wrong. */
  wrongCode(c: Context): void;
}

export function createRateGuard(rates: Rates | undefined, now: () => number): RateGuard {
  const limitOf = (kind: keyof Rates) => {
    const rate = rates?.[kind];
    return rate && createRateLimit(rate, now);
  };
  const [caller, node, address, enrolment] = (["caller", "node", "address", "enrolment"] as const).map(
    limitOf,
  );
  return {
    caller: (c, institutionId) => pass(c, caller?.take(institutionId), "This institution"),
    node: (c, nodeId) => pass(c, node?.take(nodeId), "This node"),
    address: (c) => pass(c, takeOf(address, c), "This address"),
    enrolment: (c) => pass(c, enrolment?.look(keyOf(c)), "Wrong codes: this address"),
    wrongCode: (c) => void takeOf(enrolment, c),
  };
}

function takeOf(limit: RateLimit | undefined, c: Context): number | undefined {
  return limit?.take(keyOf(c));
}

function keyOf(c: Context): string {
  return addressKey((c as Context<CallerVariables>).get("address"));
}

function pass(c: Context, waitSeconds: number | undefined, who: string): void {
  if (waitSeconds === undefined) return;
  c.header("retry-after", String(waitSeconds));
  throw new Problem(429, `${who} asks too often; try again in ${waitSeconds} s`);
}
