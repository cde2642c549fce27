/** What a test and the program under the simulated Electron say to each other. */

/** What the program did, in the order in which it did it. */
export interface Note {
  readonly what: string;
  readonly detail?: unknown;
}

export type Command =
  | { readonly type: "close-window" }
  | { readonly type: "quit" }
  | {
      readonly type: "ask";
      readonly from: "page" | "elsewhere";
      readonly name: string;
      readonly payload: string;
    }
  | { readonly type: "second-instance"; readonly data: unknown }
  | { readonly type: "page-dies" };

/** How the simulated system answers; in the environment as JSON. */
export interface Setting {
  readonly folder: string;
  /** False: another one of the program is running. */
  readonly isFirst: boolean;
  /** Whether the machine has a keyring; what it wraps is only encoded here. */
  readonly keyring: boolean;
  /** Which button is pressed when something is asked. */
  readonly answer: number;
}

export const settingVariable = "PAYPOST_SIMULATED_ELECTRON";
