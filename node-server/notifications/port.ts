/** The way people are told things: by a text message or a letter, through whatever provider the adapter speaks to. */

export const languages = ["en", "fr", "es", "pt", "sw", "ar"] as const;

export type Language = (typeof languages)[number];

export interface Contact {
  readonly channel: "sms" | "email";
  readonly address: string;
  readonly language: Language;
}

export interface Message {
  readonly to: Contact;
  /** For channels that have one. */
  readonly subject: string;
  readonly text: string;
  /** The same for every try, so that a provider can tell a repetition. */
  readonly idempotencyKey: string;
}

/** Resolves when the provider took the message, throws when it did not. */
export type SendMessage = (message: Message) => Promise<void>;
