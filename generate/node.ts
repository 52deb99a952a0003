/** The source of a cloud's node component: one VM in the user's own stack, without a runtime. */
import { textOfNode } from "../provider/kernel/component-types";
import type { VmProvider } from "../provider/vm-provider";
import { docComment } from "./doc-comment";
import type { Service } from "./services";

export function nodeImports({ osTypes }: VmProvider<unknown>, services: readonly Service[]): string[] {
  const names = ["declareNode", "type NodeArgs", ...(services.length > 1 ? ["type NodeRecordArgs"] : [])];
  return [
    ...(osTypes.length > 1 ? ['import type { OsType } from "../choices";'] : []),
    `import { ${[...names, "type OtherDnsArgs"].join(", ")} } from "../node";`,
  ];
}

/**
 * Its arguments and its component.
 *
 * @param name Of the cloud in names of types, e.g. `Aws`.
 */
export function nodeSource(vm: VmProvider<unknown>, name: string, services: readonly Service[]): string {
  const [machines, records] = services;
  const osType =
    vm.osTypes.length > 1 ? `  /** Default \`${vm.osTypes[0]}\`. */\n  readonly osType?: pulumi.Input<OsType>;\n` : "";
  const isBare = machines!.fields.every(({ isRequired }) => !isRequired);
  return [
    ...(records === undefined ? [] : [recordArguments(name, machines!, records)]),
    `/** Checked before anything is declared. */
export interface ${name}NodeArgs extends NodeArgs {
${osType}  /** What the VM is. */
  readonly settings${isBare ? "?" : ""}: pulumi.Input<${name}VmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<${records === undefined ? "" : `${name}NodeDnsArgs | `}OtherDnsArgs>;
}
`,
    `${docComment(textOfNode(vm))}export class ${name}Node extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with \`dns\`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: ${name}NodeArgs${isBare ? " = {}" : ""}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:${name}Node", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "${machines!.kind}", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
`,
  ].join("\n");
}

/** What the record's own service needs beside what the VM's settings say already. */
function recordArguments(name: string, machines: Service, records: Service): string {
  const said = new Set(machines.fields.map((field) => field.name));
  const more = records.fields.filter((field) => !said.has(field.name)).map((field) => JSON.stringify(field.name));
  const picked = more.length > 0 ? `, Pick<${records.settings}, ${more.join(" | ")}>` : "";
  return `${docComment("A record in the account of the VM.")}export interface ${name}NodeDnsArgs extends NodeRecordArgs${picked} {}\n`;
}
