/** Mutants are run by `npm run mutants`; here only that each of them still fits the source that it breaks. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { actingMutants } from "../mutants/of-acting";
import { doorMutants } from "../mutants/of-doors";
import { lifecycleMutants } from "../mutants/of-lifecycle";
import { planningMutants } from "../mutants/of-planning";
import { runningMutants } from "../mutants/of-running";
import { secretsMutants } from "../mutants/of-secrets";
import { sweepingMutants } from "../mutants/of-sweeping";

const root = join(__dirname, "..", "..", "..");

describe("mutants", () => {
  it("each changes a text that its source has exactly once, so that none is caught or missed by accident", () => {
    const acting = [...actingMutants, ...sweepingMutants, ...secretsMutants, ...doorMutants];
    const misfits = [...planningMutants, ...lifecycleMutants, ...runningMutants, ...acting]
      .filter(({ file, find }) => readFileSync(join(root, "runtime", `${file}.ts`), "utf8").split(find).length !== 2)
      .map(({ name, file }) => `${name}: runtime/${file}.ts`);

    assert.deepEqual(misfits, []);
  });
});
