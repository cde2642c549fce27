import { DatabaseError } from "pg";
import { describe, expect, test } from "vitest";
import { withCorrelation } from "./correlation.ts";
import { createLog } from "./log.ts";

function logged(write: (log: ReturnType<typeof createLog>) => void): {
  text: string;
  line: Record<string, unknown>;
} {
  let text = "";
  write(createLog("trace", { write: (part: string) => void (text += part) }));
  return { text, line: JSON.parse(text) as Record<string, unknown> };
}

describe("a line of the log", () => {
  test.each([
    { token: "tell-nobody" },
    { request: { authorization: "Bearer tell-nobody" } },
    { callback: { message: { voucherNumber: "tell-nobody" } } },
    { voucher: { number: "tell-nobody" } },
    { payee: { phone: "tell-nobody", account: "tell-nobody" } },
    { key: "tell-nobody", seed: "tell-nobody", password: "tell-nobody" },
    { database: { connectionString: "postgres://x:tell-nobody@db/paypost" } },
  ])("hides what is named like a secret or a person's: %o", (fields) => {
    expect(logged((log) => log.info(fields, "said")).text).not.toContain("tell-nobody");
  });

  test("of a database's error neither detail nor query, which repeat values, and no value that it quotes", () => {
    const error = new DatabaseError(
      'duplicate key value violates unique constraint "payees_pkey"',
      0,
      "error",
    );
    Object.assign(error, {
      code: "23505",
      constraint: "payees_pkey",
      detail: "Key (phone)=(tell-nobody) already exists.",
      where: "tell-nobody",
      internalQuery: "tell-nobody",
      client: { password: "tell-nobody" },
    });
    const { text, line } = logged((log) => log.error({ err: error }, "failed"));
    expect(text).not.toContain("tell-nobody");
    expect(line["err"]).toMatchObject({ code: "23505", constraint: "payees_pkey" });
    const quoting = new DatabaseError('invalid input syntax for type bigint: "tell-nobody"', 0, "error");
    Object.assign(quoting, { code: "22P02" });
    expect(logged((log) => log.error({ err: quoting }, "failed")).text).not.toContain("tell-nobody");
  });

  test("has the id of what it belongs to", () => {
    const { line } = logged((log) => withCorrelation("case-17", () => log.info("said")));
    expect(line).toMatchObject({ correlationId: "case-17", msg: "said" });
    expect(logged((log) => log.info("said")).line).not.toHaveProperty("correlationId");
  });
});
