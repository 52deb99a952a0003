/**
 * `pulumi --standby [NAME]`: a process that has loaded everything and started the plugins that the project in its folder
 * brings along, and then waits for one line on its standard input, `{"cwd": "/folder", "args": ["up", ...]}`, to go on as
 * `pulumi ARGS` in that folder. Its environment stays the one it was started with; NAME only tells it apart in a list of
 * processes.
 * The rules kept: before the line nothing of any stack is read, written or locked; when the input ends without a line the
 * process ends with its plugins; after the line the input does not matter any more.
 */
import type { Readable } from "node:stream";
import { openOutset, type Outset } from "./outset";
import { findProject, type Project } from "./project";

interface Order {
  cwd: string;
  args: string[];
}

/** Resolves with the exit code of `run`, or with 0 when the input ended without a line. */
export async function standBy(run: (args: string[], outset: Outset) => Promise<number>): Promise<number> {
  const outset = await openOutset();
  try {
    const project = findProject(process.cwd());
    for (const plugin of project?.plugins ?? []) outset.starter.startEarly(project as Project, plugin.name);
    loadAll();
    const order = firstLine(process.stdin);
    rehearse(outset).catch(() => undefined);
    const line = await order;
    if (line === undefined) return 0;
    const { cwd, args } = JSON.parse(line) as Order;
    process.chdir(cwd);
    return await run(args, outset);
  } finally {
    await outset.close();
  }
}

/** What an operation loads while it runs. */
function loadAll(): void {
  require("./cli-operations");
  require("./operation-body");
  require("./run");
  require("@pulumi/pulumi/proto/language_grpc_pb");
  require("@pulumi/pulumi/proto/events_grpc_pb");
}

/**
 * The first call of a process takes many times as long as the second. So the first one is made to itself, and the
 * plugins are greeted.
 */
async function rehearse({ starter }: Outset): Promise<void> {
  starter.greet();
  const { EnginePort } = require("./engine-port") as typeof import("./engine-port");
  const { Monitor } = require("./monitor") as typeof import("./monitor");
  const { call, dial } = require("./rpc") as typeof import("./rpc");
  const { ResourceMonitorClient } =
    require("@pulumi/pulumi/proto/resource_grpc_pb") as typeof import("@pulumi/pulumi/proto/resource_grpc_pb");
  const { SupportsFeatureRequest } =
    require("@pulumi/pulumi/proto/resource_pb") as typeof import("@pulumi/pulumi/proto/resource_pb");
  const [port, monitor] = [new EnginePort(), new Monitor()];
  await port.listen();
  monitor.serve(port);
  const client = dial(ResourceMonitorClient, port.address);
  try {
    await call(client, client.supportsFeature, new SupportsFeatureRequest().setId("secrets"));
  } finally {
    client.close();
    monitor.close();
    port.close();
  }
}

function firstLine(input: Readable): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    input.setEncoding("utf8");
    input.on("data", (chunk: string) => {
      text += chunk;
      if (!text.includes("\n")) return;
      input.pause();
      resolve(text.slice(0, text.indexOf("\n")));
    });
    input.on("end", () => resolve(undefined));
    input.on("error", () => resolve(undefined));
  });
}
