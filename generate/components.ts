/** The sources of a cloud's components: arguments, VM and DNS provider configs, and a single node without a runtime. */
import type { Cloud } from "../provider/cloud";
import type { Field } from "../provider/kernel/setting-fields";
import { descriptionOf, typeNameOf } from "../provider/kernel/typed-provider";
import { interfaceSource, madeFrom } from "./arguments";
import { docComment } from "./doc-comment";
import { nodeImports, nodeSource } from "./node";
import { type Service, servicesOf, sharedFields } from "./services";

/** What programs import of all clouds. */
export function componentsIndex(clouds: readonly Cloud[]): string {
  return [madeFrom("provider/registry.ts"), ...clouds.map(({ kind }) => `export * from "./${kind}";\n`)].join("");
}

/** One cloud's file. */
export function cloudComponents(cloud: Cloud): string {
  const services = servicesOf(cloud);
  const credentials = sharedFields(services);
  const base = `${typeNameOf(cloud)}CredentialArgs`;
  const imports = [
    `${madeFrom(`provider/clouds/${cloud.kind}.ts`)}import * as pulumi from "@pulumi/pulumi";`,
    `import type { ${services.map(argumentsOf).toSorted().join(", ")} } from "../arguments";`,
    ...(cloud.vm === undefined ? [] : nodeImports(cloud.vm, services)),
    'import { declareProviderConfig } from "../provider-config";\n',
  ];
  return [
    imports.join("\n"),
    ...(credentials.length > 0
      ? [interfaceSource({ name: base, text: "How the account is reached.", fields: credentials })]
      : []),
    ...services.map((service) => serviceSource(service, credentials, credentials.length > 0 ? [base] : [])),
    ...(cloud.vm === undefined ? [] : [nodeSource(cloud.vm, typeNameOf(cloud), services)]),
  ].join("\n");
}

function argumentsOf({ definition }: Service): string {
  return definition === "vmProviderConfig" ? "VmProviderArgs" : "DnsProviderArgs";
}

/** The arguments and the component of one service. */
function serviceSource(service: Service, credentials: readonly Field[], bases: readonly string[]): string {
  const { kind, component, settings, definition, fields, typePrefix } = service;
  const { example, secretFields } = service.service;
  const isVm = definition === "vmProviderConfig";
  const preset = !isVm && fields.every(({ isRequired }) => !isRequired) ? " = {}" : "";
  return [
    interfaceSource({
      name: settings,
      text: isVm ? "What each VM is." : "Where the records go.",
      fields: fields.filter(({ name }) => !credentials.some((shared) => shared.name === name)),
      bases,
      prefix: typePrefix,
    }),
    `export interface ${component}Args extends ${argumentsOf(service)}, ${settings} {}\n`,
    `${docComment(descriptionOf(service.service), { example })}export class ${component} extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: ${component}Args${preset}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:${component}", name, {}, opts);
    const secretFields: string[] = ${JSON.stringify(secretFields)};
    this.name = declareProviderConfig(this, "${definition}", { kind: "${kind}", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}
`,
  ].join("\n");
}
