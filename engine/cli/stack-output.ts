/**
 * `stack output`: what the program of a stack returned.
 * The rule kept: without `--show-secrets` no secret is shown, and none is decrypted.
 */
import { CommandFailure } from "../failure";
import { openState } from "../stack/open-state";
import { StackConfig } from "../stack/project";
import { decodeDeployment, encodeValue, hideSecrets, parseCheckpoint, type Stored } from "../state/stored-state";
import { rootStackType } from "../state/urn";
import { type PropertyMap, unwrapSecrets } from "../state/values";
import { parseArgs } from "./args";
import { openStack, type StackContext } from "./context";
import { printJson } from "./output";

export async function output(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", json: "switch", "show-secrets": "switch" });
  const outputs = await stackOutputs(openStack(parsed.value("stack")), parsed.isOn("show-secrets"));
  const [wanted] = parsed.words;
  if (wanted !== undefined && !(wanted in outputs)) {
    throw new CommandFailure(`current stack does not have output property '${wanted}'`);
  }
  if (parsed.isOn("json")) return printJson(wanted === undefined ? outputs : outputs[wanted]);
  if (wanted !== undefined) return void process.stdout.write(`${asText(outputs[wanted])}\n`);
  process.stdout.write(`Current stack outputs (${Object.keys(outputs).length}):\n`);
  for (const [key, value] of Object.entries(outputs)) process.stdout.write(`    ${key}  ${asText(value)}\n`);
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function stackOutputs(
  { backend, project, name }: StackContext,
  showSecrets: boolean,
): Promise<Record<string, unknown>> {
  if (!showSecrets) {
    const stored = (parseCheckpoint(backend.read(name), backend.stackFile(name))?.resources ?? []) as Stored[];
    const roots = stored.filter(({ type }) => type === rootStackType);
    const outputs = decodeDeployment({ resources: roots }, () => '"[secret]"').resources[0]?.outputs ?? {};
    return hideSecrets(encodeValue(outputs, "blinded")) as Record<string, unknown>;
  }
  const { state } = await openState(backend, name, StackConfig.read(project, name.stack));
  const outputs = state.resources.find(({ type, delete: isGone }) => type === rootStackType && !isGone)?.outputs ?? {};
  return encodeValue(unwrapSecrets(outputs) as PropertyMap, "blinded") as Record<string, unknown>;
}
