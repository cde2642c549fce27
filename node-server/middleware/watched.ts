/** Around every request: what belongs together in the log, how long it took, and a span. */
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { CallerVariables } from "./caller.ts";
import { header } from "./headers.ts";
import { isCorrelation, withCorrelation } from "../watch/correlation.ts";
import type { Metrics } from "../watch/metrics.ts";
import { inSpan } from "../watch/tracing.ts";

/** `isStopping`: connections are let go, so that none is in use when the server ends. */
export function watchRequests(
  metrics: Pick<Metrics, "observeRequest">,
  isStopping: () => boolean,
): MiddlewareHandler<CallerVariables> {
  return async (c, next) => {
    const startedMs = performance.now();
    const given = header(c, "X-CorrelationID");
    const correlation = isCorrelation(given) ? given : crypto.randomUUID();
    const { method } = c.req;
    const carrier = { traceparent: c.req.header("traceparent") ?? "" };
    await withCorrelation(correlation, () =>
      inSpan(
        method,
        { kind: "server", carrier, attributes: { "http.request.method": method } },
        async (span) => {
          await next();
          const route = matchedRoutes(c).findLast(
            ({ method: of, path }) => of !== "ALL" && !path.includes("*"),
          );
          const name = route?.path ?? "unknown";
          const { status } = c.res;
          span.updateName(`${method} ${name}`);
          span.setAttributes({ "http.route": name, "http.response.status_code": status });
          metrics.observeRequest({
            method,
            route: name,
            status,
            seconds: (performance.now() - startedMs) / 1000,
          });
        },
      ),
    );
    if (isStopping()) c.header("connection", "close");
  };
}
