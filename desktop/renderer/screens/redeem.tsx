/**
 * Redeeming: the voucher is read, checked, confirmed by its amount, and then there is a clear yes, no, or wait. Nothing
 * looks accepted before the till has said that it is on the disk.
 */
import { useState } from "react";
import type { CheckResult, RedeemOrder, RedeemResult } from "../../protocol.ts";
import { Confirm } from "../redeem/confirm.tsx";
import { emptyDraft, Entry } from "../redeem/entry.tsx";
import type { Draft } from "../redeem/entry.tsx";
import { Outcome } from "../redeem/outcome.tsx";
import { useWedge } from "../redeem/wedge.ts";

export type Checked = Extract<CheckResult, { readonly ok: true }>;
type Step =
  | { readonly name: "entry" }
  | { readonly name: "confirm"; readonly order: RedeemOrder; readonly checked: Checked }
  | { readonly name: "outcome"; readonly result: RedeemResult };

export function Redeem() {
  const [step, setStep] = useState<Step>({ name: "entry" });
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const begin = (next: Draft) => {
    setDraft(next);
    setStep({ name: "entry" });
  };
  // The next customer's voucher may be scanned while the last answer is still shown; never while one is confirmed.
  useWedge(
    step.name === "confirm" ? undefined : (token) => begin({ ...draft, voucher: "", token, number: "" }),
  );
  switch (step.name) {
    case "entry":
      return (
        <Entry
          draft={draft}
          onDraft={setDraft}
          onChecked={(order, checked) =>
            setStep(
              checked.ok
                ? { name: "confirm", order, checked }
                : { name: "outcome", result: { kind: "refused", refusal: checked } },
            )
          }
        />
      );
    case "confirm":
      return (
        <Confirm
          {...step}
          onBack={() => setStep({ name: "entry" })}
          onResult={(result) => setStep({ name: "outcome", result })}
        />
      );
    case "outcome":
      return (
        <Outcome
          result={step.result}
          onNext={() => begin({ ...emptyDraft, goods: draft.goods })}
          onAgain={() => setStep({ name: "entry" })}
        />
      );
  }
}
