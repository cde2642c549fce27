/** Every action of the console, by the name that `operators/rights.ts` gives it; the compiler finds one that is missing. */
import type { ActionName } from "../operators/rights.ts";
import type { Action } from "./action.ts";
import { approvalActions } from "./actions/approvals.ts";
import { batchActions } from "./actions/batches.ts";
import { caseActions } from "./actions/cases.ts";
import { oversightActions } from "./actions/oversight.ts";
import { beneficiaryActions } from "./actions/beneficiaries.ts";
import { callbackActions } from "./actions/callbacks.ts";
import { operationActions } from "./actions/operations.ts";
import { voucherActions } from "./actions/vouchers.ts";
import { nodeActions } from "./actions/nodes.ts";
import { operatorActions } from "./actions/operators.ts";
import { overviewActions } from "./actions/overview.ts";
import { registryActions } from "./actions/registry.ts";
import { reportActions } from "./actions/reports.ts";

export const actions = {
  ...overviewActions,
  ...nodeActions,
  ...voucherActions,
  ...batchActions,
  ...approvalActions,
  ...operationActions,
  ...callbackActions,
  ...beneficiaryActions,
  ...registryActions,
  ...caseActions,
  ...oversightActions,
  ...reportActions,
  ...operatorActions,
} as const satisfies Readonly<Record<ActionName, Action>>;

export type Actions = typeof actions;
