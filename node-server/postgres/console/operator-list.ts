/** Operators as the console lists them. */
import { operatorsQuery } from "../operator-admin.ts";
import type { OperatorSummary } from "../operator-admin.ts";
import { is } from "./page-of.ts";
import type { ListSource } from "./page-of.ts";

export const operatorList: ListSource<OperatorSummary> = {
  query: operatorsQuery,
  key: { column: "name", type: "text" },
  sorts: { name: { column: "name", type: "text" } },
  descending: false,
  filters: {
    search: (text) => `r.name ilike '%' || ${text} || '%'`,
    state: is("state"),
  },
};
