/** Every action of the console, by the name that `operators/rights.ts` gives it; the compiler finds one that is missing. */
import type { ActionName } from "../operators/rights.ts";
import type { Action } from "./action.ts";
import { nodeActions } from "./actions/nodes.ts";
import { operatorActions } from "./actions/operators.ts";
import { overviewActions } from "./actions/overview.ts";
import { registryActions } from "./actions/registry.ts";

export const actions = {
  ...overviewActions,
  ...nodeActions,
  ...registryActions,
  ...operatorActions,
} as const satisfies Readonly<Record<ActionName, Action>>;

export type Actions = typeof actions;
