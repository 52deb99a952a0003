/**
 * Sends traces to a collector by OTLP over HTTP. Loaded only when somebody wants traces. Nothing here waits for the
 * collector: what does not fit into the queue is dropped, and so is what it does not take in time.
 */
import { SpanStatusCode, TraceFlags, trace, ROOT_CONTEXT, type Context } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor, NodeTracerProvider, RandomIdGenerator } from "@opentelemetry/sdk-trace-node";
import type { FinishedSpan, SpanSink } from "./span";

export interface ExporterOptions {
  /** Of the collector, e.g. `http://127.0.0.1:4318`; `/v1/traces` is added. */
  readonly endpoint: string;
  readonly version: string;
}

/** Spans that may wait to be sent; one trace has about eight. */
const queueMax = 2_048;
const sendEveryMs = 2_000;
/** A collector that takes longer loses what it was sent. */
const sendLimitMs = 5_000;
/** At the end of the process, for the last spans. */
const flushLimitMs = 2_000;

export class OtlpSpans implements SpanSink {
  private readonly provider: NodeTracerProvider;

  constructor({ endpoint, version }: ExporterOptions) {
    const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: sendLimitMs });
    const batch = { maxQueueSize: queueMax, scheduledDelayMillis: sendEveryMs, exportTimeoutMillis: sendLimitMs };
    const attributes = { "service.name": "headroom", "service.version": version };
    const resource = { attributes, getRawAttributes: () => Object.entries(attributes), merge: () => resource };
    this.provider = new NodeTracerProvider({
      resource: resource as never,
      spanProcessors: [new BatchSpanProcessor(exporter, batch)],
      idGenerator: new RandomIdGenerator(),
    });
  }

  send(root: FinishedSpan): void {
    this.emit(root, ROOT_CONTEXT);
  }

  /** Gives the last spans a moment; whether they arrived is nobody's concern. */
  async stop(): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, flushLimitMs).unref());
    await Promise.race([this.provider.shutdown().catch(() => undefined), limit]);
  }

  private emit({ name, startMs, endMs, attributes, error, children }: FinishedSpan, parent: Context): void {
    const tracer = this.provider.getTracer("headroom");
    const span = tracer.startSpan(name, { startTime: startMs, attributes: { ...attributes } }, parent);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) {
      for (const child of children ?? []) this.emit(child, trace.setSpan(parent, span));
    }
    span.end(endMs);
  }
}
