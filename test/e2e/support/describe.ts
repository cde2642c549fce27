/** Flows in a browser; where there is none they are skipped, and the name says why. */
import { afterAll, beforeAll, describe, inject } from "vitest";
import { Town } from "./town.ts";

/** Everything of one file happens in one town. */
export function flows(name: string, tests: (town: () => Town) => void): void {
  const browser = inject("browser");
  const because = browser.found ? "" : ` (skipped: ${browser.because})`;
  describe.skipIf(!browser.found)(`${name}${because}`, () => {
    let town: Town | undefined;
    beforeAll(async () => {
      town = await Town.open();
    });
    afterAll(() => town?.close());
    tests(() => {
      if (!town) throw new Error("the town is not open yet");
      return town;
    });
  });
}
