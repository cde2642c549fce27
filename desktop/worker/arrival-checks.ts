/** Looks at what arrived among many, beside whatever else goes on: one run at a time, until it is ended. */
export interface ArrivalChecks {
  /** Something may have arrived. */
  begin(): void;
  /** When it is over, nothing is read or written any more. */
  end(): Promise<void>;
}

export interface ArrivalChecksParts {
  /** Ends when there is nothing left, or soon after the signal. */
  readonly check: (signal: AbortSignal) => Promise<void>;
  /** What was looked at may show otherwise now. */
  readonly onChecked: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function createArrivalChecks({ check, onChecked, onFailure }: ArrivalChecksParts): ArrivalChecks {
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    try {
      while (again && !stop.signal.aborted) {
        again = false;
        await check(stop.signal);
      }
      onChecked();
    } catch (error) {
      onFailure(error);
    } finally {
      running = undefined;
    }
  };
  return {
    begin() {
      again = true;
      running ??= run();
    },
    async end() {
      stop.abort();
      await running;
    },
  };
}
