/**
 * Small helpers over grpc-js: a unary call as a promise, an insecure loopback client, and the rich errors that
 * providers attach to a failed call (`grpc-status-details-bin`).
 * The rule kept: what a provider said about a half-made resource is never lost in a generic error.
 */
import * as grpc from "@grpc/grpc-js";
import { ConfigureErrorMissingKeys, ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { fromStruct, type PropertyMap } from "../state/values";

/** States and events can be large; the limit is the one official Pulumi uses. */
const messageBytesMax = 400 * 1024 * 1024;
export const channelOptions: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": messageBytesMax,
  "grpc.max_send_message_length": messageBytesMax,
  // Each client has a connection of its own, as with the official engine. An attached plugin that serves two providers of
  // one package can tell them apart only by their connections.
  "grpc.use_local_subchannel_pool": 1,
  // Providers, programs and hooks are on this machine, where no proxy leads.
  "grpc.enable_http_proxy": 0,
};

type Unary<Q, R> = (
  request: Q,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  callback: (error: grpc.ServiceError | null, response: R) => void,
) => grpc.ClientUnaryCall;

/** Calls a method of a generated client. */
export function call<Q, R>(client: grpc.Client, method: Unary<Q, R>, request: Q): Promise<R> {
  return new Promise((resolve, reject) => {
    method.call(client, request, new grpc.Metadata(), {}, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

export type ClientConstructor<T> = new (
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: grpc.ChannelOptions,
) => T;

export function dial<T>(constructor: ClientConstructor<T>, address: string): T {
  return new constructor(address, grpc.credentials.createInsecure(), channelOptions);
}

export function isUnimplemented(error: unknown): boolean {
  return (error as grpc.ServiceError).code === grpc.status.UNIMPLEMENTED;
}

/** What a failed create, update or read left behind: the resource exists, but is not healthy. */
export interface InitFailure {
  id: string;
  outputs: PropertyMap;
  inputs: PropertyMap | undefined;
  reasons: string[];
}

/** A failed call to a provider. */
export class ProviderError extends Error {
  constructor(
    message: string,
    /** True when the provider broke in a way that leaves the fate of the resource open. */
    readonly isFateUnknown: boolean,
    readonly init?: InitFailure,
  ) {
    super(message);
  }
}

export function providerError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, details, message } = error as grpc.ServiceError;
  const open = [grpc.status.UNKNOWN, grpc.status.INTERNAL, grpc.status.DATA_LOSS].includes(code);
  for (const { type, bytes } of errorDetails(error as grpc.ServiceError)) {
    if (type === "ErrorResourceInitFailed") {
      const init = ErrorResourceInitFailed.deserializeBinary(bytes);
      const reasons = init.getReasonsList();
      const inputs = init.getInputs();
      return new ProviderError(listErrors(reasons), false, {
        id: init.getId(),
        outputs: fromStruct(init.getProperties()),
        inputs: inputs && fromStruct(inputs),
        reasons,
      });
    }
    if (type === "ConfigureErrorMissingKeys") {
      const keys = ConfigureErrorMissingKeys.deserializeBinary(bytes).getMissingkeysList();
      const lines = keys.map(
        (key) =>
          `missing required configuration key "${key.getName()}": ${key.getDescription()}\n` +
          `Set a value using the command \`pulumi config set ${key.getName()} <value>\`.`,
      );
      return new ProviderError(listErrors(lines), open);
    }
  }
  return new ProviderError(details || message, open);
}

function listErrors(reasons: string[]): string {
  if (reasons.length === 0) return "resource init failed";
  const count = reasons.length === 1 ? "1 error occurred" : `${reasons.length} errors occurred`;
  return `${count}:\n${reasons.map((reason) => `\t* ${reason}\n`).join("")}\n`;
}

function errorDetails(error: grpc.ServiceError): { type: string; bytes: Uint8Array }[] {
  const packed = error.metadata?.get("grpc-status-details-bin")[0];
  if (!(packed instanceof Buffer)) return [];
  const { Status } = require("@pulumi/pulumi/proto/status_pb") as typeof import("@pulumi/pulumi/proto/status_pb");
  return Status.deserializeBinary(packed)
    .getDetailsList()
    .map((any) => ({ type: any.getTypeName().split(".").at(-1) ?? "", bytes: any.getValue_asU8() }));
}
