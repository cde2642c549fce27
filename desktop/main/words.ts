/** What the shell itself says: the tray, the menu, the question before quitting. The page has its own words. */
import { languages } from "../protocol.ts";
import type { Settings } from "../protocol.ts";

export interface ShellWords {
  readonly open: string;
  readonly syncNow: string;
  readonly startAtLogin: string;
  readonly quit: string;
  readonly edit: string;
  readonly online: string;
  readonly offline: string;
  readonly notTried: string;
  readonly notEnrolled: string;
  /** `{count}` and `{value}`. */
  readonly unsent: string;
  readonly nothingUnsent: string;
  readonly quitTitle: string;
  readonly quitDetail: string;
  readonly stay: string;
  readonly quitAnyway: string;
  readonly notOpened: string;
  readonly inUse: string;
  readonly ended: string;
}

type Language = (typeof languages)[number];

/** The page's language where one was chosen, else the system's, else English. */
export function languageFor(chosen: Settings["language"], systemLocale: string): Language {
  const system = systemLocale.toLowerCase().split(/[-_]/)[0];
  return chosen ?? languages.find((language) => language === system) ?? "en";
}

export const shellWords: { readonly [Name in Language]: ShellWords } = {
  en: {
    open: "Open Paypost",
    syncNow: "Sync now",
    startAtLogin: "Start when I log in",
    quit: "Quit Paypost",
    edit: "Edit",
    online: "Online",
    offline: "No connection",
    notTried: "No contact just now",
    notEnrolled: "This till is not enrolled",
    unsent: "Not sent yet: {count} ({value})",
    nothingUnsent: "Everything is sent",
    quitTitle: "Not everything is sent",
    quitDetail:
      "Nothing is lost: it is on this machine's disk, and is sent after the next start. Until then the server does not know of it.",
    stay: "Stay",
    quitAnyway: "Quit anyway",
    notOpened: "This till cannot be opened",
    inUse: "Another program is using it. Close that one first.",
    ended: "The till has ended. What was accepted is kept. Start Paypost again.",
  },
  fr: {
    open: "Ouvrir Paypost",
    syncNow: "Synchroniser maintenant",
    startAtLogin: "Démarrer à l'ouverture de session",
    quit: "Quitter Paypost",
    edit: "Édition",
    online: "En ligne",
    offline: "Pas de connexion",
    notTried: "Pas de contact pour le moment",
    notEnrolled: "Cette caisse n'est pas enregistrée",
    unsent: "Pas encore envoyé : {count} ({value})",
    nothingUnsent: "Tout est envoyé",
    quitTitle: "Tout n'est pas envoyé",
    quitDetail:
      "Rien n'est perdu : tout est sur le disque de cette machine et sera envoyé après le prochain démarrage. D'ici là, le serveur n'en sait rien.",
    stay: "Rester",
    quitAnyway: "Quitter quand même",
    notOpened: "Cette caisse ne peut pas être ouverte",
    inUse: "Un autre programme l'utilise. Fermez-le d'abord.",
    ended: "La caisse s'est arrêtée. Ce qui a été accepté est conservé. Redémarrez Paypost.",
  },
  es: {
    open: "Abrir Paypost",
    syncNow: "Sincronizar ahora",
    startAtLogin: "Iniciar al abrir la sesión",
    quit: "Salir de Paypost",
    edit: "Edición",
    online: "En línea",
    offline: "Sin conexión",
    notTried: "Sin contacto por ahora",
    notEnrolled: "Esta caja no está registrada",
    unsent: "Aún sin enviar: {count} ({value})",
    nothingUnsent: "Todo está enviado",
    quitTitle: "No todo está enviado",
    quitDetail:
      "No se pierde nada: está en el disco de esta máquina y se envía tras el próximo inicio. Hasta entonces el servidor no lo conoce.",
    stay: "Quedarse",
    quitAnyway: "Salir de todos modos",
    notOpened: "Esta caja no se puede abrir",
    inUse: "Otro programa la está usando. Ciérrelo primero.",
    ended: "La caja se ha detenido. Lo aceptado se conserva. Inicie Paypost de nuevo.",
  },
  pt: {
    open: "Abrir o Paypost",
    syncNow: "Sincronizar agora",
    startAtLogin: "Iniciar ao entrar na sessão",
    quit: "Sair do Paypost",
    edit: "Editar",
    online: "Ligado",
    offline: "Sem ligação",
    notTried: "Sem contacto de momento",
    notEnrolled: "Esta caixa não está registada",
    unsent: "Ainda por enviar: {count} ({value})",
    nothingUnsent: "Está tudo enviado",
    quitTitle: "Nem tudo está enviado",
    quitDetail:
      "Nada se perde: está no disco desta máquina e é enviado depois do próximo arranque. Até lá o servidor não sabe disso.",
    stay: "Ficar",
    quitAnyway: "Sair mesmo assim",
    notOpened: "Esta caixa não pode ser aberta",
    inUse: "Outro programa está a usá-la. Feche-o primeiro.",
    ended: "A caixa parou. O que foi aceite está guardado. Inicie o Paypost de novo.",
  },
  sw: {
    open: "Fungua Paypost",
    syncNow: "Sawazisha sasa",
    startAtLogin: "Anza ninapoingia kwenye kompyuta",
    quit: "Funga Paypost",
    edit: "Hariri",
    online: "Mtandaoni",
    offline: "Hakuna mtandao",
    notTried: "Hakuna mawasiliano kwa sasa",
    notEnrolled: "Mashine hii haijasajiliwa",
    unsent: "Bado hazijatumwa: {count} ({value})",
    nothingUnsent: "Zote zimetumwa",
    quitTitle: "Baadhi hazijatumwa",
    quitDetail:
      "Hakuna kinachopotea: zipo kwenye diski ya mashine hii, na zitatumwa ikianzishwa tena. Hadi hapo seva haizijui.",
    stay: "Baki",
    quitAnyway: "Funga tu",
    notOpened: "Mashine hii haiwezi kufunguliwa",
    inUse: "Programu nyingine inaitumia. Ifunge kwanza.",
    ended: "Mashine imesimama. Yaliyokubaliwa yamehifadhiwa. Anzisha Paypost tena.",
  },
  ar: {
    open: "فتح Paypost",
    syncNow: "المزامنة الآن",
    startAtLogin: "التشغيل عند تسجيل الدخول",
    quit: "إنهاء Paypost",
    edit: "تحرير",
    online: "متصل",
    offline: "لا يوجد اتصال",
    notTried: "لا اتصال في الوقت الحالي",
    notEnrolled: "هذا الصندوق غير مسجَّل",
    unsent: "لم يُرسل بعد: {count} ({value})",
    nothingUnsent: "أُرسل كل شيء",
    quitTitle: "لم يُرسل كل شيء",
    quitDetail:
      "لا يضيع شيء: كله على قرص هذا الجهاز، ويُرسل بعد التشغيل القادم. وحتى ذلك الحين لا يعلم به الخادم.",
    stay: "البقاء",
    quitAnyway: "الإنهاء رغم ذلك",
    notOpened: "لا يمكن فتح هذا الصندوق",
    inUse: "برنامج آخر يستخدمه. أغلقه أولاً.",
    ended: "توقف الصندوق. ما قُبل محفوظ. شغّل Paypost من جديد.",
  },
};
