/**
 * Reading XML from strangers: well-formed XML 1.0 in UTF-8 and nothing else. A document type is refused, so there are no
 * entities but the five of the standard and nothing is ever fetched; depth, attributes and text are bounded.
 */
import { SaxesParser } from "saxes";
import { FileMistakes } from "./raw-item.ts";

export interface XmlElement {
  /** Its local name; the namespace has been checked. */
  readonly name: string;
  readonly line: number;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface XmlHandler {
  /** The root element's namespace, before any element is told. */
  namespace(uri: string, line: number): void;
  open(element: XmlElement): void;
  /** `text` is all text directly within the element. */
  close(element: XmlElement, text: string): void;
}

const mostDepth = 32;
const mostAttributes = 16;
const mostTextCharacters = 2_048;

/** Throws FileMistakes for what is not well-formed, not UTF-8, or beyond a bound, with its line. */
export function readXml(bytes: Uint8Array, handler: XmlHandler): void {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const stack: { readonly element: XmlElement; text: string }[] = [];
  let root: string | undefined;
  const refuse = (reason: string): never => {
    throw new FileMistakes([{ line: parser.line, field: "", reason }]);
  };
  parser.on("error", () => refuse("is not well-formed XML"));
  parser.on("doctype", () => refuse("has a document type, which is not allowed"));
  parser.on("processinginstruction", () => refuse("has a processing instruction, which is not allowed"));
  parser.on("xmldecl", ({ encoding, version }) => {
    if (version !== undefined && version !== "1.0") refuse("is of another version of XML than 1.0");
    if (encoding !== undefined && encoding.toUpperCase() !== "UTF-8")
      refuse("must be in UTF-8, and says that it is not");
  });
  parser.on("opentag", ({ local, uri, attributes }) => {
    if (root === undefined) handler.namespace((root = uri), parser.line);
    if (uri !== root) refuse(`<${local}> is of another namespace than the document`);
    if (stack.length >= mostDepth) refuse(`elements are nested more than ${mostDepth} deep`);
    const given = Object.values(attributes).filter(({ prefix, local: name }) => !isDeclaration(prefix, name));
    if (given.length > mostAttributes) refuse(`<${local}> has more than ${mostAttributes} attributes`);
    const element: XmlElement = {
      name: local,
      line: parser.line,
      attributes: new Map(given.map((attribute) => [attribute.name, attribute.value])),
    };
    stack.push({ element, text: "" });
    handler.open(element);
  });
  const addText = (text: string) => {
    const top = stack.at(-1);
    if (!top) return;
    top.text += text;
    if (top.text.length > mostTextCharacters) refuse(`<${top.element.name}> holds too much text`);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    const top = stack.pop();
    if (top) handler.close(top.element, top.text);
  });
  for (const piece of piecesOf(bytes)) parser.write(piece);
  parser.close();
}

function isDeclaration(prefix: string, name: string): boolean {
  return prefix === "xmlns" || name === "xmlns";
}

const pieceBytes = 64 * 1024;

function* piecesOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  try {
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      const isLast = start + pieceBytes >= bytes.length;
      const piece = decoder.decode(bytes.subarray(start, start + pieceBytes), { stream: !isLast });
      line += piece.split("\n").length - 1;
      yield piece;
    }
  } catch (error) {
    if (error instanceof TypeError) throw new FileMistakes([{ line, field: "", reason: "is not UTF-8" }]);
    throw error;
  }
}
