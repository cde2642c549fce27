/** Words of the pages of merchants, their groups and billers. */
import { both } from "./both.ts";

export const merchants = both(
  {
    title: "Merchants",
    id: "Number",
    name: "Name",
    status: "Status",
    area: "Area",
    phone: "Telephone",
    fsp: "Paid by",
    account: "Account",
    groups: "Groups",
    nodes: "Nodes",
  },
  {
    title: "Commerçants",
    id: "Numéro",
    name: "Nom",
    status: "Statut",
    area: "Zone",
    phone: "Téléphone",
    fsp: "Payé par",
    account: "Compte",
    groups: "Groupes",
    nodes: "Nœuds",
  },
);

export const matrix = both(
  {
    title: "Groups and matrix",
    group: "Merchant group",
    name: "Name",
    merchants: "Merchants",
    accepts: "Accepts vouchers of",
  },
  {
    title: "Groupes et matrice",
    group: "Groupe de commerçants",
    name: "Nom",
    merchants: "Commerçants",
    accepts: "Accepte les bons de",
  },
);

export const billers = both(
  {
    title: "Billers",
    id: "Number",
    name: "Name",
    prefix: "Bills begin with",
    inquiry: "Inquiries",
    timeZone: "Time zone",
    status: "Status",
    payerFis: "Paid through",
  },
  {
    title: "Facturiers",
    id: "Numéro",
    name: "Nom",
    prefix: "Les factures commencent par",
    inquiry: "Consultation",
    timeZone: "Fuseau horaire",
    status: "Statut",
    payerFis: "Payés via",
  },
);
