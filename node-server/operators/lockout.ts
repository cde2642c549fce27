/** How long an account waits after tries that failed: nothing at first, then twice as long each time, at most an hour. */

const freeTries = 5;
const firstWaitSeconds = 30;
const longestWaitSeconds = 3600;

/** `failures`: how many in a row, the last one counted. */
export function waitSeconds(failures: number): number {
  if (failures < freeTries) return 0;
  return Math.min(firstWaitSeconds * 2 ** (failures - freeTries), longestWaitSeconds);
}
