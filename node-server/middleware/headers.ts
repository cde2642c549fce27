/** Request headers in every spelling that published clients use (GovStack Payments BB, general rules). */
import type { Context } from "hono";
import { Problem } from "./problem.ts";

const spellings = {
  "X-Callback-URL": ["x-callback-url", "x-callbackurl", "x-callback_url"],
  "X-Registering-Institution-ID": ["x-registering-institution-id", "registeringinstitutionid"],
  "X-Program-ID": ["x-program-id"],
  "X-PayerFI-Id": ["x-payerfi-id", "payerfi-id", "x-payer-fi-id", "payer-fsp-id", "x-payerfsp-id"],
  "X-billerId": ["x-billerid", "x-biller-id"],
  "X-Platform-TenantId": ["x-platform-tenantid", "platform-tenantid"],
  "Platform-TenantId": ["platform-tenantid", "x-platform-tenantid"],
  "X-CorrelationID": ["x-correlationid", "x-client-correlation-id", "x-correlation-id"],
} as const;

export type HeaderName = keyof typeof spellings;

/** The header's value under whichever spelling the caller chose, or undefined. */
export function header(c: Context, name: HeaderName): string | undefined {
  for (const spelling of spellings[name]) {
    const value = c.req.header(spelling);
    if (value !== undefined && value !== "") return value;
  }
  return undefined;
}

/** The header's value, at most `longest` characters. Throws the 400 that names the header otherwise. */
export function requiredHeader(c: Context, name: HeaderName, longest: number): string {
  const value = optionalHeader(c, name, longest);
  if (value === undefined) throw badHeader(name, "is required");
  return value;
}

/** The header's value, at most `longest` characters, or undefined. Throws the 400 that names the header otherwise. */
export function optionalHeader(c: Context, name: HeaderName, longest: number): string | undefined {
  const value = header(c, name);
  if (value !== undefined && value.length > longest)
    throw badHeader(name, `is longer than ${longest} characters`);
  return value;
}

function badHeader(name: HeaderName, reason: string): Problem {
  return new Problem(400, `Header ${name} ${reason}`, [{ field: name, reason }]);
}
