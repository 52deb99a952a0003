/** Property values in the protobuf structs of provider calls. */
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { findMarks, fromWire, type SecretMarks, toWire } from "../kernel/property-values";
import type { Properties } from "../resource-kernel";

export interface Received {
  /** Without secret wrappers; unknown values as `unknownValue`. */
  readonly properties: Properties;
  readonly secrets: SecretMarks;
}

/** Reads what the engine sent; a missing struct is one without properties. */
export function receive(struct: Struct | undefined): Received {
  const value = (struct?.toJavaScript() ?? {}) as Properties;
  return { properties: fromWire(value) as Properties, secrets: findMarks(value) ?? {} };
}

/** Writes properties with the given places marked as secret. */
export function send(properties: Properties, secrets: SecretMarks = {}): Struct {
  return Struct.fromJavaScript((toWire(properties, secrets) ?? {}) as Record<string, JavaScriptValue>);
}
