/** Words of one page in both languages: French has what English has, with its own forms of plurals (CLDR). */

type Formed<Words> = {
  readonly [
    Key in keyof Words as Key extends `${infer Base}_other`
      ? `${Base}_${"one" | "many" | "other"}`
      : Key extends `${string}_one`
        ? never
        : Key
  ]: Words[Key] extends string ? string : Formed<Words[Key]>;
};

export interface Both<Words> {
  readonly en: Words;
  readonly fr: Formed<Words>;
}

export function both<const Words extends object>(en: Words, fr: Formed<Words>): Both<Words> {
  return { en, fr };
}
