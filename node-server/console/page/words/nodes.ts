/** Words of the page of nodes. */
import { both } from "./both.ts";

export const nodes = both(
  {
    title: "Nodes",
    name: "Node",
    merchant: "Merchant",
    status: "Status",
    lastContact: "Last contact",
    operations: "Operations",
    held: "Held",
    leases: "Leases",
    leasesOf: "{{open, number}} of {{most, number}}",
    clock: "Clock ahead",
    id: "Id",
    enrolled: "Enrolled",
    freeze: "Freeze",
    revoke: "Revoke",
    freezeTitle: "Freeze {{name}}?",
    freezeText:
      "What it does from now on is kept and held for people. It is never let go on: the machine enrols anew.",
    revokeTitle: "Revoke {{name}}?",
    revokeText:
      "It is trusted no more. What it sends from now on is kept and held for people; its leases run to their end. This cannot be taken back.",
    done: "{{name}} is stopped after its operation {{sequence, number}}.",
    silent: "Silent",
    silentDay: "for a day",
    silentWeek: "for a week",
  },
  {
    title: "Nœuds",
    name: "Nœud",
    merchant: "Commerçant",
    status: "Statut",
    lastContact: "Dernier contact",
    operations: "Opérations",
    held: "Retenues",
    leases: "Réservations",
    leasesOf: "{{open, number}} sur {{most, number}}",
    clock: "Avance de l’horloge",
    id: "Identifiant",
    enrolled: "Inscrit",
    freeze: "Geler",
    revoke: "Révoquer",
    freezeTitle: "Geler {{name}} ?",
    freezeText:
      "Ce qu’il fait désormais est conservé et retenu pour examen. Il ne reprend jamais : la machine s’inscrit de nouveau.",
    revokeTitle: "Révoquer {{name}} ?",
    revokeText:
      "On ne lui fait plus confiance. Ce qu’il envoie désormais est conservé et retenu pour examen ; ses réservations courent jusqu’à leur terme. Cela ne s’annule pas.",
    done: "{{name}} est arrêté après son opération n° {{sequence, number}}.",
    silent: "Sans contact",
    silentDay: "depuis un jour",
    silentWeek: "depuis une semaine",
  },
);
