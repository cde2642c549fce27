/**
 * The server's settings, read once from environment variables. Every mistake is told at once, with what to do about
 * it; values of secret ones are never repeated. `docs/configuration.md` is checked against `config-variables.ts`.
 */
import { join, resolve } from "node:path";
import { z } from "zod";
import { variables, type VariableName } from "./config-variables.ts";
import type { ProviderSettings } from "./operators/provider.ts";
import { trustedNetworks } from "./middleware/peer.ts";
import type { Rates } from "./middleware/rates.ts";
import type { Rate } from "./token-bucket.ts";

export interface Config {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly dataFolder: string;
  readonly keysFolder: string;
  /** What the key files are encrypted under. */
  readonly keysSecret: string | undefined;
  /** Without one the server runs a PostgreSQL of its own under `dataFolder`. */
  readonly databaseUrl: string | undefined;
  /** Where the server's own PostgreSQL archives its write-ahead log, if it does. */
  readonly walArchive: string | undefined;
  /** Without one the server answers shapes itself. */
  readonly electric: { readonly url: string; readonly secret: string } | undefined;
  readonly callers: {
    /** Where the keys are that callers' tokens are signed with; without them no caller is let in. */
    readonly jwks: { readonly url: URL } | { readonly file: string } | undefined;
    readonly issuer: string | undefined;
    readonly audience: string;
  };
  /** Addresses and networks whose word about who asks is believed. */
  readonly trustedProxies: readonly string[];
  readonly xRoadServers: readonly string[];
  readonly rates: Rates;
  /** How many requests may wait for a connection to the database. */
  readonly mostWaiting: number;
  readonly leaseGraceHours: number;
  readonly allowPrivateCallbacks: boolean;
  readonly publicUrl: string | undefined;
  readonly credentialsFile: string | undefined;
  /** Without one, notifications are written into the log. */
  readonly notify: { readonly url: string; readonly secret: string | undefined } | undefined;
  readonly alertTo: string | undefined;
  /** Without one, nodes cannot have a beneficiary authenticated. */
  readonly registry: { readonly url: string; readonly secret: string | undefined } | undefined;
  /** Without one, operators sign in to the console with local accounts only. */
  readonly provider: ProviderSettings | undefined;
  readonly metricsToken: string | undefined;
  readonly otlpUrl: string | undefined;
  readonly stopDelaySeconds: number;
  readonly logLevel: z.infer<typeof logLevel>;
}

export interface ConfigMistake {
  readonly variable: string;
  readonly message: string;
}

export type ReadConfig =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly mistakes: readonly ConfigMistake[] };

/** Reads settings; `environment` is usually `process.env`. An empty variable counts as unset. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ReadConfig {
  const given = givenValues(environment);
  const parsed = schema.safeParse(given);
  const mistakes = [
    ...unknownNames(environment),
    ...(parsed.error?.issues ?? []).map((issue) => wrongValue(String(issue.path[0]), given, issue.message)),
    ...contradictions(given),
  ];
  if (!parsed.success || mistakes.length > 0) return { ok: false, mistakes };
  return { ok: true, config: toConfig(parsed.data), warnings: warningsOf(parsed.data) };
}

// Each message says what the value must be: it ends the sentence "PORT is …, but must be".
const must = (what: string) => ({ error: what });

const logLevel = z.enum(
  ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
  must("one of trace, debug, info, warn, error, fatal, silent"),
);
const mostGraceHours = 24 * 90;

const networks = z
  .string()
  .refine(
    (text) => trustedNetworks(listOf(text)) !== undefined,
    must("addresses or networks, such as 10.0.0.5,10.1.0.0/16"),
  )
  .transform(listOf);

const rate = z
  .string()
  .refine(
    (text) =>
      text === "off" || (/^[0-9]+(\.[0-9]+)?\/[1-9][0-9]*$/.test(text) && Number.parseFloat(text) > 0),
    must("requests a second and requests at once, such as 20/200, or off"),
  )
  .transform(toRate);

const schema = z.object({
  HOST: z.string().regex(/^[A-Za-z0-9.:_-]+$/, must("an address or a host name, such as 127.0.0.1")),
  PORT: z
    .string()
    .refine((text) => /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535, must("a whole number up to 65535"))
    .transform(Number),
  PAYPOST_DATA: z.string().transform((path) => resolve(path)),
  DATABASE_URL: z
    .string()
    .refine(
      (text) => hasProtocol(text, ["postgres:", "postgresql:"]),
      must("a URL such as postgres://user:password@host:5432/paypost"),
    )
    .optional(),
  PAYPOST_WAL_ARCHIVE: z
    .string()
    .regex(/^[^"'`$%\\]+$/, must("a folder without quotes, dollar, percent and backslash in its name"))
    .transform((path) => resolve(path))
    .optional(),
  ELECTRIC_URL: z
    .string()
    .refine((text) => hasProtocol(text, ["http:", "https:"]), must("a URL such as http://127.0.0.1:3001"))
    .optional(),
  ELECTRIC_SECRET: z.string().optional(),
  PAYPOST_KEYS: z.string().optional(),
  PAYPOST_KEYS_SECRET: z.string().min(32, must("32 characters or more")).optional(),
  PAYPOST_JWKS: z
    .string()
    .refine(isTrustworthy, must("an https URL (http for loopback only) or the path of a file"))
    .optional(),
  PAYPOST_ISSUER: z.string().optional(),
  PAYPOST_AUDIENCE: z.string(),
  PAYPOST_TRUSTED_PROXY: networks.optional(),
  PAYPOST_X_ROAD_SERVERS: networks.optional(),
  PAYPOST_RATE_CALLER: rate,
  PAYPOST_RATE_NODE: rate,
  PAYPOST_RATE_ADDRESS: rate,
  PAYPOST_RATE_ENROLMENT: rate,
  PAYPOST_MOST_WAITING: z
    .string()
    .refine((text) => /^[1-9][0-9]{0,4}$/.test(text), must("a whole number from 1 to 99999"))
    .transform(Number),
  PAYPOST_LEASE_GRACE_HOURS: z
    .string()
    .refine(
      (text) => /^[0-9]+(\.[0-9]+)?$/.test(text) && Number(text) <= mostGraceHours,
      must(`a number of hours from 0 to ${mostGraceHours}`),
    )
    .transform(Number),
  PAYPOST_ALLOW_PRIVATE_CALLBACKS: z
    .enum(["true", "false"], must("true or false"))
    .transform((text) => text === "true"),
  PAYPOST_PUBLIC_URL: z
    .string()
    .refine((text) => hasProtocol(text, ["http:", "https:"]), must("a URL such as https://payments.example"))
    .optional(),
  PAYPOST_CREDENTIALS: z.string().optional(),
  PAYPOST_NOTIFY_URL: z
    .string()
    .refine((text) => hasProtocol(text, ["http:", "https:"]), must("a URL such as https://sms.example/send"))
    .optional(),
  PAYPOST_NOTIFY_SECRET: z.string().optional(),
  PAYPOST_ALERT_TO: z.email(must("an e-mail address")).optional(),
  PAYPOST_REGISTRY_URL: z
    .string()
    .refine(
      (text) => text.includes("://") && isTrustworthy(text),
      must("an https URL (http for loopback only): people's data goes there"),
    )
    .optional(),
  PAYPOST_REGISTRY_SECRET: z.string().optional(),
  PAYPOST_OIDC_ISSUER: z
    .string()
    .refine(
      (text) => text.includes("://") && isTrustworthy(text),
      must("an https URL (http for loopback only)"),
    )
    .optional(),
  PAYPOST_OIDC_CLIENT_ID: z.string().optional(),
  PAYPOST_OIDC_CLIENT_SECRET: z.string().optional(),
  PAYPOST_OIDC_ROLES_CLAIM: z.string(),
  PAYPOST_METRICS_TOKEN: z.string().min(16, must("16 characters or more")).optional(),
  PAYPOST_OTLP_URL: z
    .string()
    .refine((text) => hasProtocol(text, ["http:", "https:"]), must("a URL such as http://127.0.0.1:4318"))
    .optional(),
  PAYPOST_STOP_DELAY_SECONDS: z
    .string()
    .refine((text) => /^[0-9]{1,3}$/.test(text), must("a whole number of seconds up to 999"))
    .transform(Number),
  LOG_LEVEL: logLevel,
} satisfies Record<VariableName, z.ZodType>);

type Values = z.infer<typeof schema>;
type Given = Readonly<Partial<Record<VariableName, string>>>;

function toConfig(values: Values): Config {
  const { ELECTRIC_URL, ELECTRIC_SECRET, PAYPOST_JWKS } = values;
  return {
    host: values.HOST,
    port: values.PORT,
    dataFolder: values.PAYPOST_DATA,
    keysFolder: values.PAYPOST_KEYS ? resolve(values.PAYPOST_KEYS) : join(values.PAYPOST_DATA, "keys"),
    keysSecret: values.PAYPOST_KEYS_SECRET,
    databaseUrl: values.DATABASE_URL,
    walArchive: values.PAYPOST_WAL_ARCHIVE,
    electric: ELECTRIC_URL && ELECTRIC_SECRET ? { url: ELECTRIC_URL, secret: ELECTRIC_SECRET } : undefined,
    callers: {
      jwks: PAYPOST_JWKS ? toJwks(PAYPOST_JWKS) : undefined,
      issuer: values.PAYPOST_ISSUER,
      audience: values.PAYPOST_AUDIENCE,
    },
    trustedProxies: values.PAYPOST_TRUSTED_PROXY ?? [],
    xRoadServers: values.PAYPOST_X_ROAD_SERVERS ?? [],
    rates: {
      caller: values.PAYPOST_RATE_CALLER,
      node: values.PAYPOST_RATE_NODE,
      address: values.PAYPOST_RATE_ADDRESS,
      enrolment: values.PAYPOST_RATE_ENROLMENT,
    },
    mostWaiting: values.PAYPOST_MOST_WAITING,
    leaseGraceHours: values.PAYPOST_LEASE_GRACE_HOURS,
    allowPrivateCallbacks: values.PAYPOST_ALLOW_PRIVATE_CALLBACKS,
    publicUrl: values.PAYPOST_PUBLIC_URL,
    credentialsFile: values.PAYPOST_CREDENTIALS && resolve(values.PAYPOST_CREDENTIALS),
    notify: values.PAYPOST_NOTIFY_URL
      ? { url: values.PAYPOST_NOTIFY_URL, secret: values.PAYPOST_NOTIFY_SECRET }
      : undefined,
    alertTo: values.PAYPOST_ALERT_TO,
    registry: values.PAYPOST_REGISTRY_URL
      ? { url: values.PAYPOST_REGISTRY_URL, secret: values.PAYPOST_REGISTRY_SECRET }
      : undefined,
    provider:
      values.PAYPOST_OIDC_ISSUER && values.PAYPOST_OIDC_CLIENT_ID
        ? {
            issuer: new URL(values.PAYPOST_OIDC_ISSUER),
            clientId: values.PAYPOST_OIDC_CLIENT_ID,
            clientSecret: values.PAYPOST_OIDC_CLIENT_SECRET,
            rolesClaim: values.PAYPOST_OIDC_ROLES_CLAIM,
          }
        : undefined,
    metricsToken: values.PAYPOST_METRICS_TOKEN,
    otlpUrl: values.PAYPOST_OTLP_URL,
    stopDelaySeconds: values.PAYPOST_STOP_DELAY_SECONDS,
    logLevel: values.LOG_LEVEL,
  };
}

function givenValues(environment: Readonly<Record<string, string | undefined>>): Given {
  const values: Partial<Record<VariableName, string>> = {};
  for (const variable of variables) {
    const value = environment[variable.name] || variable.default;
    if (value) values[variable.name] = value;
  }
  return values;
}

/** A misspelt variable would otherwise leave its default in force without a word. */
function unknownNames(environment: Readonly<Record<string, string | undefined>>): ConfigMistake[] {
  const known = variables.map((variable): string => variable.name);
  const ours = known.filter((name) => name.startsWith("PAYPOST_")).join(", ");
  return Object.keys(environment)
    .filter((name) => name.startsWith("PAYPOST_") && !known.includes(name) && !ofOtherPrograms.includes(name))
    .map((variable) => ({
      variable,
      message: `${variable} is no setting of this server. Correct its name or remove it; there are ${ours}.`,
    }));
}

/** What the node and the operators' command line read; a shell that runs all of them may have them set. */
const ofOtherPrograms: readonly string[] = [
  "PAYPOST_PASSPHRASE",
  "PAYPOST_BOX_SECRET",
  "PAYPOST_TOKEN",
  "PAYPOST_APPROVAL_KEY",
];

const secrets: readonly string[] = [
  "PAYPOST_KEYS_SECRET",
  "DATABASE_URL",
  "ELECTRIC_SECRET",
  "PAYPOST_NOTIFY_SECRET",
  "PAYPOST_REGISTRY_SECRET",
  "PAYPOST_METRICS_TOKEN",
  "PAYPOST_OIDC_CLIENT_SECRET",
] satisfies VariableName[];

function wrongValue(
  variable: string,
  given: Readonly<Record<string, string>>,
  expected: string,
): ConfigMistake {
  const value = secrets.includes(variable) ? "not usable" : JSON.stringify(given[variable]);
  const fallback = variables.find(({ name }) => name === variable)?.default;
  const otherwise = fallback ? `the default ${fallback}` : "leaving it unset";
  return {
    variable,
    message: `${variable} is ${value}, but must be ${expected}. Correct it, or remove it for ${otherwise}.`,
  };
}

function contradictions(given: Given): ConfigMistake[] {
  const needs = (variable: VariableName, other: VariableName): ConfigMistake[] => {
    if (given[variable] === undefined || given[other] !== undefined) return [];
    const message = `${variable} is set, but does nothing without ${other}. Set ${other} too, or remove ${variable}.`;
    return [{ variable, message }];
  };
  const excludes = (variable: VariableName, other: VariableName): ConfigMistake[] => {
    if (given[variable] === undefined || given[other] === undefined) return [];
    const message = `${variable} is set, but does nothing with ${other}, whose PostgreSQL has an archive of its own. Remove one of them.`;
    return [{ variable, message }];
  };
  return [
    ...needs("ELECTRIC_URL", "ELECTRIC_SECRET"),
    // Electric follows the very database of the server, and the server's own has no logical replication.
    ...needs("ELECTRIC_URL", "DATABASE_URL"),
    ...needs("ELECTRIC_SECRET", "ELECTRIC_URL"),
    ...excludes("PAYPOST_WAL_ARCHIVE", "DATABASE_URL"),
    ...needs("PAYPOST_ISSUER", "PAYPOST_JWKS"),
    ...needs("PAYPOST_NOTIFY_SECRET", "PAYPOST_NOTIFY_URL"),
    ...needs("PAYPOST_REGISTRY_SECRET", "PAYPOST_REGISTRY_URL"),
    ...needs("PAYPOST_OIDC_ISSUER", "PAYPOST_OIDC_CLIENT_ID"),
    ...needs("PAYPOST_OIDC_CLIENT_ID", "PAYPOST_OIDC_ISSUER"),
    ...needs("PAYPOST_OIDC_CLIENT_SECRET", "PAYPOST_OIDC_ISSUER"),
  ];
}

/** Electric refuses a database URL without a password. */
function warningsOf({ ELECTRIC_URL, DATABASE_URL }: Values): string[] {
  if (!ELECTRIC_URL || !DATABASE_URL || new URL(DATABASE_URL).password !== "") return [];
  return [
    "DATABASE_URL holds no password. The server can do without, but Electric needs one in its own DATABASE_URL.",
  ];
}

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  return protocols.includes(URL.parse(text)?.protocol ?? "");
}

/** Whether a server that listens there is reached from its own machine only. */
export function isLoopback(host: string): boolean {
  return ["127.0.0.1", "::1", "localhost"].includes(host);
}

function isTrustworthy(text: string): boolean {
  if (!text.includes("://")) return true;
  const url = URL.parse(text);
  const isOwnMachine = isLoopback((url?.hostname ?? "").replace(/^\[|\]$/g, ""));
  return url?.protocol === "https:" || (url?.protocol === "http:" && isOwnMachine);
}

function toJwks(text: string): { readonly url: URL } | { readonly file: string } {
  return text.includes("://") ? { url: new URL(text) } : { file: resolve(text) };
}

function listOf(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

function toRate(text: string): Rate | undefined {
  const [perSecond, burst] = text.split("/").map(Number);
  return perSecond === undefined || burst === undefined ? undefined : { perSecond, burst };
}
