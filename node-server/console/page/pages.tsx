/** The pages of the console in the order of the rail: what each is called, and the action that one must be allowed to see it. */
import type { ComponentType } from "react";
import type { IconName } from "#ui/icons.tsx";
import type { ActionName } from "../../operators/rights.ts";
import { Alerts } from "./pages/alerts.tsx";
import { Audit } from "./pages/audit.tsx";
import { Cases } from "./pages/cases.tsx";
import { Approvals } from "./pages/approvals.tsx";
import { Batches } from "./pages/batches.tsx";
import { Beneficiaries } from "./pages/beneficiaries.tsx";
import { Callbacks } from "./pages/callbacks.tsx";
import { Disputes } from "./pages/disputes.tsx";
import { Operations } from "./pages/operations.tsx";
import { Vouchers } from "./pages/vouchers.tsx";
import { Billers, Matrix, Merchants } from "./pages/registry.tsx";
import { Nodes } from "./pages/nodes.tsx";
import { Operators } from "./pages/operators.tsx";
import { Overview } from "./pages/overview.tsx";

export interface ConsolePage {
  readonly Page: ComponentType;
  readonly icon: IconName;
  readonly needs: ActionName;
}

export const pages = {
  overview: { Page: Overview, icon: "totals", needs: "overview" },
  approvals: { Page: Approvals, icon: "approvals", needs: "approvals" },
  vouchers: { Page: Vouchers, icon: "vouchers", needs: "vouchers" },
  batches: { Page: Batches, icon: "payouts", needs: "batches" },
  nodes: { Page: Nodes, icon: "nodes", needs: "nodes" },
  operations: { Page: Operations, icon: "history", needs: "operations" },
  disputes: { Page: Disputes, icon: "disputes", needs: "disputes" },
  cases: { Page: Cases, icon: "bills", needs: "cases" },
  alerts: { Page: Alerts, icon: "caution", needs: "alerts" },
  callbacks: { Page: Callbacks, icon: "callbacks", needs: "callbacks" },
  merchants: { Page: Merchants, icon: "redeem", needs: "merchants" },
  matrix: { Page: Matrix, icon: "yes", needs: "matrix" },
  billers: { Page: Billers, icon: "bills", needs: "billers" },
  beneficiaries: { Page: Beneficiaries, icon: "payees", needs: "beneficiaries" },
  audit: { Page: Audit, icon: "history", needs: "audit" },
  operators: { Page: Operators, icon: "people", needs: "operators" },
} as const satisfies Readonly<Record<string, ConsolePage>>;

export type PageName = keyof typeof pages;

export const pageNames = Object.keys(pages) as readonly PageName[];

/** What fits along the bottom of a phone; the others are behind "More". */
export const onPhone: ReadonlySet<PageName> = new Set<PageName>(["overview", "approvals", "nodes"]);
