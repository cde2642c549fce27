/** What waits for a second person, and that person's decision: by the very functions that each kind has of its own. */
import { z } from "zod";
import { decide, withdrawVerdict } from "../../disputes/disputes.ts";
import { releaseDisclosure, withdrawDisclosure } from "../../mapper/disclosures.ts";
import { decideHeld, withdrawProposal } from "../../operations/decide-held.ts";
import { approveOnboarding, withdrawOnboarding } from "../../postgres/biller-admin.ts";
import { approvalList } from "../../postgres/console/approval-list.ts";
import { approveSignatory, withdrawSignatory } from "../../postgres/disbursement-admin.ts";
import { approvePermission, permissions, withdrawPermission } from "../../postgres/permission-admin.ts";
import { overrideRecovery } from "../../postgres/recovery-admin.ts";
import { answered, change, list, refused } from "../action.ts";
import type { ActionContext, Outcome } from "../action.ts";
import { hash, moment, shownMoment } from "../shown.ts";

const shown = z.object({
  reference: z.string(),
  kind: z.string(),
  subject: z.string(),
  detail: z.string(),
  because: z.string().nullable(),
  proposedBy: z.string(),
  proposedAt: moment,
});

/** As the list names it: the kind and what its own functions need. */
const reference = z.object({ reference: z.string().max(300) });
const done = z.object({});

type Done = Outcome<z.input<typeof done>>;

interface Kind {
  readonly approve: (context: ActionContext, parts: readonly string[]) => Promise<Done>;
  /** Undefined where one person's word is not taken back, but another says something else. */
  readonly withdraw?: (context: ActionContext, parts: readonly string[]) => Promise<Done>;
}

const kinds: Readonly<Record<string, Kind>> = {
  permission: {
    approve: async ({ pool, operator }, parts) => {
      const grant = grantOf(parts, operator.name);
      return grant ? ended(await approvePermission(pool, grant)) : refused("not-proposed");
    },
    withdraw: async ({ pool, operator }, parts) => {
      const grant = grantOf(parts, operator.name);
      return grant && (await withdrawPermission(pool, grant)) ? answered({}) : refused("not-proposed");
    },
  },
  signatory: {
    approve: async ({ pool, operator }, [institutionId = "", ...name]) =>
      ended(await approveSignatory(pool, { institutionId, name: name.join(" "), by: operator.name })),
    withdraw: async ({ pool, operator }, [institutionId = "", ...name]) =>
      (await withdrawSignatory(pool, { institutionId, name: name.join(" "), by: operator.name }))
        ? answered({})
        : refused("not-proposed"),
  },
  onboarding: {
    approve: async ({ pool, operator }, [id = ""]) =>
      byNumber(id, async (number) => ended(await approveOnboarding(pool, number, operator.name))),
    withdraw: async ({ pool, operator }, [id = ""]) =>
      byNumber(id, async (number) => ended(await withdrawOnboarding(pool, number, operator.name))),
  },
  held: {
    approve: async ({ context, store, operator }, parts) => {
      const name = nameOf(parts);
      return name ? told(await decideHeld(context, store, name, operator.name)) : refused("not-proposed");
    },
    withdraw: async ({ store, operator }, parts) => {
      const name = nameOf(parts);
      return name ? told(await withdrawProposal(store, name, operator.name)) : refused("not-proposed");
    },
  },
  dispute: {
    approve: async ({ store, operator }, parts) => {
      const name = nameOf(parts);
      return name ? told(await decide(store, name, operator.name)) : refused("not-proposed");
    },
    withdraw: async ({ store, operator }, parts) => {
      const name = nameOf(parts);
      return name ? told(await withdrawVerdict(store, name, operator.name)) : refused("not-proposed");
    },
  },
  disclosure: {
    approve: async ({ store, operator }, [id = ""]) =>
      byNumber(id, async (number) => told(await releaseDisclosure(store, number, operator.name))),
    withdraw: async ({ store, operator }, [id = ""]) =>
      byNumber(id, async (number) => told(await withdrawDisclosure(store, number, operator.name))),
  },
  recovery: {
    approve: async ({ pool, operator }) => {
      const outcome = await overrideRecovery(pool, operator.name);
      return outcome === "ended" ? answered({}) : refused(outcome === "proposed" ? "not-proposed" : outcome);
    },
  },
};

export const approvalActions = {
  approvals: list(approvalList, shown, ({ proposedAt, ...row }) => ({
    ...row,
    proposedAt: shownMoment(proposedAt),
  })),
  "approval.approve": change({
    input: reference,
    answer: done,
    subject: ({ reference }) => `approval:${reference}`,
    run: (context, { reference }) => decideOn(context, reference, "approve"),
  }),
  "approval.withdraw": change({
    input: reference,
    answer: done,
    subject: ({ reference }) => `approval:${reference}`,
    run: (context, { reference }) => decideOn(context, reference, "withdraw"),
  }),
};

async function decideOn(context: ActionContext, reference: string, how: keyof Kind): Promise<Done> {
  const [kind = "", ...parts] = reference.split(" ");
  const carryOut = Object.hasOwn(kinds, kind) ? kinds[kind]?.[how] : undefined;
  return carryOut ? carryOut(context, parts) : refused("not-possible");
}

/** For what is named by the number of its row. */
function byNumber(text: string, carryOut: (number: bigint) => Promise<Done>): Promise<Done> | Done {
  return /^[0-9]{1,18}$/.test(text) ? carryOut(BigInt(text)) : refused("not-proposed");
}

function grantOf([institutionId = "", name]: readonly string[], by: string) {
  const permission = permissions.find((one) => one === name);
  return permission && { institutionId, permission, by };
}

function nameOf([node, text]: readonly string[]) {
  const nodeId = z.uuid().safeParse(node);
  const parsed = hash.safeParse(text);
  if (!nodeId.success || !parsed.success) return undefined;
  return { nodeId: nodeId.data, hash: new Uint8Array(Buffer.from(parsed.data, "hex")) };
}

function ended(outcome: "approved" | "done" | "same-person" | "not-proposed"): Done {
  return outcome === "approved" || outcome === "done" ? answered({}) : refused(outcome);
}

function told(outcome: { readonly ok: true } | { readonly ok: false; readonly code: string }): Done {
  return outcome.ok ? answered({}) : refused(outcome.code);
}
