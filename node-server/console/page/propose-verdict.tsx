/** One person proposes a verdict and says why; somebody else decides it. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "#ui/fields.tsx";
import type { InputOf } from "./api.ts";
import { Confirm } from "./parts.tsx";
import { useTerm } from "./words.ts";

type Proposal = "dispute.propose" | "held.propose";
type VerdictOf<Name extends Proposal> = InputOf<Name>["verdict"];

interface ProposeVerdictProps<Name extends Proposal> {
  readonly action: Name;
  readonly title: string;
  readonly text: string;
  readonly about: { readonly nodeId: string; readonly hash: string };
  readonly verdicts: readonly VerdictOf<Name>[];
  /** Chosen until another one is. */
  readonly usual: VerdictOf<Name>;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function ProposeVerdict<Name extends Proposal>(props: ProposeVerdictProps<Name>) {
  const { action, title, text, about, verdicts, usual, onDone, onClose } = props;
  const { t } = useTranslation();
  const term = useTerm();
  const [verdict, setVerdict] = useState(usual);
  return (
    <Confirm
      action={action}
      title={title}
      text={text}
      label={t("operations.propose")}
      asksWhy
      input={(because) => ({ node: about.nodeId, hash: about.hash, verdict, because }) as InputOf<Name>}
      onDone={onDone}
      onClose={onClose}
    >
      <Segments
        label={t("operations.verdict")}
        value={verdict}
        options={verdicts.map((value) => ({ value, label: term(value) }))}
        onChoose={setVerdict}
      />
    </Confirm>
  );
}
