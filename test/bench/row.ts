import type { Sizes } from "./sizes.ts";

/** What a row of the benchmark is: a figure of ours beside the raw limit that was measured in the same run. */
export interface Figure {
  readonly what: string;
  readonly ours: number;
  readonly raw: number | null;
  readonly unit: string;
  /** As the goal is written: `≥ 0.6`, or `≤ 3` where less is better; null for what is only printed. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number } | null;
}

export interface BenchRow {
  readonly name: string;
  /** What it is compared with. */
  readonly comparedWith: string;
  run(sizes: Sizes): Promise<readonly Figure[]>;
}

export function ratioOf({ ours, raw }: Figure): number | null {
  return raw === null ? null : ours / raw;
}

/** Null where there is no goal. */
export function isMet(figure: Figure): boolean | null {
  const ratio = ratioOf(figure) ?? figure.ours;
  if (figure.goal === null) return null;
  return "atLeast" in figure.goal ? ratio >= figure.goal.atLeast : ratio <= figure.goal.atMost;
}

/** The value below which the given part of all lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
