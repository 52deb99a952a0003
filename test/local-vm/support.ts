/** A root for local VMs that is gone after the test, and a small runtime that hears what guests say. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { removeVm, type LocalVmInputs } from "../../provider/local-vm/vm-resource";
import type { KernelContext } from "../../provider/resource-kernel";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";

export const context: KernelContext = {
  owner: "urn:pulumi:dev::proj::headroom:local:Vm::n",
  isPreview: false,
  signal: new AbortController().signal,
};

export function newRoot(): string {
  return newOpenFolder("headroom-local-");
}

export async function removeRoot(root: string): Promise<void> {
  await Promise.all(findLocalVms(root).map(({ vmId }) => removeVm(root, vmId)));
  removeFolder(root);
}

export function aVm(over: Partial<LocalVmInputs> & { nodeId: string; root: string }): LocalVmInputs {
  return {
    cores: 2,
    memoryBytes: 4e9,
    gpus: 0,
    startupScript: "",
    createSeconds: 0,
    bootSeconds: 0,
    heartbeatSeconds: 0.2,
    ports: [],
    faults: {},
    ...over,
  };
}

export interface GuestRequest {
  readonly path: string;
  readonly token: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers guests with a status that tests set, 200 at first. */
export class ListeningRuntime {
  readonly requests: GuestRequest[] = [];
  status = 200;

  private constructor(
    private readonly server: Server,
    readonly upstream: string,
  ) {}

  static async start(): Promise<ListeningRuntime> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const runtime = new ListeningRuntime(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on("request", (request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const token = request.headers.authorization?.replace("Bearer ", "");
        runtime.requests.push({ path: request.url ?? "", token, body: JSON.parse(text) as GuestRequest["body"] });
        response.writeHead(runtime.status, { "content-type": "application/json" }).end("{}");
      });
    });
    return runtime;
  }

  at(path: string): GuestRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
