/** Traces where somebody wants them; where nobody does, nothing of them is loaded. */
import { SetupError } from "../model/errors";
import { withoutUserInfo } from "../model/shown-value";
import { SessionTraces } from "./session-traces";
import type { SpanSink } from "./span";

export interface Tracing {
  readonly traces: SessionTraces;
  stop(): Promise<void>;
}

/** @param endpoint Of a collector; undefined or empty = no traces. */
export function startTracing(endpoint: string | undefined, version: string): Tracing | undefined {
  if (endpoint === undefined || endpoint === "") return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    const shown = withoutUserInfo(endpoint);
    throw new SetupError(`--otlp-endpoint ${shown} is no URL of a collector; use one such as http://127.0.0.1:4318`);
  }
  const { OtlpSpans } = require("./exporter") as typeof import("./exporter");
  const sink: SpanSink = new OtlpSpans({ endpoint, version });
  return { traces: new SessionTraces(sink), stop: () => sink.stop() };
}
