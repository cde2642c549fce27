/** The pages of the console in the order of the rail, with the action, or actions of which one, that who sees it must be allowed. */
import type { ActionName } from "../../operators/rights.ts";
import { useMay } from "./session.ts";

export const reportNames = [
  "accounts",
  "stock",
  "takeUp",
  "budgets",
  "unusedLeases",
  "settlements",
  "payouts",
  "fees",
] as const satisfies readonly ActionName[];

const needs = {
  overview: "overview",
  approvals: "approvals",
  vouchers: "vouchers",
  voucherBatches: "voucherBatches",
  batches: "batches",
  nodes: "nodes",
  operations: "operations",
  disputes: "disputes",
  cases: "cases",
  alerts: "alerts",
  callbacks: "callbacks",
  merchants: "merchants",
  matrix: "matrix",
  billers: "billers",
  beneficiaries: "beneficiaries",
  reports: reportNames,
  audit: "audit",
  operators: "operators",
} as const satisfies Readonly<Record<string, ActionName | readonly ActionName[]>>;

export type PageName = keyof typeof needs;

export const pageNames = Object.keys(needs) as readonly PageName[];

export function useMaySee(): (page: PageName) => boolean {
  const may = useMay();
  return (page) => [needs[page]].flat().some(may);
}
