/** The list of what nodes must deny at risk is written by triggers (`migrations/server/0130-limits.sql`); here it is shortened. */
import type { Store } from "../ports/store.ts";

/** Takes out what has expired: its token says so. Each part of the list in a transaction of its own. */
export async function shortenDenyList(store: Store): Promise<void> {
  const chunks = await store.transaction((tx) => tx.shapes.deniedChunks());
  for (const chunk of chunks) await store.transaction((tx) => tx.shapes.rewriteDenied(chunk));
}
