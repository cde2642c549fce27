/** What people are told, in each offered language. A voucher number is never in it. */
import { currencyDecimals, formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import type { Language } from "./port.ts";

/** A voucher was redeemed; its money is the voucher's. */
export interface RedemptionFacts extends Money {
  readonly serial: bigint;
  /** What the merchant got less than that. */
  readonly feeMinor: bigint;
  readonly merchant: string;
  readonly transactionId: string;
}

/** A payment of a batch; its money is what this instruction is about. */
export interface ReceiptFacts extends Money {
  readonly transactionId: string;
  readonly payer: string;
  /** What it is for. */
  readonly narration: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface AlertFacts {
  readonly kind: string;
  readonly subject: string;
}

export type Facts =
  | ({ readonly kind: "voucher-redeemed" | "merchant-paid" } & { readonly redemption: RedemptionFacts })
  | { readonly kind: "payment-received"; readonly receipt: ReceiptFacts }
  | { readonly kind: "operator-alert"; readonly alert: AlertFacts };

export interface Text {
  readonly subject: string;
  readonly text: string;
}

export function textOf(facts: Facts, language: Language): Text {
  if (facts.kind === "operator-alert") return alertTexts[language](facts.alert);
  if (facts.kind === "payment-received") return receiptText(facts.receipt, language);
  const { redemption } = facts;
  const words = {
    amount: amountIn(language, redemption),
    paid: amountIn(language, { ...redemption, amountMinor: redemption.amountMinor - redemption.feeMinor }),
    serial: formatSerial(redemption.serial),
    merchant: redemption.merchant,
    transaction: redemption.transactionId,
  };
  return redemptionTexts[facts.kind][language](words);
}

interface Words {
  readonly amount: string;
  readonly paid: string;
  readonly serial: string;
  readonly merchant: string;
  readonly transaction: string;
}

type Texts = Readonly<Record<Language, (words: Words) => Text>>;

const voucherRedeemed: Texts = {
  en: ({ amount, serial, merchant, transaction }) => ({
    subject: "Your voucher was used",
    text: `Your voucher ${serial} of ${amount} was used at ${merchant}. Receipt ${transaction}. If this was not you, tell the programme.`,
  }),
  fr: ({ amount, serial, merchant, transaction }) => ({
    subject: "Votre bon a été utilisé",
    text: `Votre bon ${serial} de ${amount} a été utilisé chez ${merchant}. Reçu ${transaction}. Si ce n'était pas vous, prévenez le programme.`,
  }),
  es: ({ amount, serial, merchant, transaction }) => ({
    subject: "Su vale fue usado",
    text: `Su vale ${serial} de ${amount} fue usado en ${merchant}. Recibo ${transaction}. Si no fue usted, avise al programa.`,
  }),
  pt: ({ amount, serial, merchant, transaction }) => ({
    subject: "O seu vale foi usado",
    text: `O seu vale ${serial} de ${amount} foi usado em ${merchant}. Recibo ${transaction}. Se não foi você, avise o programa.`,
  }),
  sw: ({ amount, serial, merchant, transaction }) => ({
    subject: "Vocha yako imetumika",
    text: `Vocha yako ${serial} ya ${amount} imetumika kwa ${merchant}. Risiti ${transaction}. Kama si wewe, wajulishe wasimamizi wa mpango.`,
  }),
  ar: ({ amount, serial, merchant, transaction }) => ({
    subject: "تم استخدام قسيمتك",
    text: `تم استخدام قسيمتك ${serial} بقيمة ${amount} لدى ${merchant}. الإيصال ${transaction}. إن لم تكن أنت من استخدمها فأبلغ البرنامج.`,
  }),
};

const merchantPaid: Texts = {
  en: ({ amount, paid, serial, transaction }) => ({
    subject: "You were paid",
    text: `Voucher ${serial} of ${amount} was redeemed with you; you were paid ${paid}. Transaction ${transaction}.`,
  }),
  fr: ({ amount, paid, serial, transaction }) => ({
    subject: "Vous avez été payé",
    text: `Le bon ${serial} de ${amount} a été encaissé chez vous ; vous avez reçu ${paid}. Transaction ${transaction}.`,
  }),
  es: ({ amount, paid, serial, transaction }) => ({
    subject: "Se le ha pagado",
    text: `El vale ${serial} de ${amount} fue canjeado en su comercio; se le pagó ${paid}. Transacción ${transaction}.`,
  }),
  pt: ({ amount, paid, serial, transaction }) => ({
    subject: "Recebeu um pagamento",
    text: `O vale ${serial} de ${amount} foi resgatado consigo; recebeu ${paid}. Transação ${transaction}.`,
  }),
  sw: ({ amount, paid, serial, transaction }) => ({
    subject: "Umelipwa",
    text: `Vocha ${serial} ya ${amount} imetumika kwako; umelipwa ${paid}. Muamala ${transaction}.`,
  }),
  ar: ({ amount, paid, serial, transaction }) => ({
    subject: "تم الدفع لك",
    text: `تم صرف القسيمة ${serial} بقيمة ${amount} لديك، ودُفع لك ${paid}. المعاملة ${transaction}.`,
  }),
};

const redemptionTexts = { "voucher-redeemed": voucherRedeemed, "merchant-paid": merchantPaid };

function receiptText(receipt: ReceiptFacts, language: Language): Text {
  const { payer, narration, transactionId } = receipt;
  const day = receipt.at.slice(0, 10);
  return receiptTexts[language]({
    amount: amountIn(language, receipt),
    payer,
    reason: narration === "" ? "" : ` (${narration})`,
    transaction: transactionId,
    day,
  });
}

interface ReceiptWords {
  readonly amount: string;
  readonly payer: string;
  readonly reason: string;
  readonly transaction: string;
  readonly day: string;
}

const receiptTexts: Readonly<Record<Language, (words: ReceiptWords) => Text>> = {
  en: ({ amount, payer, reason, transaction, day }) => ({
    subject: "You were paid",
    text: `${payer} paid you ${amount}${reason} on ${day}. Receipt ${transaction}.`,
  }),
  fr: ({ amount, payer, reason, transaction, day }) => ({
    subject: "Vous avez reçu un paiement",
    text: `${payer} vous a versé ${amount}${reason} le ${day}. Reçu ${transaction}.`,
  }),
  es: ({ amount, payer, reason, transaction, day }) => ({
    subject: "Ha recibido un pago",
    text: `${payer} le pagó ${amount}${reason} el ${day}. Recibo ${transaction}.`,
  }),
  pt: ({ amount, payer, reason, transaction, day }) => ({
    subject: "Recebeu um pagamento",
    text: `${payer} pagou-lhe ${amount}${reason} em ${day}. Recibo ${transaction}.`,
  }),
  sw: ({ amount, payer, reason, transaction, day }) => ({
    subject: "Umelipwa",
    text: `${payer} amekulipa ${amount}${reason} tarehe ${day}. Risiti ${transaction}.`,
  }),
  ar: ({ amount, payer, reason, transaction, day }) => ({
    subject: "تم الدفع لك",
    text: `دفعت لك ${payer} مبلغ ${amount}${reason} بتاريخ ${day}. الإيصال ${transaction}.`,
  }),
};

const alertTexts: Readonly<Record<Language, (alert: AlertFacts) => Text>> = {
  en: ({ kind, subject }) => ({ subject: `Paypost alert: ${kind}`, text: `${kind} for ${subject}.` }),
  fr: ({ kind, subject }) => ({ subject: `Alerte Paypost : ${kind}`, text: `${kind} pour ${subject}.` }),
  es: ({ kind, subject }) => ({ subject: `Alerta de Paypost: ${kind}`, text: `${kind} para ${subject}.` }),
  pt: ({ kind, subject }) => ({ subject: `Alerta do Paypost: ${kind}`, text: `${kind} para ${subject}.` }),
  sw: ({ kind, subject }) => ({ subject: `Tahadhari ya Paypost: ${kind}`, text: `${kind} kwa ${subject}.` }),
  ar: ({ kind, subject }) => ({ subject: `تنبيه Paypost: ${kind}`, text: `${kind} بخصوص ${subject}.` }),
};

/** The amount as it is written where the language is spoken. Beyond what a double holds it is written plainly. */
function amountIn(language: Language, money: Money): string {
  const plain = formatMajor(money);
  const decimals = currencyDecimals(money.currency) ?? 2;
  const format = new Intl.NumberFormat(language, {
    style: "currency",
    currency: money.currency,
    currencyDisplay: "code",
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  // Intl takes decimal text as it is; the type does not say so yet.
  return format.format(plain as unknown as number);
}
