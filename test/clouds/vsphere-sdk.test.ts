/**
 * The inputs of `vsphere.VirtualMachine` as its Python SDK has them, against those that are declared here by hand. Skipped where no
 * Python has the package `pulumi-vsphere`; `HEADROOM_PULUMI_VSPHERE` names one that does. Nothing of it is run.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { z } from "zod";
import { diskShapes, machineShapes, networkInterfaceShapes } from "../../provider/clouds/vsphere/machine-inputs";
import { getVmToken, vmToken } from "../../provider/clouds/vsphere/resources";

const python = process.env["HEADROOM_PULUMI_VSPHERE"] ?? "python3";

/** Parameters of each class's `__init__`, with the text of their types, and the tokens that the modules name. */
const reader = `
import ast, importlib.util, json, os, sys
spec = importlib.util.find_spec("pulumi_vsphere")
if spec is None: sys.exit(9)
folder = os.path.dirname(spec.origin)
classes, text = {}, ""
for name in ["virtual_machine.py", "_inputs.py", "get_virtual_machine.py"]:
    source = open(os.path.join(folder, name)).read()
    text += source
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef): continue
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                args = item.args.args[1:] + item.args.kwonlyargs
                classes[node.name] = {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in args}
tokens = [t for t in ["${vmToken}", "${getVmToken}"] if t in text]
json.dump({"classes": classes, "tokens": tokens}, sys.stdout)
`;

interface Sdk {
  readonly classes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly tokens: readonly string[];
}

describe("the Python SDK of vSphere", () => {
  let sdk: Sdk;
  before(function () {
    const { status, stdout } = spawnSync(python, ["-c", reader], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
    if (status !== 0) return this.skip();
    sdk = JSON.parse(stdout) as Sdk;
  });

  const typesOf = (name: string): Record<string, string> => {
    const found = sdk.classes[name] ?? assert.fail(`the SDK has no class ${name}`);
    return Object.fromEntries(Object.entries(found).map(([parameter, type]) => [camelCase(parameter), type]));
  };

  it("has the resource and the function by the same tokens", () => {
    assert.deepEqual([...sdk.tokens], [vmToken, getVmToken]);
  });

  for (const [name, shapes] of [
    ["VirtualMachineArgs", machineShapes],
    ["VirtualMachineDiskArgs", diskShapes],
    ["VirtualMachineNetworkInterfaceArgs", networkInterfaceShapes],
  ] as const) {
    it(`has every input that is declared here, of the same kind: ${name}`, () => {
      const theirs = typesOf(name);
      const unknown = Object.keys(shapes).filter((field) => !(field in theirs));
      assert.deepEqual(unknown, [], "inputs that the plugin would refuse");
      for (const [field, shape] of Object.entries<z.ZodType>(shapes)) {
        assert.match(theirs[field]!, kindOf(shape), `${field}: ${theirs[field]}`);
      }
    });
  }

  it("has no input that nobody here has thought of", () => {
    const missing = Object.keys(typesOf("VirtualMachineArgs")).filter((field) => !(field in machineShapes));
    // Newer than the version that is declared.
    assert.deepEqual(
      missing.filter((field) => field !== "datastorePath"),
      [],
    );
  });
});

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** How the SDK writes the type of such a value. */
function kindOf(shape: z.ZodType): RegExp {
  const { type, enum: choices } = z.toJSONSchema(shape, { io: "input" }) as { type?: string; enum?: unknown[] };
  switch (type ?? typeof choices?.[0]) {
    case "integer":
    case "number":
      return /Input\[.*\bint\b/;
    case "boolean":
      return /Input\[.*\bbool\b/;
    case "array":
      return /Sequence\[/;
    case "object":
      return /Mapping\[|Args/;
    default:
      return /Input\[.*\bstr\b/;
  }
}
