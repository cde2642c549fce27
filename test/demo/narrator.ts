/** What a person sees of a long run: numbered steps with the time, and each claim with whether it held. */

const startedMs = performance.now();
let steps = 0;
let failed = 0;

export function step(title: string): void {
  steps++;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`\n${steps}. ${title}  (${seconds} s)`);
}

export function note(text: string): void {
  console.log(`   ${text}`);
}

export function check(claim: string, held: boolean): void {
  if (!held) failed++;
  console.log(`   ${held ? "✓" : "✗ DID NOT HOLD:"} ${claim}`);
}

/** How many claims did not hold. */
export function failures(): number {
  return failed;
}
