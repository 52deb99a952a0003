/**
 * `stack export` and `stack import`: a stack's whole state as a file that both engines read.
 * The rule kept: a state that is not sound, or another stack's, is taken over only with `--force`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { CommandFailure, messageOf } from "../failure";
import { qualifiedName, type StackName } from "../stack/backend";
import { parseJson } from "../stack/json-file";
import { openState } from "../stack/open-state";
import { StackConfig } from "../stack/project";
import { Crypter } from "../stack/secrets";
import { integrityProblem, manifestProblem } from "../state/integrity";
import type { ResourceState } from "../state/resource";
import {
  checkFormat,
  checkpointText,
  decodeDeployment,
  deploymentSalt,
  encodeDeployment,
  parseCheckpoint,
  stateFormat,
  type Stored,
} from "../state/stored-state";
import { parseArgs } from "./args";
import { openStack } from "./context";

export async function exportState(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", "show-secrets": "switch", file: "value" });
  const { backend, project, name } = openStack(parsed.value("stack"));
  let deployment = parseCheckpoint(backend.read(name), backend.stackFile(name)) ?? {};
  if (parsed.isOn("show-secrets")) {
    const { state } = await openState(backend, name, StackConfig.read(project, name.stack));
    deployment = { ...encodeDeployment(state, "plaintext"), manifest: deployment.manifest };
  }
  const text = `${JSON.stringify({ ...stateFormat(deployment.resources), deployment }, null, 4)}\n`;
  const file = parsed.value("file");
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
}

export async function importState(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", file: "value", force: "switch" });
  const { backend, project, name } = openStack(parsed.value("stack"));
  const text = readInput(parsed.value("file"));
  const given = parseJson<{ version?: number; features?: string[]; deployment?: Stored }>(
    text,
    parsed.value("file") ?? "on standard input",
  );
  checkFormat(given.version, given.features);
  const deployment = given.deployment ?? {};
  const { crypter } = await openState(backend, name, StackConfig.read(project, name.stack));
  const givenSalt = deploymentSalt(deployment);
  const reader = givenSalt === undefined || givenSalt === crypter.salt ? crypter : new Crypter(givenSalt);
  if (text.includes("ciphertext")) await reader.unlock();
  const state = decodeDeployment(deployment, (ciphertext) => reader.decrypt(ciphertext));
  if (!parsed.isOn("force")) checkImport(deployment, state.resources, name);
  for (const { resource, type } of state.pendingOperations) {
    process.stderr.write(`warning: removing pending operation '${type}' on '${resource.urn}' from snapshot\n`);
  }
  if (text.includes("ciphertext") || text.includes("plaintext")) await crypter.unlock();
  const { resources } = state;
  const stored = encodeDeployment({ resources, pendingOperations: [], salt: crypter.salt }, crypter);
  await backend.withLock(name, () => backend.write(name, checkpointText(qualifiedName(name), stored)));
  process.stdout.write("Import complete.\n");
}

function readInput(file: string | undefined): string {
  try {
    return readFileSync(file ?? 0, "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CommandFailure(
      `could not open file: open ${file}: ${isMissing ? "no such file or directory" : messageOf(error)}`,
    );
  }
}

/** What speaks against taking a state over; `--force` says that it does not matter. */
function checkImport(deployment: Stored, resources: ResourceState[], name: StackName): void {
  const problems: string[] = [];
  const stranger = resources.find(({ urn }) => !urn.startsWith(`urn:pulumi:${name.stack}::`));
  if (stranger)
    problems.push(
      `resource '${stranger.urn}' is from a different stack ('${stranger.urn.split(":")[2] ?? ""}' != '${name.stack}')`,
    );
  const broken = manifestProblem(deployment.manifest) ?? integrityProblem(resources);
  if (broken) problems.push(`state file contains errors: ${broken}`);
  if (problems.length === 0) return;
  problems.push("importing this file could be dangerous; rerun with --force to proceed anyway");
  const list = problems.map((problem, index) => `\n    ${index + 1}) ${problem}`);
  throw new CommandFailure(`${problems.length} errors occurred:${list.join("")}`);
}
