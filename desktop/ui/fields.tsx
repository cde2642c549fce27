/** What is filled in: labelled, with its hint and what is wrong with it beside it. */
import { useId } from "react";
import type { ComponentProps } from "react";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

interface FieldProps extends ComponentProps<"input"> {
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong with the text; told by screen readers as it appears. */
  readonly wrong?: string | undefined;
  /** That it is complete and looks right. */
  readonly good?: string | undefined;
}

export function Field({ label, hint, wrong, good, ...input }: FieldProps) {
  const id = useId();
  const look = wrong === undefined ? (good === undefined ? "hint" : "hint good") : "hint wrong";
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        aria-describedby={`${id}-hint`}
        aria-invalid={wrong === undefined ? undefined : true}
        autoComplete="off"
        spellCheck={false}
        {...input}
      />
      <p id={`${id}-hint`} className={look} aria-live="polite">
        {wrong ?? good ?? hint ?? ""}
      </p>
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChoose: (value: Value) => void;
}

/** One of many, as a list. */
export function Choice<Value extends string>({ label, value, options, onChoose }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={({ target }) => {
          const chosen = options.find((option) => option.value === target.value);
          if (chosen) onChoose(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface SegmentsProps<Value extends string> extends Omit<ChoiceProps<Value>, "value"> {
  /** Undefined while nothing was chosen. */
  readonly value: Value | undefined;
}

/** One of a few, all in sight. */
export function Segments<Value extends string>({ label, value, options, onChoose }: SegmentsProps<Value>) {
  const name = useId();
  return (
    <fieldset>
      <legend>{label}</legend>
      <div className="segments">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              className="unseen"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface FileButtonProps {
  readonly label: string;
  readonly icon: IconName;
  readonly accept?: string;
  readonly disabled?: boolean;
  readonly onFile: (file: File) => void;
}

/** A button that asks for a file. */
export function FileButton({ label, icon, accept, disabled, onFile }: FileButtonProps) {
  return (
    <label className="button">
      <Icon name={icon} />
      {label}
      <input
        type="file"
        className="unseen"
        accept={accept}
        disabled={disabled}
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file) onFile(file);
          target.value = "";
        }}
      />
    </label>
  );
}
