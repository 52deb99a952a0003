/** What docs/from-kasm.md says of fields and columns is so. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { typedProviders } from "../../provider/kernel/typed-provider";
import { clouds } from "../../provider/registry";
import { fieldAt, knownFields } from "../../runtime/import-kasm/known-fields";
import { tables } from "../../runtime/kasm/tables";
import { definitionKinds, type DefinitionKind } from "../../runtime/model/config";

const page = readFileSync(join(__dirname, "..", "..", "..", "docs", "from-kasm.md"), "utf8");

/** Whether a definition, or the component of a cloud, has the field. */
function exists(owner: string, path: string): boolean {
  const typed = typedProviders(clouds).find(({ type }) => type.endsWith(`:${owner}`));
  const kind = typed?.definition ?? (owner as DefinitionKind);
  const ofAnyCloud = kind === "vmProviderConfig" || kind === "dnsProviderConfig" ? "local" : undefined;
  return (["dockerAgent", "server"] as const).some((type) => {
    const known = knownFields(kind, typed?.kind ?? ofAnyCloud, type);
    return known !== undefined && fieldAt(known, path) !== undefined;
  });
}

describe("docs/from-kasm.md", () => {
  it("names only fields that exist", () => {
    const owners = [...definitionKinds, ...typedProviders(clouds).map(({ type }) => type.split(":")[2]!)].join("|");
    const named = [...page.matchAll(new RegExp(`\`(${owners})\\.([\\w.]+)\``, "g"))];

    assert.ok(named.length > 80, `${named.length} fields`);
    const lost = named.filter(([, owner, path]) => !exists(owner!, path!)).map(([text]) => text);
    assert.deepEqual(lost, []);
  });

  it("has every column that the importer knows, and says plainly which clouds are not here yet", () => {
    for (const { name, title, target, cloud, note, columns } of tables) {
      for (const [column, { label, isAlias }] of Object.entries(columns)) {
        if (label !== "" && !isAlias) assert.ok(page.includes(`| ${label} | \`${column}\` | `), `${name}.${column}`);
      }
      const isHere = target !== undefined && knownFields(target, cloud, "dockerAgent") !== undefined;
      if (!isHere && Object.keys(columns).length > 0) assert.ok(page.includes(`**Not yet**: ${note}.`), title);
    }
  });
});
