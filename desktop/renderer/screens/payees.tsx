/** Payees of the programmes that this till serves: looked up, registered and updated, with or without a connection. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PayeeName } from "../../protocol.ts";
import { Segments } from "#ui/fields.tsx";
import { useFormats } from "#ui/format.ts";
import { Answers } from "../payees/answers.tsx";
import { Change } from "../payees/change.tsx";
import { LookUp } from "../payees/look-up.tsx";
import { useAnswer } from "../till.ts";

const parts = ["find", "register", "update", "done"] as const;
type Part = (typeof parts)[number];

export function Payees() {
  const { t } = useTranslation();
  const { moment } = useFormats();
  const { result: desk } = useAnswer("payee-desk", {});
  const [part, setPart] = useState<Part>("find");
  const [typed, setTyped] = useState<Partial<PayeeName>>({});
  if (!desk) return <p role="status">{t("common.working")}</p>;
  const { programmes, asOfMs } = desk;
  // Where there is but one programme nobody has to type it.
  const only = programmes.length === 1 ? programmes[0]?.programme : undefined;
  const name = { programme: typed.programme ?? only ?? "", identity: typed.identity ?? "" };
  const shared = { name, programmes, onName: setTyped };
  return (
    <>
      <h1>{t("payees.title")}</h1>
      <p className="soft">
        {asOfMs === null ? t("payees.never") : t("payees.asOf", { when: moment(asOfMs) })}
      </p>
      <Segments
        label={t("payees.what")}
        value={part}
        options={parts.map((value) => ({ value, label: t(`payees.${value}`) }))}
        onChoose={setPart}
      />
      {part === "find" && <LookUp {...shared} />}
      {part === "register" && <Change key={part} what="register" {...shared} />}
      {part === "update" && <Change key={part} what="update" {...shared} />}
      {part === "done" && <Answers />}
    </>
  );
}
