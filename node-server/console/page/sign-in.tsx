/** Who are you: a local account with a password and a code, or the organisation's own sign-in. */
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "#ui/fields.tsx";
import { Brand } from "#ui/parts.tsx";
import { send, urlOf } from "./api.ts";
import { usePlace } from "./place.ts";
import { Settings } from "./settings.tsx";
import { useRefusal } from "./words.ts";

interface Invited {
  readonly signedIn: false;
  readonly typedSecret: string;
  /** SVG. */
  readonly picture: string;
}

type Told = { readonly signedIn: true } | Invited;

interface SignInProps {
  /** Whether an organisation's sign-in can be used. */
  readonly provider: boolean;
  readonly onSignedIn: () => void;
}

export function SignIn({ provider, onSignedIn }: SignInProps) {
  const { t } = useTranslation();
  const refusalWords = useRefusal();
  const { page, rest } = usePlace();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [invited, setInvited] = useState<Invited>();
  // What the organisation's sign-in led back with.
  const [wrong, setWrong] = useState(page === "sign-in" && rest[0] ? refusalWords(rest[0]) : undefined);
  const [isBusy, setBusy] = useState(false);
  const title = useId();

  const submit = async (path: string, body: object) => {
    setBusy(true);
    setWrong(undefined);
    const told = await send<Told>(path, body);
    setBusy(false);
    setCode("");
    if (!told.ok) {
      const { seconds } = told.more;
      return setWrong(
        told.refusal === "locked" && typeof seconds === "number"
          ? t("signIn.locked", { seconds })
          : refusalWords(told.refusal),
      );
    }
    if (!told.answer.signedIn) return setInvited(told.answer);
    if (page === "sign-in") window.location.hash = "";
    onSignedIn();
  };

  return (
    <main className="narrow">
      <Brand name={t("common.name")} />
      <h1 id={title}>{invited ? t("signIn.welcome") : t("signIn.title")}</h1>
      {wrong !== undefined && (
        <p role="alert" className="banner bad">
          {wrong}
        </p>
      )}
      {invited ? (
        <Choose
          invited={invited}
          isBusy={isBusy}
          onChosen={(chosen, newCode) =>
            void submit("accept-invitation", { name, password, code: newCode, chosen })
          }
        />
      ) : (
        <>
          {provider && (
            <>
              <p>
                <a className="button wide" href={urlOf("provider")}>
                  {t("signIn.provider")}
                </a>
              </p>
              <p className="soft">{t("signIn.or")}</p>
            </>
          )}
          <form
            className="boxed"
            aria-labelledby={title}
            onSubmit={(event) => {
              event.preventDefault();
              void submit("sign-in", { name, password, code });
            }}
          >
            <Field
              label={t("signIn.name")}
              value={name}
              required
              autoComplete="username"
              onChange={({ target }) => setName(target.value)}
            />
            <Field
              label={t("signIn.password")}
              type="password"
              value={password}
              required
              autoComplete="current-password"
              onChange={({ target }) => setPassword(target.value)}
            />
            <Field
              label={t("signIn.code")}
              hint={t("signIn.codeHint")}
              value={code}
              inputMode="numeric"
              autoComplete="one-time-code"
              onChange={({ target }) => setCode(target.value)}
            />
            <button type="submit" className="primary wide" disabled={isBusy}>
              {isBusy ? t("common.working") : t("signIn.signIn")}
            </button>
          </form>
        </>
      )}
      <Settings />
    </main>
  );
}

interface ChooseProps {
  readonly invited: Invited;
  readonly isBusy: boolean;
  readonly onChosen: (password: string, code: string) => void;
}

/** The first sign-in: an authenticator app is told the secret, and a password chosen. */
function Choose({ invited, isBusy, onChosen }: ChooseProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState("");
  const [code, setCode] = useState("");
  return (
    <form
      className="boxed"
      onSubmit={(event) => {
        event.preventDefault();
        onChosen(chosen, code);
      }}
    >
      <p>{t("signIn.scan")}</p>
      <p>
        <img
          className="qr"
          alt={t("signIn.picture")}
          src={`data:image/svg+xml,${encodeURIComponent(invited.picture)}`}
        />
      </p>
      <p>
        {t("signIn.typed")} <span className="code">{invited.typedSecret}</span>
      </p>
      <Field
        label={t("signIn.chosen")}
        hint={t("signIn.chosenHint")}
        type="password"
        value={chosen}
        required
        autoComplete="new-password"
        onChange={({ target }) => setChosen(target.value)}
      />
      <Field
        label={t("signIn.newCode")}
        value={code}
        required
        inputMode="numeric"
        autoComplete="one-time-code"
        onChange={({ target }) => setCode(target.value)}
      />
      <button type="submit" className="primary wide" disabled={isBusy}>
        {isBusy ? t("common.working") : t("signIn.begin")}
      </button>
    </form>
  );
}
