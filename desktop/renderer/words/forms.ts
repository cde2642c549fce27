/** The shape of a language's words: English's keys, with the forms of plurals that the language has (CLDR). */
import type { en } from "./en.ts";
import type { reason, refusal } from "./en-answers.ts";
import type { billReason, billRefusal, bills } from "./en-bills.ts";

/** `count_one` and `count_other` become one key for each form. */
type Formed<Words, Form extends string> = {
  readonly [
    Key in keyof Words as Key extends `${infer Base}_other`
      ? `${Base}_${Form}`
      : Key extends `${string}_one`
        ? never
        : Key
  ]: Words[Key] extends string ? string : Formed<Words[Key], Form>;
};

export type TwoForms = Formed<typeof en, "one" | "other">;
/** French, Spanish, Portuguese: millions have a form of their own. */
export type ThreeForms = Formed<typeof en, "one" | "many" | "other">;
export type SixForms = Formed<typeof en, "zero" | "one" | "two" | "few" | "many" | "other">;

/** What till and server answer, but for bills; no plurals there. */
export interface Answers {
  readonly reason: Readonly<Record<keyof typeof reason, string>>;
  readonly refusal: Readonly<Record<keyof typeof refusal, string>>;
}

/** The words for bills, which are files of their own. */
export interface BillWords<Form extends string> {
  readonly bills: Formed<typeof bills, Form>;
  readonly reason: Readonly<Record<keyof typeof billReason, string>>;
  readonly refusal: Readonly<Record<keyof typeof billRefusal, string>>;
}

/** The words for payees, which are files of their own; no plurals there either. */
export type PayeeWords = TwoForms["payees"];
