/** The environment variables that the server reads; the table in `docs/configuration.md` must say the same. */

/** What can be set, in the order of the manual; an empty default means that it may stay unset. */
export const variables = [
  { name: "HOST", default: "127.0.0.1", meaning: "Address that the server listens on." },
  { name: "PORT", default: "3000", meaning: "TCP port that the server listens on; 0 takes any free one." },
  { name: "PAYPOST_DATA", default: "./data", meaning: "Folder of everything that the server keeps on disk." },
  {
    name: "DATABASE_URL",
    default: "",
    meaning: "PostgreSQL to use. Without it the server runs one of its own under `PAYPOST_DATA`.",
  },
  {
    name: "PAYPOST_WAL_ARCHIVE",
    default: "",
    meaning:
      "Folder, on another disk, that the server's own PostgreSQL archives its write-ahead log in, for restores to any moment.",
  },
  {
    name: "ELECTRIC_URL",
    default: "",
    meaning: "Electric service that answers shapes. Without it the server answers them itself.",
  },
  { name: "ELECTRIC_SECRET", default: "", meaning: "The secret of that Electric service; secret." },
  {
    name: "PAYPOST_KEYS",
    default: "",
    meaning: "Folder of the server's keys, made at the first start; `keys` under `PAYPOST_DATA` if unset.",
  },
  {
    name: "PAYPOST_KEYS_SECRET",
    default: "",
    meaning: "What the key files are encrypted under, 32 characters or more; in the clear if unset. Secret.",
  },
  {
    name: "PAYPOST_JWKS",
    default: "",
    meaning: "Key set (JWKS) of whoever issues the callers' tokens: an https URL, or a file.",
  },
  { name: "PAYPOST_ISSUER", default: "", meaning: "Issuer (`iss`) that callers' tokens must name, if set." },
  {
    name: "PAYPOST_AUDIENCE",
    default: "paypost",
    meaning: "Audience (`aud`) that callers' tokens must name.",
  },
  {
    name: "PAYPOST_TRUSTED_PROXY",
    default: "",
    meaning:
      "Addresses and networks (CIDR), with commas between, of the proxies whose `X-Forwarded-For` is believed.",
  },
  {
    name: "PAYPOST_X_ROAD_SERVERS",
    default: "",
    meaning: "Addresses and networks of the X-Road security servers whose `X-Road-Client` is believed.",
  },
  {
    name: "PAYPOST_RATE_CALLER",
    default: "200/2000",
    meaning: "Requests of one institution: so many a second, after so many at once; or `off`.",
  },
  {
    name: "PAYPOST_RATE_NODE",
    default: "50/500",
    meaning: "Requests of one node, in the same form.",
  },
  {
    name: "PAYPOST_RATE_ADDRESS",
    default: "20/200",
    meaning: "Requests without a valid token from one address, in the same form.",
  },
  {
    name: "PAYPOST_RATE_ENROLMENT",
    default: "0.1/10",
    meaning: "Wrong enrolment codes from one address, in the same form.",
  },
  {
    name: "PAYPOST_MOST_WAITING",
    default: "100",
    meaning: "Requests that may wait for a connection to the database; while as many do, others get 503.",
  },
  {
    name: "PAYPOST_LEASE_GRACE_HOURS",
    default: "24",
    meaning: "Hours after its end in which a lease still waits for what its node did offline.",
  },
  {
    name: "PAYPOST_ALLOW_PRIVATE_CALLBACKS",
    default: "false",
    meaning: "Whether callbacks may go to private and loopback addresses; for trials only.",
  },
  {
    name: "PAYPOST_PUBLIC_URL",
    default: "",
    meaning: "Where banks and payment providers reach this server, to answer what it asks them.",
  },
  {
    name: "PAYPOST_CREDENTIALS",
    default: "",
    meaning: "JSON file of what authenticates us at the institutions that payees are paid through.",
  },
  {
    name: "PAYPOST_NOTIFY_URL",
    default: "",
    meaning: "Where notifications go: a POST for each message. Without it they are written into the log.",
  },
  {
    name: "PAYPOST_NOTIFY_SECRET",
    default: "",
    meaning: "Bearer token that `PAYPOST_NOTIFY_URL` asks for; secret.",
  },
  {
    name: "PAYPOST_ALERT_TO",
    default: "",
    meaning: "E-mail address of the operator who is told of alerts; nobody if unset.",
  },
  {
    name: "PAYPOST_REGISTRY_URL",
    default: "",
    meaning:
      "Registry that says whether somebody is whom a voucher is for: a POST for each question. Without it no node can ask.",
  },
  {
    name: "PAYPOST_REGISTRY_SECRET",
    default: "",
    meaning: "Bearer token that `PAYPOST_REGISTRY_URL` asks for; secret.",
  },
  {
    name: "PAYPOST_OIDC_ISSUER",
    default: "",
    meaning:
      "OpenID Connect provider by which operators sign in to the console; local accounts only if unset.",
  },
  { name: "PAYPOST_OIDC_CLIENT_ID", default: "", meaning: "What the console is called at that provider." },
  {
    name: "PAYPOST_OIDC_CLIENT_SECRET",
    default: "",
    meaning:
      "What authenticates the console at that provider; secret. Without it the console is a public client.",
  },
  {
    name: "PAYPOST_OIDC_ROLES_CLAIM",
    default: "roles",
    meaning: "Claim in which that provider lists an operator's roles, such as `auditor` or `merchant:M-1`.",
  },
  {
    name: "PAYPOST_METRICS_TOKEN",
    default: "",
    meaning:
      "Bearer token that `/metrics` asks for; secret. Without it `/metrics` answers this machine only, and no proxy.",
  },
  {
    name: "PAYPOST_OTLP_URL",
    default: "",
    meaning: "OpenTelemetry collector (OTLP over HTTP) that traces are sent to. Without it none are made.",
  },
  {
    name: "PAYPOST_STOP_DELAY_SECONDS",
    default: "0",
    meaning:
      "How long a server that is told to stop goes on answering, so that a proxy's health check takes it out first.",
  },
  {
    name: "LOG_LEVEL",
    default: "info",
    meaning: "Least severity that is logged: trace, debug, info, warn, error, fatal or silent.",
  },
] as const;

export type VariableName = (typeof variables)[number]["name"];
