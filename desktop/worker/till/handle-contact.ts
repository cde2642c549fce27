/** Contact with the server, by a link or by hand, and what would be lost from sight without it. */
import { fromBase64, toBase64 } from "#sync/base64.ts";
import { exportFrom, importInto } from "../carry.ts";
import { done, nodeIdOf, nodeOf, refused, tillName } from "./answers.ts";
import type { Desk, Handlers } from "./till.ts";
import { problemRefused, sumView } from "./views.ts";

type ContactHandlers = Pick<Handlers, "sync" | "export" | "import" | "hand-in" | "quit-check">;

export function contactHandlers(desk: Desk): ContactHandlers {
  const { parts, session } = desk;
  const { stores, randomBytes } = parts;
  return {
    async sync() {
      const report = await desk.syncNow();
      const because = stores.stopped();
      if (because !== undefined) return refused("node-stopped", { because });
      return report.upload.problem ? problemRefused(report.upload.problem) : done;
    },
    export() {
      const { key } = session;
      if (!key) throw new Error("the till is locked");
      const exported = exportFrom({ stores, key, randomBytes, nowMs: desk.nowMs() });
      if (!exported.ok) return refused(exported.refusal.code);
      const count = exported.operations.length;
      const name = `paypost-${tillName(desk)}-${exported.operations.at(-1)?.sequence ?? 0}.ppq`;
      return { ok: true, name, file: toBase64(exported.file), count, left: exported.left };
    },
    async import({ file }) {
      const bytes = fromBase64(file);
      if (!bytes) return refused("not-an-answer");
      const taken = await importInto(stores, nodeIdOf(desk), bytes);
      desk.changed();
      if (!taken.ok) return refused(taken.refusal.code);
      const { applied, rejected, held } = taken.taken;
      return { ok: true, verdicts: taken.verdicts, applied, rejected, held };
    },
    async "hand-in"({ file }) {
      const bytes = fromBase64(file);
      if (!bytes) return refused("not-a-carried-queue");
      const handed = await nodeOf(desk).handIn(bytes);
      if (handed.ok) return { ok: true, name: "answer.ppa", file: toBase64(handed.answer) };
      return "refusal" in handed ? refused(handed.refusal.code) : problemRefused(handed.failure);
    },
    "quit-check"() {
      const { queued } = stores.redemptions.countOpen();
      const isCovered = queued > 0 && stores.queue.head().sequence <= stores.acknowledgements.lastSequence();
      return { queued, sums: stores.history.queuedSums().map(sumView), acknowledged: isCovered };
    },
  };
}
