import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, PulumiCommand, type PulumiFn } from "@pulumi/pulumi/automation";
import { embeddedEngine } from "../engines";
import { projectName, Sandbox, stackName } from "../sandbox";

/** What a program may ask for that the embedded engine does not do → how it is named. */
const refused: Readonly<Record<string, { program: PulumiFn; named: RegExp }>> = {
  "a stack reference": {
    program: async () => void new pulumi.StackReference("organization/other/dev"),
    named: /does not support stack references/,
  },
  "a function built into Pulumi": {
    program: async () => void (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: "dev" })),
    named: /does not support stack references and the other resources built into Pulumi/,
  },
};

describe("a program that asks for what the embedded engine does not do", () => {
  const sandbox = new Sandbox(mkdtempSync(join(tmpdir(), "headroom-refused-")));
  before(() => {
    sandbox.prepare({ name: "refused", about: "", steps: [] });
    sandbox.useEngine(embeddedEngine().command);
  });
  after(() => rmSync(sandbox.base, { recursive: true, force: true }));

  for (const [what, { program, named }] of Object.entries(refused)) {
    it(`fails with the name of ${what}`, async () => {
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName, projectName, program },
        {
          workDir: sandbox.project,
          pulumiCommand: await PulumiCommand.get({ root: sandbox.engineRoot, skipVersionCheck: true }),
          envVars: sandbox.environment(),
        },
      );

      await assert.rejects(stack.up(), named);

      const resources = (sandbox.state()?.["resources"] ?? []) as { type: string }[];
      assert.deepEqual(
        resources.filter(({ type }) => type !== "pulumi:pulumi:Stack"),
        [],
      );
    });
  }
});
