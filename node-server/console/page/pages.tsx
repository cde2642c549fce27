/** The pages of the console in the order of the rail: what each is called, and the action that one must be allowed to see it. */
import type { ComponentType } from "react";
import type { IconName } from "#ui/icons.tsx";
import type { ActionName } from "../../operators/rights.ts";
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
  nodes: { Page: Nodes, icon: "nodes", needs: "nodes" },
  merchants: { Page: Merchants, icon: "redeem", needs: "merchants" },
  matrix: { Page: Matrix, icon: "yes", needs: "matrix" },
  billers: { Page: Billers, icon: "bills", needs: "billers" },
  operators: { Page: Operators, icon: "people", needs: "operators" },
} as const satisfies Readonly<Record<string, ConsolePage>>;

export type PageName = keyof typeof pages;

export const pageNames = Object.keys(pages) as readonly PageName[];

/** What fits along the bottom of a phone; the others are behind "More". */
export const onPhone: ReadonlySet<PageName> = new Set<PageName>(["overview", "nodes"]);
