/** Who may sign in. Adding and resetting them stays with the command line, where whoever does it has the server in hand. */
import { z } from "zod";
import { operatorList } from "../../postgres/console/operator-list.ts";
import { list } from "../action.ts";
import { moment, shownMoment } from "../shown.ts";

const shown = z.object({
  name: z.string(),
  roles: z.string(),
  party: z.string().nullable(),
  source: z.string(),
  state: z.string(),
  lastSignIn: moment.nullable(),
});

export const operatorActions = {
  operators: list(operatorList, shown, ({ lastSignInAt, roles, ...operator }) => ({
    ...operator,
    roles: roles.join(" "),
    lastSignIn: shownMoment(lastSignInAt),
  })),
};
