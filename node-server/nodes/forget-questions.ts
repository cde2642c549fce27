/** What nodes asked beside their operations is kept only as long as the same question may come again. */
import type { Store } from "../ports/store.ts";

const keepForMs = 7 * 86_400_000;

export function forgetNodeQuestions(store: Store): Promise<void> {
  return store.transaction(async (tx) => {
    await tx.nodeQuestions.forgetBefore(new Date((await tx.now()).getTime() - keepForMs));
  });
}
