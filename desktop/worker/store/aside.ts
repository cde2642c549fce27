/** Rows that failed their check hold what the others hold, and lie sealed like them; as text, which their column is. */
import type { NodeDatabase } from "../database.ts";
import { openText, sealText } from "../vault.ts";
import type { Vault } from "../vault.ts";

/** What no row in clear begins with: rows are JSON objects. */
const mark = "~";

export function sealAside(vault: Vault, value: string): string {
  return mark + Buffer.from(sealText(vault, value)).toString("base64");
}

export function openAside(vault: Vault, value: string): string {
  if (!value.startsWith(mark)) return value;
  return openText(vault, Uint8Array.from(Buffer.from(value.slice(mark.length), "base64"))) ?? "{}";
}

/** Seals what an earlier version left in clear. */
export function sealRowsAside(database: NodeDatabase, vault: Vault): void {
  const inClear = database.prepare<[], { shape: string; key: string; value: string }>(
    `select shape, key, value from rows_aside where value not like '${mark}%'`,
  );
  const update = database.prepare("update rows_aside set value = ? where shape = ? and key = ?");
  database
    .transaction(() => {
      for (const { shape, key, value } of inClear.all()) update.run(sealAside(vault, value), shape, key);
    })
    .immediate();
}
