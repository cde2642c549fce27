/** Spans for OpenTelemetry (opentelemetry.io): they cost next to nothing until somebody starts an SDK (`./otlp.ts`). */
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Attributes, Span } from "@opentelemetry/api";
import { currentCorrelation } from "./correlation.ts";

const tracer = trace.getTracer("paypost");

export interface SpanOptions {
  readonly kind?: "server" | "client";
  readonly attributes?: Attributes;
  /** Headers of the request that the span belongs to. */
  readonly carrier?: Readonly<Record<string, string>>;
}

/** Does the work within a span of its own, which says whether it failed; never with what. */
export function inSpan<T>(
  name: string,
  { kind, attributes = {}, carrier }: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = carrier ? propagation.extract(context.active(), carrier) : context.active();
  const correlation = currentCorrelation();
  const all =
    correlation === undefined ? attributes : { ...attributes, "paypost.correlation_id": correlation };
  const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT };
  const spanKind = kind === undefined ? SpanKind.INTERNAL : kinds[kind];
  return tracer.startActiveSpan(name, { kind: spanKind, attributes: all }, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The headers that carry the trace on to whoever is called (W3C Trace Context); none without an SDK. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}
