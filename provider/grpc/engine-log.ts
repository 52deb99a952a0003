/** Lines that a person sees beside the resource while an update runs. Progress only: a lost line changes nothing. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { visible } from "../../runtime/model/visible-text";

export class EngineLog {
  private client: EngineClient | undefined;

  constructor(private readonly address: string) {}

  warn(urn: string, message: string): void {
    this.write(urn, message, LogSeverity.WARNING);
  }

  write(urn: string, message: string, severity: LogSeverity = LogSeverity.INFO): void {
    // The engine is on this machine, where no proxy leads.
    const options = { "grpc.enable_http_proxy": 0 };
    this.client ??= new EngineClient(this.address, grpc.credentials.createInsecure(), options);
    const request = new LogRequest().setSeverity(severity).setMessage(visible(message)).setUrn(urn);
    this.client.log(request, () => undefined);
  }

  close(): void {
    this.client?.close();
  }
}
