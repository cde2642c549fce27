import nacl from "tweetnacl";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openDocument } from "#sync/signing/cose.ts";
import { createAuthority, testVoucher } from "../../test/support/authority.ts";
import { testPolicy, usd } from "../../test/support/policy.ts";
import { createTill } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";
import type { RedeemOutcome } from "./node.ts";
import { openText, sealText } from "./vault.ts";

const voucher = testVoucher(12n);

afterEach(() => {
  vi.restoreAllMocks();
});

function redeem(
  till: Till,
  change: Partial<Parameters<ReturnType<Till["node"]>["redeem"]>[0]> = {},
): Promise<RedeemOutcome> {
  const request = { serial: 12n, number: voucher.number, actor: "Ann", offline: true, ...change };
  return till.node().redeem(request);
}

function codeOf(outcome: RedeemOutcome): string {
  return outcome.kind === "refused" ? outcome.refusal.code : outcome.kind;
}

describe("an offline redemption", () => {
  test("of a voucher leased to this node is accepted, with the amount that its token states", async () => {
    const till = createTill();
    till.grant(voucher);
    const outcome = await redeem(till);
    if (outcome.kind !== "accepted") throw new Error(codeOf(outcome));
    expect(outcome.redeemed).toMatchObject({ mode: "leased", sequence: 1, anchored: true });
    expect(outcome.redeemed.token).toMatchObject({ amountMinor: 1250n, currency: "USD" });
    expect(till.stores.redemptions.ofVoucher(12n)).toMatchObject([{ live: true, actor: "Ann" }]);
  });

  test("by its token is accepted like one by its serial", async () => {
    const till = createTill();
    till.grant(voucher);
    const { authority } = till;
    const outcome = await till
      .node()
      .redeem({ token: authority.token(voucher), number: voucher.number, actor: "Ann", offline: true });
    expect(codeOf(outcome)).toBe("accepted");
  });

  test("a second time is refused with already-redeemed-here, and nothing is added", async () => {
    const till = createTill();
    till.grant(voucher);
    await redeem(till);
    const again = await redeem(till);
    expect(again).toMatchObject({ refusal: { code: "already-redeemed-here", earlier: { actor: "Ann" } } });
    expect(till.stores.queue.head().sequence).toBe(1);
  });

  test("is still refused with already-redeemed-here after the node was started again", async () => {
    const till = createTill();
    till.grant(voucher);
    await redeem(till);
    expect(codeOf(await redeem(till.reopen()))).toBe("already-redeemed-here");
  });

  test("of a voucher that is not leased here is refused with not-leased-here", async () => {
    const till = createTill();
    expect(codeOf(await redeem(till))).toBe("not-leased-here");
    expect(codeOf(await redeem(till, { token: till.authority.token(voucher) }))).toBe("not-leased-here");
  });

  test("under another node's lease is refused with not-leased-here", async () => {
    const till = createTill();
    till.grant(voucher, { nodeId: "0192f000-0000-7000-8000-000000000099" });
    expect(codeOf(await redeem(till))).toBe("not-leased-here");
  });

  test("4.6: after the lease's time is refused with lease-ended, although the wall clock was set back", async () => {
    const till = createTill();
    till.grant(voucher, { notAfterMs: till.clock.wallMs() + 60_000 });
    till.clock.pass(59_999);
    const before = till.clock.wallMs();
    till.clock.pass(1);
    expect(codeOf(await redeem(till))).toBe("lease-ended");
    till.clock.setWall(before - 100_000);
    expect(codeOf(await redeem(till))).toBe("lease-ended");
  });

  test("up to the lease's last millisecond is accepted", async () => {
    const till = createTill();
    till.grant(voucher, { notAfterMs: till.clock.wallMs() + 60_000 });
    till.clock.pass(59_999);
    expect(codeOf(await redeem(till))).toBe("accepted");
  });

  test("of an expired voucher is refused with voucher-expired, whatever its lease says", async () => {
    const till = createTill();
    till.grant({ ...voucher, expiresAtMs: till.clock.wallMs() - 1 });
    expect(codeOf(await redeem(till))).toBe("voucher-expired");
  });

  test("4.4: with another number is refused with wrong-number", async () => {
    const till = createTill();
    till.grant(voucher);
    expect(codeOf(await redeem(till, { number: "4000000000000013" }))).toBe("wrong-number");
  });

  test("4.4: with a token that another authority signed is refused with token-not-genuine", async () => {
    const till = createTill();
    till.grant(voucher);
    const token = createAuthority(2).token(voucher);
    expect(await redeem(till, { token })).toMatchObject({
      refusal: { code: "token-not-genuine", because: "unknown-key" },
    });
  });

  test("with a token of another voucher is refused with token-of-another-voucher", async () => {
    const till = createTill();
    till.grant(voucher);
    const token = till.authority.token(testVoucher(13n));
    expect(codeOf(await redeem(till, { token }))).toBe("token-of-another-voucher");
    const dearer = till.authority.token({ ...voucher, amountMinor: 999_999n });
    expect(codeOf(await redeem(till, { token: dearer }))).toBe("token-of-another-voucher");
  });

  test("with something that is no token is refused with token-not-genuine", async () => {
    const till = createTill();
    for (const token of ["", "PV1:", "PV1:hello", "https://example.org/"]) {
      expect(await redeem(till, { token })).toMatchObject({ refusal: { because: "malformed" } });
    }
  });

  test("under a lease whose bytes were changed in the database is refused with lease-not-valid", async () => {
    const till = createTill();
    till.grant(voucher);
    const { database, vault } = till.stores;
    const put = (sealed: Uint8Array) => database.prepare("update leases set sealed = ?").run(sealed);
    const row = database.prepare<[], { sealed: Buffer }>("select sealed from leases").get();
    if (!row) throw new Error("no lease");
    put(flipLastBit(row.sealed));
    expect(codeOf(await redeem(till))).toBe("lease-not-valid");
    // Whoever has the till's key can seal, and cannot sign for the server.
    const text = openText(vault, row.sealed) ?? "";
    const { lease, token } = JSON.parse(text) as { lease: string; token: string };
    const forged = flipLastBit(Buffer.from(lease, "base64")).toString("base64");
    put(sealText(vault, JSON.stringify({ lease: forged, token })));
    expect(codeOf(await redeem(till))).toBe("lease-not-valid");
  });

  test("by a node that was frozen or revoked is refused with that", async () => {
    const till = createTill();
    till.grant(voucher);
    till.stores.node.setStatus("frozen");
    expect(codeOf(await redeem(till))).toBe("node-frozen");
    till.stores.node.setStatus("revoked");
    expect(codeOf(await redeem(till))).toBe("node-revoked");
  });

  test("is signed by the platform, and verifies under the node's key", async () => {
    const till = createTill();
    till.grant(voucher);
    const inJavaScript = vi.spyOn(nacl.sign, "detached");
    expect(codeOf(await redeem(till))).toBe("accepted");
    expect(inJavaScript).not.toHaveBeenCalled();
    const signed = till.stores.queue.find(1)?.signed ?? new Uint8Array();
    expect(await openDocument("operation", signed, () => till.key.publicKey)).toMatchObject({ ok: true });
  });

  test("seals the number for the server; a check tells the same and seals nothing", async () => {
    const till = createTill();
    till.grant(voucher);
    const sealing = vi.spyOn(crypto.subtle, "deriveBits");
    const request = { serial: 12n, number: voucher.number, actor: "Ann", offline: true };
    expect(await till.node().check(request)).toMatchObject({
      ok: true,
      mode: "leased",
      token: { serial: 12n, amountMinor: 1250n },
    });
    expect(await till.node().check({ ...request, number: "4000000000000013" })).toMatchObject({
      refusal: { code: "wrong-number" },
    });
    expect(sealing).not.toHaveBeenCalled();
    expect(till.stores.queue.head().sequence).toBe(0);
    await redeem(till);
    expect(sealing).toHaveBeenCalled();
    expect(till.stores.queue.find(1)?.sealed).toHaveLength(72);
  });

  test("opens no connection, whatever its outcome", async () => {
    const till = createTill();
    till.grant(voucher);
    // The till of this test throws on any fetch.
    for (const number of ["4000000000000013", voucher.number, voucher.number]) await redeem(till, { number });
    expect(codeOf(await redeem(till, { serial: 99n }))).toBe("not-leased-here");
  });
});

describe("a lease and its row", () => {
  test("2: a lease whose row has disappeared is still good until its time", async () => {
    const till = createTill();
    till.grant(voucher);
    till.leases([{ type: "lease-withdrawn", key: "leases:12", serial: 12n }]);
    expect(till.stores.leases.find(12n)?.withdrawnMs).not.toBeNull();
    expect(codeOf(await redeem(till))).toBe("accepted");
  });

  test("a lease under which a redemption was rejected is not used again", async () => {
    const till = createTill();
    till.grant(voucher);
    await redeem(till);
    rejectLast(till);
    expect(codeOf(await redeem(till))).toBe("rejected-before");
    till.grant(voucher, { n: 2 });
    expect(codeOf(await redeem(till))).toBe("accepted");
  });
});

describe("a clock that is not anchored", () => {
  test("without any contact refuses leased redemptions with clock-not-trusted", async () => {
    const till = createTill({ anchored: false });
    till.grant(voucher);
    expect(codeOf(await redeem(till))).toBe("clock-not-trusted");
  });

  test("4.6: after a restart without contact works only within the policy's hours and amount, and is marked so", async () => {
    const till = createTill();
    till.policy({ ...testPolicy(), unanchoredHours: 24, currencies: [usd({ unanchoredMinor: 2500n })] });
    till.anchor();
    const week = till.clock.wallMs() + 7 * 86_400_000;
    const vouchers = [12n, 13n, 14n].map((serial) => testVoucher(serial, { expiresAtMs: week }));
    for (const each of vouchers) till.grant(each, { notAfterMs: week });
    till.clock.reboot();
    const codes: string[] = [];
    for (const { serial, number } of vouchers) codes.push(codeOf(await redeem(till, { serial, number })));
    expect(codes).toEqual(["accepted", "accepted", "over-unanchored-amount"]);
    expect(till.stores.redemptions.list(0, 9)).toMatchObject([{ anchored: false }, { anchored: false }]);
    till.clock.pass(24 * 3_600_000 + 1);
    expect(codeOf(await redeem(till, { serial: 14n, number: vouchers[2]?.number ?? "" }))).toBe(
      "over-unanchored-hours",
    );
    till.anchor();
    expect(codeOf(await redeem(till, { serial: 14n, number: vouchers[2]?.number ?? "" }))).toBe("accepted");
  });

  test("4.6: where wall and boot time disagree counts as not anchored", async () => {
    const till = createTill();
    till.policy({ ...testPolicy(), currencies: [usd({ unanchoredMinor: 1250n })] });
    till.anchor();
    for (const serial of [12n, 13n]) till.grant(testVoucher(serial));
    till.clock.setWall(till.clock.wallMs() + 121_000);
    expect(await redeem(till)).toMatchObject({ kind: "accepted", redeemed: { anchored: false } });
    expect(codeOf(await redeem(till, { serial: 13n, number: testVoucher(13n).number }))).toBe(
      "over-unanchored-amount",
    );
  });

  test("4.6: without a policy, after its end, and in a currency it does not list refuses with clock-not-trusted", async () => {
    const till = createTill();
    till.grant(voucher);
    till.clock.reboot();
    expect(codeOf(await redeem(till))).toBe("clock-not-trusted");
    for (const [version, change] of [
      [1, { expiresAtMs: till.clock.wallMs() }],
      [2, { currencies: [] }],
    ] as const) {
      till.policy({ ...testPolicy(), version, ...change });
      till.anchor();
      till.clock.reboot();
      expect(codeOf(await redeem(till))).toBe("clock-not-trusted");
    }
  });

  test("4.6: that was further off than the policy allows refuses with clock-off", async () => {
    const till = createTill();
    till.policy(testPolicy());
    const { bootId } = till.clock;
    const wallMs = till.clock.wallMs();
    const measured = { wallMs, bootId, sinceBootMs: till.clock.sinceBootMs(), policyVersion: 1 };
    till.stores.node.setAnchor({ ...measured, serverTimeMs: wallMs - 120_001 });
    till.grant(voucher);
    till.clock.reboot();
    expect(codeOf(await redeem(till))).toBe("clock-off");
    till.stores.node.setAnchor({ ...measured, serverTimeMs: wallMs - 120_000 });
    expect(codeOf(await redeem(till))).toBe("accepted");
  });
});

function rejectLast(till: Till): void {
  const { sequence, hash } = till.stores.queue.head();
  till.stores.queue.keepList(hash, new Uint8Array(1), 0);
  till.stores.queue.decide(
    { sequence, state: "rejected", reason: "lease-closed", transactionId: null, decidedMs: 1 },
    hash,
  );
}

function flipLastBit(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}
