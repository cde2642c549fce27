/** Vouchers: looking at one, taking it, and the leases on hand. */
import { normaliseVoucherNumber, parseSerial } from "#core/voucher-number.ts";
import { decodeVoucherToken, textToToken } from "#sync/documents/voucher-token.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { Authentication, RedeemOrder, Refused } from "../../protocol.ts";
import type { RedeemRequest } from "../redeem.ts";
import { cashierOf, done, nodeOf, refused } from "./answers.ts";
import { createDoubts } from "./doubts.ts";
import type { Desk, Handlers } from "./till.ts";
import { amountView, checkView, leaseView, problemRefused, redeemView, refusalView } from "./views.ts";

type VoucherHandlers = Pick<Handlers, "check" | "redeem" | "authenticate" | "leases" | "reserve" | "release">;

/** What a registry said counts for the redemption that follows, and not for one of another day. */
const recognisedForMs = 900_000;
const pageSize = 50;

export function voucherHandlers(desk: Desk): VoucherHandlers {
  const { parts, session } = desk;
  const { stores } = parts;
  const doubts = createDoubts(() => parts.clock.sinceBootMs());
  return {
    check: async (order) => checkView(await nodeOf(desk).check(requestFor(desk, order, null))),
    async redeem(order, keep) {
      const serial = serialOf(order);
      const stated = authenticationFor(desk, order, serial);
      if (stated !== null && "ok" in stated) return { kind: "refused", refusal: stated };
      const outcome = await nodeOf(desk).redeem({
        ...requestFor(desk, order, stated),
        onWritten: (sequence, guaranteed) =>
          keep({ guaranteed: guaranteed && amountView(guaranteed) }, sequence),
      });
      if (serial !== undefined && outcome.kind !== "refused") session.recognised.delete(serial);
      desk.changed();
      if (outcome.kind === "accepted" || outcome.kind === "not-known-yet") desk.syncSoon();
      return redeemView(outcome, stores);
    },
    async authenticate({ serial, identity, secret }) {
      const named = parseSerial(serial);
      if (named === undefined) return refused("no-such-serial");
      const waitMs = doubts.waitMs(named);
      if (waitMs > 0) return refused("ask-registry-later", { untilMs: parts.clock.wallMs() + waitMs });
      const answer = await nodeOf(desk).authenticate({ serial: named, identity, secret });
      if (!answer.ok) return problemRefused(answer.failure);
      const { result } = answer;
      if (result === "confirmed") doubts.forget(named);
      else doubts.note(named);
      session.recognised.set(named, { result, atMs: parts.clock.sinceBootMs() });
      return { ok: true, result };
    },
    leases({ search, after }) {
      const digits = search.replaceAll(/\D/g, "");
      const found = stores.leases.searchOpen(desk.nowMs(), digits, BigInt(after ?? 0), pageSize + 1);
      return { leases: found.slice(0, pageSize).map(leaseView), more: found.length > pageSize };
    },
    async reserve(wish) {
      const answer = await nodeOf(desk).requestLeases(wish);
      if (!answer.ok) return problemRefused(answer.failure);
      await desk.syncNow();
      const { granted, held, most, because } = answer;
      return { ok: true, granted, held, most, because };
    },
    release({ serial }, keep) {
      const onWritten = (sequence: number) => keep(done, sequence);
      const released = nodeOf(desk).release(parseSerial(serial) ?? 0n, cashierOf(desk).name, onWritten);
      desk.changed();
      if (!released.ok) return refusalView(released.refusal);
      desk.syncSoon();
      return done;
    },
  };
}

/** T4. */
function authenticationFor(
  { parts, session }: Desk,
  { authentication }: RedeemOrder,
  serial: bigint | undefined,
): Authentication | null | Refused {
  if (authentication?.method !== "registry") return authentication ?? null;
  const known = serial === undefined ? undefined : session.recognised.get(serial);
  const isFresh = known !== undefined && parts.clock.sinceBootMs() - known.atMs < recognisedForMs;
  if (!isFresh || known.result !== authentication.result) return refused("authenticate-first");
  return authentication;
}

function requestFor(desk: Desk, order: RedeemOrder, authentication: Authentication | null): RedeemRequest {
  const { serial, token, number, goods } = order;
  const named = serial === null ? undefined : parseSerial(serial);
  const { name: actor, shift } = cashierOf(desk);
  return {
    ...(named !== undefined && { serial: named }),
    ...(token !== null && { token }),
    number: normaliseVoucherNumber(number) ?? number,
    inCash: goods === "cash",
    offline: false,
    actor,
    shift,
    authentication,
  };
}

/** As the order names it; whether the token is genuine is found out by whoever takes the voucher. */
function serialOf({ serial, token }: RedeemOrder): bigint | undefined {
  if (serial !== null) return parseSerial(serial);
  const document = token === null ? undefined : textToToken(token);
  const parsed = document && parseDocument(document);
  const read = parsed?.ok ? decodeVoucherToken(parsed.payload) : undefined;
  return read?.ok ? read.value.serial : undefined;
}
