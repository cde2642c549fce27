/** A payment as a file or request asks for it, before anything of it was checked: whatever the format, the same fields. */

export interface Party {
  readonly key: string;
  readonly value: string;
}

export interface RawItem {
  /** Of the file, or the number of the element, from 1. */
  readonly line: number;
  readonly requestId: string | undefined;
  readonly payee: readonly Party[];
  readonly payer: readonly Party[];
  readonly paymentMode: string | undefined;
  /** Major units, as they were written. */
  readonly amount: string | undefined;
  readonly currency: string | undefined;
  readonly description: string | undefined;
}

export interface Mistake {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

/** Mistakes that are told one by one; that there are more is told too. */
export const mostMistakes = 1_000;

/** Payments of one batch. */
export const mostItems = 100_000;

/** Thrown by readers of files; nothing of the file is stored. */
export class FileMistakes extends Error {
  readonly mistakes: readonly Mistake[];
  constructor(mistakes: readonly Mistake[]) {
    super("the file has mistakes");
    this.mistakes = mistakes;
  }
}
