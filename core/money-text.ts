/** Money for people to read, in the page and in the shell's own words. */

/** From the decimal text itself, never through a binary fraction; the code is shown, since signs are ambiguous. */
export function formatMoney(locale: string, amount: string, currency: string): string {
  const decimals = amount.split(".")[1]?.length ?? 0;
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    currencyDisplay: "code",
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return format.format(amount as `${number}`);
}
