/**
 * The registry that knows beneficiaries, as a port, and its HTTP adapter. It is asked whether somebody is whom a voucher is
 * for; what identifies the person goes through and is neither kept nor logged.
 */
import { z } from "zod";
import type { AuthenticationOutcome } from "#sync/documents/operation.ts";

export interface Claimant {
  /** Of the voucher that is presented. */
  readonly serial: string;
  /** What the registry knows somebody by, such as a functional id. */
  readonly identity: string;
  /** What only that person should know; null where the registry asks for none. */
  readonly secret: string | null;
}

export type RegistryAnswer =
  | { readonly ok: true; readonly result: AuthenticationOutcome["result"] }
  /** No answer, or none that is understood. */
  | { readonly ok: false };

export interface BeneficiaryRegistry {
  /** Never throws: a registry that fails has said nothing. */
  authenticate(claimant: Claimant): Promise<RegistryAnswer>;
}

export interface HttpRegistryOptions {
  /** Takes a POST for each question, and answers 200 with `{"result": "confirmed"}` or `"not-confirmed"`. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly secret: string | undefined;
}

/** Shorter than a node waits for its server. */
const timeoutMs = 10_000;
const answer = z.object({ result: z.enum(["confirmed", "not-confirmed"]) });

export function createHttpRegistry({ url, secret }: HttpRegistryOptions): BeneficiaryRegistry {
  return {
    async authenticate(claimant) {
      try {
        const response = await fetch(url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
          },
          body: JSON.stringify({
            voucher: claimant.serial,
            identity: claimant.identity,
            secret: claimant.secret,
          }),
          redirect: "manual",
          signal: AbortSignal.timeout(timeoutMs),
        });
        const parsed = answer.safeParse(response.ok ? await response.json() : undefined);
        if (!response.bodyUsed) await response.body?.cancel();
        return parsed.success ? { ok: true, result: parsed.data.result } : { ok: false };
      } catch {
        return { ok: false };
      }
    },
  };
}
