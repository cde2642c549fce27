/** The structure of a kind of XML document: which elements, in which order, how often, and what their text looks like. */
import { FileMistakes, mostMistakes } from "./raw-item.ts";
import type { Mistake } from "./raw-item.ts";
import type { XmlElement } from "./xml.ts";

export type Rule =
  /** Elements in the order of the standard; each `[name, least, most, rule]`. */
  | { readonly sequence: readonly Child[] }
  /** Exactly one of them. */
  | { readonly choice: readonly Child[] }
  | { readonly text: RegExp; readonly what: string; readonly attribute?: string }
  /** Well-formed, and not looked into. */
  | "any";

export type Child = readonly [name: string, least: number, most: number, rule: Rule];

interface Frame {
  readonly name: string;
  readonly rule: Rule;
  /** Where in the sequence the last child stood, and how often it came. */
  index: number;
  count: number;
}

/** Follows a document through its elements and notes where it departs from the structure. */
export class StructureCheck {
  readonly mistakes: Mistake[] = [];
  readonly #frames: Frame[];

  constructor(root: Child) {
    this.#frames = [{ name: "", rule: { sequence: [root] }, index: 0, count: 0 }];
  }

  open({ name, line, attributes }: XmlElement): void {
    const parent = this.#frames.at(-1);
    const rule = parent ? this.#ruleOf(parent, name, line) : "any";
    if (typeof rule === "object" && "text" in rule && rule.attribute && !attributes.has(rule.attribute))
      this.note(line, name, `must have the attribute ${rule.attribute}`);
    this.#frames.push({ name, rule, index: 0, count: 0 });
  }

  close({ name, line }: XmlElement, text: string): void {
    const frame = this.#frames.pop();
    if (!frame || frame.rule === "any") return;
    if ("text" in frame.rule) {
      if (!frame.rule.text.test(text.trim())) this.note(line, name, `must be ${frame.rule.what}`);
      return;
    }
    if (text.trim() !== "") this.note(line, name, "must hold elements only");
    if ("choice" in frame.rule) {
      const names = frame.rule.choice.map(([child]) => `<${child}>`).join(" or ");
      if (frame.count === 0) this.note(line, name, `must hold ${names}`);
    } else this.#missing(frame, frame.rule.sequence, frame.rule.sequence.length, line);
  }

  note(line: number, field: string, reason: string): void {
    this.mistakes.push({ line, field, reason });
    if (this.mistakes.length > mostMistakes) throw new FileMistakes(this.mistakes);
  }

  #ruleOf(parent: Frame, name: string, line: number): Rule {
    if (parent.rule === "any") return "any";
    if ("text" in parent.rule) return this.#unexpected(parent, name, line);
    if ("choice" in parent.rule) {
      const chosen = parent.rule.choice.find(([child]) => child === name);
      parent.count += 1;
      return chosen && parent.count === 1 ? chosen[3] : this.#unexpected(parent, name, line);
    }
    const { sequence } = parent.rule;
    const index = sequence.findIndex(([child], at) => at >= parent.index && child === name);
    const child = sequence[index];
    if (!child) return this.#unexpected(parent, name, line);
    if (index > parent.index) {
      this.#missing(parent, sequence, index, line);
      parent.index = index;
      parent.count = 0;
    }
    parent.count += 1;
    if (parent.count > child[2]) this.note(line, name, `may be there ${child[2]} times at most`);
    return child[3];
  }

  /** Whether an element that must be there was passed by on the way to `until`. */
  #missing(frame: Frame, sequence: readonly Child[], until: number, line: number): void {
    for (let at = frame.index; at < until; at += 1) {
      const child = sequence[at];
      const count = at === frame.index ? frame.count : 0;
      if (child && count < child[1]) this.note(line, child[0], `is missing in <${frame.name || "document"}>`);
    }
  }

  #unexpected(parent: Frame, name: string, line: number): Rule {
    this.note(
      line,
      name,
      parent.name === "" ? "is not expected" : `is not expected here in <${parent.name}>`,
    );
    return "any";
  }
}
