/** The report of a run as one file: it asks nobody for anything, and opens from a disk. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SimulationResult } from "./result";

/** Built by `scripts/build-dashboard.mjs`. */
const templateFile = join(__dirname, "..", "..", "dashboard", "report.html");
const place = "{{run}}";

export function htmlReport(result: SimulationResult): string {
  const [before, after, ...more] = readFileSync(templateFile, "utf8").split(place);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${templateFile} has not one place for a run: build it again`);
  }
  return `${before}${dataText(result)}${after}`;
}

/** JSON that ends no element of the page, whatever names and reasons say: it has no `<`. */
function dataText(result: SimulationResult): string {
  return JSON.stringify(result).replace(/[<>&\u2028\u2029]/g, (found) => {
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
