/** Lines that a person sees beside the resource while an update runs. Progress only: a lost line changes nothing. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export class EngineLog {
  private client: EngineClient | undefined;

  constructor(private readonly address: string) {}

  warn(urn: string, message: string): void {
    this.write(urn, message, LogSeverity.WARNING);
  }

  write(urn: string, message: string, severity: LogSeverity = LogSeverity.INFO): void {
    this.client ??= new EngineClient(this.address, grpc.credentials.createInsecure());
    const request = new LogRequest().setSeverity(severity).setMessage(message).setUrn(urn);
    this.client.log(request, () => undefined);
  }

  close(): void {
    this.client?.close();
  }
}
