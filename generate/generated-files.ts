/** Every generated file with its text: components and settings tables, made from the registry of clouds. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import type { Cloud } from "../provider/cloud";
import { cliPage } from "./cli-page";
import { cloudComponents, componentsIndex } from "./components";
import { autoscaleArguments, definitionArguments } from "./definitions";
import { newDocsPage, withSettingsTables } from "./docs-page";
import { withKasmTables } from "./kasm-page";
import { withMetricsTable } from "./metrics-page";

/**
 * By path below the root. Docs pages keep what people wrote around their tables.
 *
 * @param root The project's folder, where the docs pages are read and prettier's settings are.
 */
export async function generatedFiles(root: string, clouds: readonly Cloud[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  async function addSource(path: string, text: string): Promise<void> {
    const style = await resolveConfig(join(root, path));
    files.set(path, await format(text, { ...style, parser: "typescript" }));
  }
  await addSource("components/arguments.ts", definitionArguments());
  await addSource("components/autoscale-arguments.ts", autoscaleArguments());
  await addSource("components/clouds/index.ts", componentsIndex(clouds));
  files.set("docs/cli.md", cliPage());
  const fromKasm = "docs/from-kasm.md";
  files.set(fromKasm, withKasmTables(readFileSync(join(root, fromKasm), "utf8"), fromKasm));
  const monitoring = "docs/monitoring.md";
  files.set(monitoring, withMetricsTable(readFileSync(join(root, monitoring), "utf8"), monitoring));
  for (const cloud of clouds) {
    await addSource(`components/clouds/${cloud.kind}.ts`, cloudComponents(cloud));
    const page = `docs/clouds/${cloud.kind}.md`;
    const path = join(root, page);
    files.set(
      page,
      withSettingsTables(existsSync(path) ? readFileSync(path, "utf8") : newDocsPage(cloud), cloud, page),
    );
  }
  return files;
}
