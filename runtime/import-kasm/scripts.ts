/** Startup scripts: there they belong to a VM provider config, here to each autoscale config that uses it. */
import { meantChoice } from "../kasm/words";
import { saysNothing } from "./convert";
import type { Draft, NotCarriedList } from "./draft";
import { Names } from "./names";
import type { Cell, Row } from "./rows";
import type { Secrets } from "./secrets";

export interface ScriptContext {
  readonly notCarried: NotCarriedList;
  readonly keys: Names;
  readonly secrets: Secrets;
}

export function addScripts(drafts: readonly Draft[], rows: readonly Row[], context: ScriptContext): void {
  const files = new Map<Row, string>();
  const names = new Names();
  for (const draft of drafts) {
    const provider = providerOf(draft);
    const cell = provider && cellOf(provider.row, "startupScript.text");
    if (provider === undefined || cell === undefined) {
      askForScript(draft, context);
      continue;
    }
    const text = String(cell.value);
    const isWindows = isForWindows(provider.row, text);
    const file = files.get(provider.row) ?? `scripts/${names.unique(provider.name)}.${isWindows ? "ps1" : "sh"}`;
    files.set(provider.row, file);
    addScript(draft, { file, text, cell, isWindows }, context);
  }
  for (const row of rows) {
    const cell = cellOf(row, "startupScript.text");
    if (cell === undefined || files.has(row)) continue;
    const why = "a script belongs to an autoscale config here, and none of the file that is carried uses this one";
    context.notCarried.add({ what: `${row.table.name}.${cell.key}`, row: row.label ?? "", why });
  }
}

/** Nodes that get the token of their check-in only by a script can't do without one. */
function askForScript(draft: Draft, { notCarried, keys }: ScriptContext): void {
  const waits = draft.fields.get("requireCheckin")?.expression;
  const isAgent = draft.component === "AutoscaleConfig";
  if (!isAgent && !(waits?.is === "literal" && waits.value === true)) return;
  const variable = isAgent ? "{manager_token}" : "{checkin_jwt}";
  const key = keys.unique(`${draft.name}-startupScript-text`);
  const example = `#!/bin/sh\n# starts what checks in with ${variable}\n`;
  draft.fields.set("startupScript.text", { expression: { is: "asked", key, example }, column: "" });
  const why = `its nodes check in with ${variable}, which reaches them only in a startup script, and the file has none for it that is carried`;
  notCarried.add({ what: "startup_script", row: draft.name, why: `${why}: say one by the configuration ${key}` });
}

interface Script {
  readonly file: string;
  readonly text: string;
  readonly cell: Cell;
  readonly isWindows: boolean;
}

function addScript(draft: Draft, { file, text, cell, isWindows }: Script, context: ScriptContext): void {
  const { notCarried, keys, secrets } = context;
  const column = `${draft.row.table.name}.${cell.key}`;
  if (isWindows) draft.fields.set("startupScript.osType", { expression: { is: "literal", value: "windows" }, column });
  if (secrets.touches(text)) {
    const key = keys.unique(`${draft.name}-startupScript-text`);
    draft.fields.set("startupScript.text", { expression: { is: "secret", key, value: text, isObject: false }, column });
    const why = `a secret of the file stands in it, so it is no file of the program: set it by the configuration ${key}`;
    notCarried.add({ what: "startup_script", row: draft.name, why });
  } else {
    draft.fields.set("startupScript.text", { expression: { is: "script", file, text }, column });
  }
  if (draft.component === "AutoscaleConfig" && /kasm/i.test(text)) {
    const why =
      "carried as it is, but Kasm's agent, which it installs, does not speak to Headroom: start Headroom's there";
    notCarried.add({ what: "startup_script", row: draft.name, why });
  }
}

function providerOf({ fields }: Draft): Draft | undefined {
  const expression = fields.get("vmProvider")?.expression;
  return expression?.is === "reference" ? expression.to : undefined;
}

function cellOf({ cells }: Row, field: string): Cell | undefined {
  return cells.find(({ column, value }) => column?.field === field && !saysNothing(value));
}

function isForWindows(row: Row, text: string): boolean {
  const said = cellOf(row, "startupScript.osType");
  if (said !== undefined) return meantChoice(String(said.value), ["linux", "windows"]) === "windows";
  return /<powershell>|^#ps1|\b(Write-Host|Set-ItemProperty|New-Object|Add-Computer|Invoke-WebRequest)\b/im.test(text);
}
