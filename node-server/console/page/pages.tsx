/** What each page of the console is, and its icon in the rail. */
import type { ComponentType } from "react";
import type { IconName } from "#ui/icons.tsx";
import type { PageName } from "./needs.ts";
import { Alerts } from "./pages/alerts.tsx";
import { Audit } from "./pages/audit.tsx";
import { Cases } from "./pages/cases.tsx";
import { Approvals } from "./pages/approvals.tsx";
import { Batches } from "./pages/batches.tsx";
import { Beneficiaries } from "./pages/beneficiaries.tsx";
import { Callbacks } from "./pages/callbacks.tsx";
import { Disputes } from "./pages/disputes.tsx";
import { Operations } from "./pages/operations.tsx";
import { VoucherBatches } from "./pages/voucher-batches.tsx";
import { Vouchers } from "./pages/vouchers.tsx";
import { Billers, Matrix, Merchants } from "./pages/registry.tsx";
import { Nodes } from "./pages/nodes.tsx";
import { Operators } from "./pages/operators.tsx";
import { Overview } from "./pages/overview.tsx";
import { Reports } from "./pages/reports.tsx";

export interface ConsolePage {
  readonly Page: ComponentType;
  readonly icon: IconName;
}

export const pages = {
  overview: { Page: Overview, icon: "totals" },
  approvals: { Page: Approvals, icon: "approvals" },
  vouchers: { Page: Vouchers, icon: "vouchers" },
  voucherBatches: { Page: VoucherBatches, icon: "vouchers" },
  batches: { Page: Batches, icon: "payouts" },
  nodes: { Page: Nodes, icon: "nodes" },
  operations: { Page: Operations, icon: "history" },
  disputes: { Page: Disputes, icon: "disputes" },
  cases: { Page: Cases, icon: "bills" },
  alerts: { Page: Alerts, icon: "caution" },
  callbacks: { Page: Callbacks, icon: "callbacks" },
  merchants: { Page: Merchants, icon: "redeem" },
  matrix: { Page: Matrix, icon: "yes" },
  billers: { Page: Billers, icon: "bills" },
  beneficiaries: { Page: Beneficiaries, icon: "payees" },
  reports: { Page: Reports, icon: "totals" },
  audit: { Page: Audit, icon: "history" },
  operators: { Page: Operators, icon: "people" },
} as const satisfies Readonly<Record<PageName, ConsolePage>>;

/** What fits along the bottom of a phone; the others are behind "More". */
export const onPhone: ReadonlySet<PageName> = new Set<PageName>(["overview", "approvals", "nodes"]);
