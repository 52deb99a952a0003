/** Bugs of what is kept secret in the database. */
import type { Mutant } from "./mutant";

export const secretsMutants: readonly Mutant[] = [
  {
    name: "credentials stand in clear",
    rule: "what is secret stands in the database sealed",
    file: "store/sealed-rows",
    find: "return { ...replaceAll(row, paths, () => placeholder), sealed: { key, paths, text } };",
    replace: "return { ...replaceAll(row, [], () => placeholder), sealed: { key, paths, text } };",
    tests: ["store/sealer", "store/conformance"],
    bySimulation: false,
  },
  {
    name: "an older key goes too early",
    rule: "a secrets key goes when no row needs it",
    file: "store/resealing",
    find: "const names = await store.rowsToSeal(batchRows);",
    replace: "const names = (await store.rowsToSeal(batchRows)).slice(1);",
    tests: ["store/resealing"],
    bySimulation: false,
  },
  {
    name: "a new secret field stays in clear",
    rule: "every secret field of every kind of definition is sealed",
    file: "model/sealed-fields",
    find: "if (rest.length === 0) return found.map(([path]) => path);",
    replace: "if (rest.length === 0) return found.map(([path]) => path).slice(1);",
    tests: ["model/sealed-fields"],
    bySimulation: false,
  },
  {
    name: "a sealed row fits any place",
    rule: "a sealed row is of no use in another one's place",
    file: "store/sealed-rows",
    find: "return JSON.stringify([table, id, paths]);",
    replace: "return JSON.stringify([table.length > 0, id.length > 0, paths]);",
    tests: ["store/sealer"],
    bySimulation: false,
  },
];
