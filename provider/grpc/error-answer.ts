/** What a kernel throws, as the engine expects errors: one sentence, and what exists already when something does. */
import * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { SecretMarks } from "../kernel/property-values";
import { visibleLines } from "../../runtime/model/visible-text";
import { InitError } from "../resource-kernel";
import { send } from "./structs";

/** An {@link InitError} with the places of its outputs that are secret. */
class MarkedInitError extends Error {
  constructor(
    readonly init: InitError,
    readonly marks: SecretMarks,
  ) {
    super(init.message, { cause: init });
  }
}

/** Runs a create or an update; should it fail after creating, the secret places go along with the error. */
export async function withMarks<Result>(marks: SecretMarks, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof InitError ? new MarkedInitError(error, marks) : error;
  }
}

export function errorAnswer(error: unknown): Partial<grpc.StatusObject> {
  const message = visibleLines(error instanceof Error ? error.message : String(error));
  if (!(error instanceof MarkedInitError)) return { code: grpc.status.UNKNOWN, details: message };
  const { id, outputs, reasons } = error.init;
  const detail = new ErrorResourceInitFailed()
    .setId(id)
    .setProperties(send(outputs, error.marks))
    .setReasonsList(reasons.map(visibleLines));
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(message).setDetailsList([packed]);
  const metadata = new grpc.Metadata();
  // This header is where Go's gRPC looks for structured error details.
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
