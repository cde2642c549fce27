/** Carrying by USB, explained step by step where each step is done; and handing in another till's file. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction, Wrong } from "./action.tsx";
import { FileButton } from "#ui/fields.tsx";
import { readBase64, saveBase64 } from "./files.ts";
import { Icon } from "#ui/icons.tsx";
import { ask } from "./till.ts";

export function Carry() {
  const { t } = useTranslation();
  const [said, setSaid] = useState<string>();
  const { isBusy, wrong, run } = useAction();
  const write = async () => {
    const file = await ask("export", {});
    if (file.ok) {
      saveBase64(file.name, file.file);
      const left = file.left === 0 ? "" : ` ${t("sync.exportedLeft", { count: file.left })}`;
      setSaid(`${t("sync.exported", { count: file.count })}${left}`);
    }
    return file;
  };
  const takeIn = async (file: File) => {
    const taken = await ask("import", { file: await readBase64(file) });
    if (taken.ok) {
      const { applied, rejected, held } = taken;
      setSaid(t("sync.imported", { applied, rejected, held }));
    }
    return taken;
  };
  const handIn = async (file: File) => {
    const answer = await ask("hand-in", { file: await readBase64(file) });
    if (answer.ok) {
      saveBase64(`${file.name}.answer`, answer.file);
      setSaid(t("sync.handedIn"));
    }
    return answer;
  };
  const start = (work: () => Promise<object>) => {
    setSaid(undefined);
    void run(work);
  };
  return (
    <section className="boxed">
      <h2>{t("sync.carry")}</h2>
      <p>{t("sync.carryIntro")}</p>
      <ol className="steps">
        <li>
          <p>{t("sync.step1")}</p>
          <button type="button" disabled={isBusy} onClick={() => start(write)}>
            <Icon name="save" />
            {t("sync.export")}
          </button>
        </li>
        <li>
          <p>{t("sync.step2")}</p>
        </li>
        <li>
          <p>{t("sync.step3")}</p>
          <FileButton
            icon="open"
            label={t("sync.import")}
            disabled={isBusy}
            onFile={(file) => start(() => takeIn(file))}
          />
        </li>
      </ol>
      <p role="status" className={said === undefined ? "quiet" : "banner good"}>
        {isBusy ? t("common.working") : said}
      </p>
      <Wrong text={wrong} />
      <h3>{t("sync.handInTitle")}</h3>
      <p>{t("sync.handInHint")}</p>
      <FileButton
        icon="open"
        label={t("sync.handIn")}
        disabled={isBusy}
        onFile={(file) => start(() => handIn(file))}
      />
    </section>
  );
}
