/** French for what till and server answer: by their codes. */
import type { Answers } from "./forms.ts";

export const reason: Answers["reason"] = {
  "not-activated": "il n’était pas activé.",
  "already-activated": "il est déjà activé.",
  suspended: "il est suspendu.",
  "not-suspended": "il n’est pas suspendu.",
  blocked: "il est bloqué.",
  "being-paid": "il est en train d’être payé à quelqu’un.",
  "already-consumed": "il a déjà servi.",
  "already-cancelled": "il a été annulé.",
  expired: "il a expiré.",
  purged: "il a pris fin il y a longtemps.",
  "leased-to-another-node": "il est réservé à une autre caisse.",
  "unknown-voucher": "ce bon n’existe pas.",
  "wrong-number": "le numéro est faux.",
  "wrong-amount": "le montant est faux.",
  "wrong-merchant-group": "cette boutique ne peut pas accepter les bons de ce groupe.",
  "over-amount": "il vaut plus que ce qui peut être accepté sans connexion.",
  "over-sum": "il a été accepté plus que ce qui est permis sans connexion.",
  "over-count": "il a été accepté plus de bons qu’il n’est permis sans connexion.",
  "over-hours": "le dernier contact était trop ancien.",
  "policy-not-current": "la règle de la caisse n’était plus la bonne.",
  "policy-expired": "la règle avait pris fin.",
  "at-risk-not-allowed": "aucune règle ne le permettait.",
  "currency-not-allowed": "rien ne peut être accepté dans cette monnaie sans connexion.",
  "deny-list-too-old": "la liste des refus de la caisse était trop ancienne.",
  "contact-not-known": "le serveur ne connaît pas le dernier contact de la caisse.",
  "lease-closed": "sa réservation avait pris fin, et il a servi ailleurs.",
  "not-an-agent": "cette boutique ne peut pas payer de bons en espèces.",
  "cash-out-not-allowed": "la règle ne permet pas d’espèces pour ce bon.",
  "over-cash-fee": "la commission dépassait ce que la règle permet.",
  "never-leased": "il n’a jamais été réservé à cette caisse.",
  "too-late": "il est arrivé trop tard au serveur.",
  "node-frozen": "cette caisse est gelée.",
  "node-revoked": "cette caisse est retirée.",
  forked: "le serveur a d’autres opérations de cette caisse.",
  "earlier-operation-held": "une opération antérieure de cette caisse est retenue.",
  recovery: "le serveur est en cours de restauration.",
  "recovery-conflict": "le serveur restauré dit autre chose.",
  quarantined: "le serveur n’a pas pu le lire, et l’examine.",
};

export const refusal: Answers["refusal"] = {
  "already-redeemed-here": "Ce bon a déjà été encaissé à cette caisse le {{at}} par {{actor}}.",
  "verdict-awaited":
    "Ce bon a été envoyé au serveur le {{at}} par {{actor}}, et le serveur n’a pas encore décidé. Voyez l’historique.",
  "rejected-before": "Le serveur a déjà rejeté ce bon à cette caisse. Connectez-vous et réessayez.",
  "not-leased-here":
    "Ce bon n’est pas réservé à cette caisse : il ne peut pas être accepté sans connexion. Connectez-vous et réessayez.",
  "no-such-serial": "Aucun bon ne porte ce numéro de série. Vérifiez les chiffres.",
  "at-other-till": "Ce bon est réservé à {{till}} de cette boutique jusqu’au {{until}}. Envoyez-y le client.",
  "leased-elsewhere":
    "Ce bon est réservé à une autre boutique{{place}}, à qui on demande de le rendre. Envoyez-y le client, ou réessayez dans quelques minutes ; au plus tard le {{until}} il est libre.",
  "lease-given-back": "Cette caisse a rendu ce bon. Connectez-vous et réessayez.",
  "token-needed":
    "Ce bon n’est pas réservé à cette caisse : son numéro de série seul ne suffit pas. Scannez le code carré.",
  "lease-not-valid":
    "La réservation de ce bon n’a pas pu être vérifiée. Synchronisez et réessayez ; si cela se répète, appelez l’opérateur.",
  "lease-ended":
    "La réservation de ce bon a pris fin le {{until}}. Connectez-vous, synchronisez et réessayez.",
  "voucher-expired": "Ce bon a expiré le {{until}}. Il ne peut plus être accepté.",
  "wrong-number": "Le numéro sous la zone à gratter ne correspond pas à ce bon. Vérifiez les seize chiffres.",
  "clock-not-trusted":
    "Cette caisse a redémarré, ou son horloge a été changée, sans contact avec le serveur depuis. Connectez-vous et synchronisez.",
  "over-unanchored-hours":
    "L’horloge n’est pas confirmée et le dernier contact est trop ancien. Connectez-vous et synchronisez.",
  "over-unanchored-amount":
    "L’horloge n’est pas confirmée et il a été accepté tout ce que la règle permet alors. Connectez-vous et synchronisez.",
  "clock-off":
    "L’horloge de cet ordinateur est trop loin de celle du serveur. Réglez-la, connectez-vous et synchronisez.",
  "at-risk-not-allowed":
    "Aucune règle ne permet à cette caisse d’accepter des bons sans connexion. Connectez-vous et réessayez.",
  "policy-not-fetched":
    "Il y a une nouvelle règle que cette caisse n’a pas encore. Connectez-vous et synchronisez.",
  "policy-expired":
    "La règle pour accepter des bons sans connexion a pris fin. Connectez-vous et synchronisez.",
  "currency-not-allowed":
    "Rien ne peut être accepté dans cette monnaie sans connexion. Connectez-vous et réessayez.",
  "over-amount": "Ce bon vaut plus que ce qui peut être accepté sans connexion. Connectez-vous et réessayez.",
  "over-sum":
    "Avec ce bon, la caisse aurait accepté plus qu’il n’est permis depuis la dernière synchronisation. Connectez-vous et synchronisez.",
  "over-count":
    "Cette caisse a accepté autant de bons qu’il est permis depuis la dernière synchronisation. Connectez-vous et synchronisez.",
  "over-hours": "La dernière synchronisation est trop ancienne. Connectez-vous et synchronisez.",
  "deny-list-too-old": "La liste des bons à refuser est trop ancienne. Connectez-vous et synchronisez.",
  "voucher-denied": "Ce bon doit être refusé : il a servi, ou a été annulé, suspendu ou bloqué.",
  "wrong-merchant-group":
    "Cette boutique ne peut pas accepter les bons de ce groupe. Demandez au programme quelles boutiques le peuvent.",
  "node-stopped":
    "Cette caisse s’est arrêtée et n’accepte plus rien, pour qu’aucun bon ne soit pris deux fois ({{because}}). Synchronisez ce qui reste, et demandez un nouveau code d’inscription à l’opérateur.",
  "node-frozen": "L’opérateur a gelé cette caisse. Appelez l’opérateur.",
  "node-revoked": "L’opérateur a retiré cette caisse. Appelez l’opérateur.",
  "token-not-genuine":
    "Le code carré n’est pas celui d’un bon authentique, ou n’a pas été lu en entier. Scannez-le de nouveau.",
  "token-of-another-voucher": "Le code carré et le numéro de série appartiennent à des bons différents.",
  "given-back-before": "Cette caisse a déjà rendu ce bon.",
  "redeemed-here": "Ce bon a été encaissé à cette caisse : il ne peut pas être rendu.",
  "malformed-server-url": "L’adresse du serveur est illisible. Elle ressemble à https://payments.example.org",
  "server-without-tls":
    "L’adresse de ce serveur est sans TLS (https). Seul un serveur sur cette même machine peut s’en passer.",
  "already-enrolled": "Cette caisse est déjà inscrite.",
  "wrong-passphrase": "Ce n’est pas la phrase secrète de cette caisse.",
  "passphrase-too-short": "La phrase secrète est trop courte : au moins huit caractères.",
  "answer-not-trusted":
    "La réponse du serveur n’a pas pu être vérifiée et n’a pas été utilisée. Appelez l’opérateur avant de vous fier à cette connexion.",
  "supervisor-needed": "Seul un responsable peut faire cela.",
  "not-oneself": "Personne ne peut se retirer soi-même. Un autre responsable le peut.",
  "cash-paid-out":
    "Des espèces ont déjà été payées : le début ne peut plus être changé. Ajoutez ou retirez plutôt des espèces.",
  "currency-twice": "Chaque monnaie ne peut être nommée qu’une fois.",
  "not-an-amount": "Ce n’est pas un montant de cette monnaie.",
  "not-an-agent": "Cette boutique n’est pas un agent : elle ne peut pas payer de bons en espèces.",
  "cash-out-not-allowed": "La règle de l’opérateur ne permet pas de payer ce bon en espèces.",
  "over-cash-fee": "La commission dépasse ce que la règle permet.",
  "authenticate-first": "Le registre n’a pas répondu à l’instant pour ce bon. Interrogez-le de nouveau.",
  "passphrase-needed": "Cet ordinateur ne garde pas de clés : choisissez une phrase secrète.",
  "no-key-store": "Seule une phrase secrète ouvre cette caisse ; elle a été choisie à son inscription.",
  "key-store-failed":
    "Le coffre de clés de cet ordinateur ne fonctionne pas. Utilisez la phrase secrète, ou appelez qui s’occupe de l’ordinateur.",
  "no-such-cashier": "Il n’y a personne de ce nom.",
  "wrong-pin": "Ce n’est pas le bon code PIN.",
  wait: "Trop de codes PIN faux. Réessayez après {{until}}.",
  "name-taken": "Quelqu’un porte déjà ce nom.",
  "sign-in-first": "Connectez-vous avant d’ajouter quelqu’un.",
  unreachable: "Le serveur est injoignable. Tout est conservé et sera envoyé plus tard.",
  "allowance-spent": "Ce que la connexion peut coûter aujourd’hui est dépensé. Tout est conservé.",
  busy: "Le serveur demande d’attendre. Tout est conservé ; réessayez dans quelques minutes.",
  refused: "Le serveur a refusé : {{reason}}. Tout est conservé. Appelez l’opérateur.",
  "older-server":
    "Le serveur travaille sur une copie plus ancienne de ses données. Tout est conservé. Appelez l’opérateur.",
  "heads-never-match":
    "La caisse et le serveur ne s’accordent pas sur ce qui a été envoyé. Tout est conservé. Appelez l’opérateur.",
  "not-stored":
    "Cette caisse n’a pas pu écrire sur son disque. Faites de la place et synchronisez de nouveau.",
  stopped: "Cette caisse s’est arrêtée ({{because}}). Appelez l’opérateur.",
  "no-verdict": "Il n’y a pas encore de décision sur cette opération. Synchronisez et réessayez.",
  "no-such-operation": "Cette caisse n’a pas cette opération.",
  "nothing-to-export": "Rien n’attend d’être envoyé : aucun fichier n’a été écrit.",
  "not-an-answer": "Ce n’est pas une réponse du serveur.",
  "not-trusted":
    "Ce fichier n’a pas été signé par le serveur de cette caisse, ou a été modifié en chemin. Rien n’en a été utilisé.",
  "another-node": "Cette réponse est pour une autre caisse. Rien n’en a été utilisé.",
  "unknown-operation":
    "Cette réponse concerne des opérations que cette caisse n’a pas. Rien n’en a été utilisé. Appelez l’opérateur.",
  "another-operation":
    "Cette réponse concerne des opérations que cette caisse n’a pas. Rien n’en a été utilisé. Appelez l’opérateur.",
  "verdict-missing": "Cette réponse est incomplète. Rien n’en a été utilisé. Appelez l’opérateur.",
  "not-a-carried-queue": "Ce n’est pas le fichier entier qu’une caisse a enregistré. Rien n’a été envoyé.",
  "answer-not-readable":
    "La réponse du serveur est illisible. Réessayez ; si cela se répète, appelez l’opérateur.",
  "unknown-group": "Ce groupe n’existe pas.",
  "never-leased-at-risk": "Les bons de ce groupe ne sont jamais réservés : ils sont pris provisoirement.",
  "node-not-accepting": "Cette boutique ne peut pas accepter les bons de ce groupe.",
  "node-holds-too-many": "Cette caisse ne peut pas en garder plus ; l’opérateur peut en permettre davantage.",
  "none-left": "Il ne reste plus de bons de ce groupe à distribuer.",
  "disk-not-writable":
    "Cette caisse n’a pas pu écrire sur son disque. Rien n’a été accepté. Faites de la place et réessayez.",
  "database-damaged":
    "La base de données de cette caisse est endommagée. Rien n’a été accepté. Laissez son dossier tel quel et appelez l’opérateur.",
  "not-possible-now": "Ce n’est pas possible maintenant.",
  "no-answer":
    "La caisse n’a pas répondu : on ne sait pas si c’est fait. Appuyez à nouveau : ce ne sera pas fait deux fois.",
  "not-let-in":
    "La caisse ne connaît plus cette page. Relancez le programme et ouvrez l’adresse qu’il affiche.",
  "ask-registry-later":
    "Le registre n’a pas confirmé trop de fois. Reconnaissez la personne autrement, ou redemandez après {{until}}.",
  "too-many-questions":
    "Le registre n’a pas confirmé trop de fois. Reconnaissez la personne autrement, ou redemandez dans une heure.",
  "registry-away":
    "Le registre n’a pas répondu. Reconnaissez la personne aux données imprimées ou à la photo.",
  "registry-not-available":
    "Ce serveur n’interroge aucun registre. Reconnaissez la personne aux données imprimées ou à la photo.",
  "unknown-code":
    "Ce code n’existe pas, ou il a expiré. Vérifiez-le lettre par lettre, ou demandez-en un nouveau à votre opérateur.",
  "used-code": "Ce code a été utilisé par une autre machine. Demandez-en un nouveau à votre opérateur.",
  "expired-code": "Ce code a expiré. Demandez-en un nouveau à votre opérateur.",
  "not-possible": "Un recours est examiné une fois, après un refus. Synchronisez pour voir où il en est.",
  "no-such-dispute": "Le serveur ne connaît pas ce litige. Synchronisez et regardez à nouveau.",
  malformed: "Cela n’a pas pu être lu. Vérifiez votre saisie.",
  unexpected: "Une erreur inattendue s’est produite. Rien n’a été accepté. Appelez l’opérateur.",
  unknown: "La caisse a répondu : {{code}}.",
};
