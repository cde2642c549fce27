/** Requests generated from an OpenAPI 3.1 document, valid and hostile, and the check of answers against it. */
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import * as fc from "fast-check";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** What is wrong with an answer by the document, or undefined. */
export function createAnswerCheck(api: OpenApi) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(api, "openapi.json");
  return (method: string, path: string, status: number, body: unknown): string | undefined => {
    const described = api.paths[path]?.[method.toLowerCase()]?.responses[String(status)];
    if (!described) return `${method} ${path} does not describe the status ${status}`;
    const keys = [
      "paths",
      path,
      method.toLowerCase(),
      "responses",
      String(status),
      "content",
      "application/json",
    ];
    if (!described.content?.["application/json"]) return undefined;
    const pointer = [...keys, "schema"]
      .map((key) => key.replaceAll("~", "~0").replaceAll("/", "~1"))
      .join("/");
    const validate = ajv.getSchema(`openapi.json#/${encodeURI(pointer)}`);
    if (!validate) return `the schema of ${method} ${path} ${status} cannot be read`;
    return validate(body) ? undefined : ajv.errorsText(validate.errors);
  };
}

/** Values that a schema allows. */
export function valid(api: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref) return valid(api, resolve(api, schema.$ref));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((choice) => valid(api, choice)));
  switch (typeof schema.type === "string" ? schema.type : schema.type?.[0]) {
    case "object":
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, property]) => [name, valid(api, property)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      );
    case "array":
      return fc.array(valid(api, schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case "number":
      return fc.integer({ min: 1, max: 5000 }).map((cents) => cents / 100);
    case "integer":
      return fc.integer({ min: 1, max: 100 });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "string":
      return validString(schema);
    default:
      throw new Error(`no values for the schema ${JSON.stringify(schema)}`);
  }
}

function validString({ format, pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (format === "date-time") {
    const min = new Date("2026-01-01T00:00:00Z");
    return fc
      .date({ noInvalidDate: true, min, max: new Date("2040-01-01T00:00:00Z") })
      .map((date) => date.toISOString());
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  // Of graphemes that take several units none would fit an exact length.
  const unit = minLength === maxLength ? "grapheme-ascii" : "grapheme";
  return fc.string({ minLength, maxLength, unit }).filter((text) => isWithin(text, minLength, maxLength));
}

/** JSON Schema counts characters, a JavaScript string counts UTF-16 units: stay within both. */
function isWithin(text: string, minLength: number, maxLength: number): boolean {
  return text.length <= maxLength && Array.from(text).length >= minLength;
}

/** A valid value with one thing wrong: a field missing, of another type, or too long. */
export function invalid(api: OpenApi, name: string): fc.Arbitrary<unknown> {
  const schema = resolve(api, `#/components/schemas/${name}`);
  const required = schema.required ?? [];
  return fc
    .tuple(valid(api, schema), fc.constantFrom(...required), fc.constantFrom(...breakages))
    .map(([value, field, breakage]) => breakage(value as Record<string, unknown>, field));
}

const breakages: readonly ((value: Record<string, unknown>, field: string) => unknown)[] = [
  (value, field) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== field)),
  (value, field) => ({ ...value, [field]: null }),
  (value, field) => ({ ...value, [field]: { nested: [value[field]] } }),
  (value, field) => ({ ...value, [field]: "9".repeat(101) }),
  (value, field) => ({ ...value, [field]: [] }),
  (value) => ({ ...value, requestID: "a\0b" }),
  (value) => ({ ...value, requestID: "\ud800" }),
  (value) => [value],
  () => null,
  () => "text",
];

function resolve(api: OpenApi, ref: string): Schema {
  const found = api.components.schemas[ref.replace("#/components/schemas/", "")];
  if (!found) throw new Error(`the document holds no ${ref}`);
  return found;
}
