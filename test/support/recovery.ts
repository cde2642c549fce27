import { expect } from "vitest";

/** A server notices the end of a recovery within some seconds; until then its callers get 503. */
export async function recoveryNoticed(url: string): Promise<void> {
  await expect
    .poll(async () => (await (await fetch(`${url}/readiness`)).json()) as object, { timeout: 30_000 })
    .not.toMatchObject({ status: "recovering" });
}
