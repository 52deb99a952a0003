/**
 * Components for programs in other languages: the plugin hands each to a process that has Pulumi's SDK (`component-process.ts`),
 * which is started when the first is asked for. Whatever goes wrong in it ends that process and the components that it was
 * making, never the plugin with its creates.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { ConstructRequest, ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";

/** As large as what engines send, see `plugin-server.ts`. */
const messageBytesMax = 64 * 1024 * 1024;

export class RemoteComponents {
  private running: Promise<ResourceProviderClient> | undefined;
  private child: ChildProcess | undefined;

  /** @param engineAddress Of the engine whose plugin this is. */
  async construct(request: ConstructRequest, engineAddress: string): Promise<ConstructResponse> {
    this.running ??= this.start(engineAddress);
    const client = await this.running;
    return new Promise((resolve, reject) => {
      client.construct(request, (error, response) =>
        error === null ? resolve(response) : reject(new Error(error.details)),
      );
    });
  }

  close(): void {
    this.child?.disconnect();
  }

  private async start(engineAddress: string): Promise<ResourceProviderClient> {
    const child = fork(join(__dirname, "component-process.js"), [engineAddress], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    this.child = child;
    child.once("exit", () => {
      if (this.child !== child) return;
      // The next component gets a process of its own.
      this.running = undefined;
      this.child = undefined;
    });
    const ended = once(child, "exit").then(([code, signal]) => {
      throw new Error(`the process that makes components ended before it served any (${String(code ?? signal)})`);
    });
    const port = await Promise.race([firstLine(child), ended]);
    // It may end whenever it likes from now on; calls in flight tell it.
    ended.catch(() => undefined);
    return new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": messageBytesMax,
      "grpc.max_send_message_length": messageBytesMax,
    });
  }
}

/** The rest is for whoever reads the plugin's errors: its own output belongs to the engine. */
async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  child.stdout!.pipe(process.stderr);
  return chunk.toString().split("\n", 1)[0]!;
}
