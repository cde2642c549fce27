/** Words of the page of operators. */
import { both } from "./both.ts";

export const operators = both(
  {
    title: "Operators",
    hint: "Operators are invited, reset and disabled by the command line: `npm run paypost -- operator add`.",
    name: "Name",
    roles: "Roles",
    party: "Of",
    source: "Account",
    state: "State",
    lastSignIn: "Last sign-in",
  },
  {
    title: "Opérateurs",
    hint: "Les opérateurs sont invités, réinitialisés et désactivés par la ligne de commande : `npm run paypost -- operator add`.",
    name: "Nom",
    roles: "Rôles",
    party: "De",
    source: "Compte",
    state: "État",
    lastSignIn: "Dernière connexion",
  },
);
