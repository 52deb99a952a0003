/** Deliberate bugs in what comes from Kasm, and in what is told of names that are not known. */
import type { Mutant } from "./mutant";

export const importMutants: readonly Mutant[] = [
  {
    name: "an imported secret is written where a script repeats it",
    rule: "secrets of an imported file are in nothing that is written",
    file: "import-kasm/secrets",
    find: "    return [...this.values].some((secret) => texts.some((text) => text.includes(secret)));",
    replace: "    return texts.length > 1e9;",
    tests: ["import-kasm/import"],
    bySimulation: false,
  },
  {
    name: "a GB of Kasm's is a decimal one",
    rule: "a GB of Kasm's has 2^30 bytes",
    file: "import-kasm/convert",
    find: "  gib: memory(2 ** 30),",
    replace: "  gib: memory(1e9),",
    tests: ["import-kasm/import"],
    bySimulation: false,
  },
  {
    name: "an import replaces files that are there",
    rule: "files that are there are replaced only on demand",
    file: "import-kasm/write-files",
    find: "  if (present.length > 0 && !force) {",
    replace: "  if (present.length > 999 && !force) {",
    tests: ["cli/import"],
    bySimulation: false,
  },
  {
    name: "a column that has no field is lost in silence",
    rule: "what an import can't carry is told",
    file: "import-kasm/build",
    find: '    if (column === undefined) return this.leave(cell, draft, "Headroom has no field for it");',
    replace: "    if (column === undefined) return;",
    tests: ["import-kasm/import"],
    bySimulation: false,
  },
  {
    name: "Kasm's words are refused without the right one",
    rule: "who writes Kasm's word is told the right one",
    file: "model/spelling",
    find: '  if (meant !== undefined) return `; here it is "${meant}"`;',
    replace: '  if (meant !== undefined) return "";',
    tests: ["model/spelling"],
    bySimulation: false,
  },
];
