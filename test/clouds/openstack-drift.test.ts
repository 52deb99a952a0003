/**
 * The resource that is declared by its token, held against the newest SDK that PyPI has of the same provider (`pulumi-openstack`,
 * installed without what it needs itself). Skipped where no Python has it.
 */
import assert from "node:assert/strict";
import { openStackAccessSchema, providerConfiguration } from "../../provider/clouds/openstack/account";
import { instanceInputs as overridable } from "../../provider/clouds/openstack/overrides";
import { askPython, pythonHas } from "./openstack-python";
import { instanceInputs, instanceOutputs } from "./openstack-types";
import type { SdkType } from "./sdk-types";

const script = `
import ast, importlib.util, json, os
root = os.path.dirname(importlib.util.find_spec('pulumi_openstack').origin)
def text(path):
    with open(os.path.join(root, path)) as file: return file.read()
def classes(path):
    return {node.name: node for node in ast.parse(text(path)).body if isinstance(node, ast.ClassDef)}
def inputs(node):
    init = next(f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == '__init__')
    return [a.arg for a in init.args.args + init.args.kwonlyargs if a.arg != 'self' and not a.arg.startswith('__')]
def outputs(node):
    return [f.name for f in node.body if isinstance(f, ast.FunctionDef) and any('property' in ast.dump(d) for d in f.decorator_list)]
instance, types, provider = classes('compute/instance.py'), classes('compute/_inputs.py'), classes('provider.py')
print(json.dumps({
  'inputs': inputs(instance['InstanceArgs']), 'outputs': outputs(instance['Instance']), 'provider': inputs(provider['ProviderArgs']),
  'types': {name: inputs(types['Instance%sArgs' % name]) for name in ('BlockDevice', 'Network', 'Personality', 'SchedulerHint', 'VendorOptions')},
  'hasToken': "'openstack:compute/instance:Instance'" in text('compute/instance.py')}))
`;

interface Told {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly provider: readonly string[];
  readonly types: Readonly<Record<string, readonly string[]>>;
  readonly hasToken: boolean;
}

/** `fixed_ip_v4` is `fixedIpV4` there. */
const camel = (names: readonly string[]): string[] =>
  names.map((name) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())).sort();
const fieldsOf = (type: SdkType | undefined): string[] => {
  const inner = type?.kind === "list" ? type.of : type;
  return inner?.kind === "object" ? [...inner.fields.keys()].sort() : [];
};

describe("the resource of an OpenStack server beside the newest SDK", () => {
  let told: Told;
  before(function () {
    if (!pythonHas("pulumi_openstack")) return this.skip();
    told = askPython(script, undefined) as Told;
  });

  it("has the same token, inputs and outputs", () => {
    assert.ok(told.hasToken);
    assert.deepEqual(fieldsOf(instanceInputs), camel(told.inputs));
    assert.deepEqual(fieldsOf(instanceOutputs), camel(told.outputs));
    assert.deepEqual(Object.keys(overridable).sort(), camel(told.inputs));
  });

  it("has the same fields inside of them", () => {
    const places = {
      ...{ BlockDevice: "blockDevices", Network: "networks", Personality: "personalities" },
      ...{ SchedulerHint: "schedulerHints", VendorOptions: "vendorOptions" },
    };
    for (const [name, input] of Object.entries(places)) {
      assert.deepEqual(fieldsOf(instanceInputs.fields.get(input)?.type), camel(told.types[name]!), name);
    }
  });

  it("is reached by a configuration that the provider has", () => {
    const common = { authUrl: "https://openstack.example.org", novaEndpoint: "https://nova", region: "one" };
    const ways = [
      {
        applicationCredentialId: "c",
        applicationCredentialSecret: "s",
        caCertificate: "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----",
      },
      { authMethod: "password", username: "u", password: "p", projectName: "labs", insecure: true },
    ];
    const known = camel(told.provider);
    for (const way of ways) {
      const configuration = providerConfiguration(openStackAccessSchema.parse({ ...common, ...way }));
      assert.deepEqual(
        Object.keys(configuration).filter((field) => !known.includes(field)),
        [],
      );
    }
  });
});
