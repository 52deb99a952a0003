/**
 * Runs the program: an inline one through the LanguageRuntime its host serves (`--client`), or a local Node program
 * through `@pulumi/pulumi/cmd/run` of the project's own node_modules. The rule kept: when the program's process is
 * gone this is told apart from a program that failed, because the steps under way still have to be recorded.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { status } from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb";
import { ProgramInfo, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import type { ProgramEnd } from "../deployment/deployment";
import { messageOf } from "../failure";
import { call, dial } from "../providers/rpc";
import type { PlainConfig, Project } from "../stack/project";

export interface ProgramOptions {
  project: Project;
  stack: string;
  config: PlainConfig;
  parallel: number;
  isPreview: boolean;
  /** Address of the monitor and engine services. */
  engineAddress: string;
  /** A line the program printed. */
  output: (line: string, isError: boolean) => void;
}

/** Exit code of `cmd/run` when it has explained the failure itself. */
const explainedExitCode = 32;

/** `--parallel` without a limit, as the protocol's 32-bit number. */
const parallelMax = 2 ** 31 - 1;

/** Runs the program that the process at `address` holds; resolves when it has ended. */
export async function runInline(address: string, options: ProgramOptions): Promise<ProgramEnd> {
  const client = dial(LanguageRuntimeClient, address);
  const { project, stack, config, engineAddress } = options;
  const info = new ProgramInfo().setRootDirectory(project.folder).setProgramDirectory(project.programFolder);
  const request = new RunRequest().setProject(project.name).setStack(stack).setOrganization("organization");
  request.setPwd(project.programFolder).setProgram(project.entryPoint).setInfo(info.setEntryPoint(project.entryPoint));
  request.setArgsList([engineAddress]).setMonitorAddress(engineAddress).setDryrun(options.isPreview);
  request.setParallel(Math.min(options.parallel, parallelMax)).setConfigsecretkeysList(config.secretKeys);
  for (const [key, value] of config.values) request.getConfigMap().set(key, value);
  try {
    const answer = await call(client, client.run, request);
    return answer.getError() === "" && !answer.getBail() ? {} : { error: answer.getError(), bail: answer.getBail() };
  } catch (error) {
    const { code } = error as { code?: number };
    const isGone = code === status.UNAVAILABLE || code === status.CANCELLED || code === status.INTERNAL;
    return isGone ? { error: "error reading from server: EOF", died: true } : { error: messageOf(error) };
  } finally {
    client.close();
  }
}

/** Runs a local Node program; resolves when its process has ended. */
export function runNodeProgram(options: ProgramOptions): { ended: Promise<ProgramEnd>; kill: () => void } {
  const { project, stack, config } = options;
  let script: string;
  try {
    script = createRequire(join(project.programFolder, "index.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    const error = `It looks like the Pulumi SDK has not been installed in ${project.programFolder}. Have you run npm install?`;
    return { ended: Promise.resolve({ error }), kill: () => undefined };
  }
  const { typescript, nodeargs, tsconfig } = project.runtimeOptions;
  const flags: Record<string, string> = {
    monitor: options.engineAddress,
    engine: options.engineAddress,
    organization: "organization",
    project: project.name,
    "root-directory": project.folder,
    stack,
    pwd: project.programFolder,
    parallel: String(Math.min(options.parallel, parallelMax)),
  };
  const args = typeof nodeargs === "string" ? nodeargs.split(/\s+/).filter((item) => item !== "") : [];
  args.push(script, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]));
  if (options.isPreview) args.push("--dry-run");
  args.push(project.entryPoint);
  const oldStyleKeys = [...config.values].map(([key, value]) => [key.replace(":", ":config:"), value]);
  const child = spawn(process.execPath, args, {
    cwd: project.programFolder,
    // Ctrl-C is for the engine, which lets the program end by itself.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(oldStyleKeys)),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys.map((key) => key.replace(":", ":config:"))),
      ...(typescript === false || typescript === "false" ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
      ...(typeof tsconfig === "string" ? { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig } : {}),
    },
  });
  createInterface({ input: child.stdout }).on("line", (line) => options.output(line, false));
  createInterface({ input: child.stderr }).on("line", (line) => options.output(line, true));
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.on("error", (error) => resolve({ error: `could not run the program: ${messageOf(error)}` }));
    child.on("close", (code, signal) => {
      if (code === 0) resolve({});
      else if (code === explainedExitCode) resolve({ error: "", bail: true });
      else if (signal) resolve({ error: `Program was killed by ${signal}`, died: true });
      else resolve({ error: `Program exited with non-zero exit code: ${code}` });
    });
  });
  return { ended, kill: () => child.kill("SIGTERM") };
}
