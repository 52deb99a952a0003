/**
 * The package's schema for programs in other languages (YAML, generated SDKs), made from the same zod schemas that
 * check the documents, so that the two can't disagree.
 */
import { definitionKinds, definitionSchemas, secretFields } from "../../runtime/model/config";
import type { Cloud } from "../cloud";
import { clouds as registered } from "../registry";
import { nodeComponentTypes, type NodeComponentType, textOfNode } from "./component-types";
import { definitionTexts } from "./definition-texts";
import { definitionTypes } from "./definition-types";
import { type Manifest, packageFacts } from "./package-facts";
import { providerConfigSchemas } from "./provider-document";
import { type Field, type FieldType, fieldsOf, textOf } from "./setting-fields";
import { descriptionOf, typedProviders } from "./typed-provider";

type Json = Record<string, unknown>;

/** Configuration of the package, for stacks and for explicit provider resources. */
const configuration: Json = {
  endpoint: {
    type: "string",
    description:
      "Address of the runtime, e.g. http://127.0.0.1:8700. Default: the environment variable HEADROOM_ENDPOINT.",
  },
  apiKey: {
    type: "string",
    secret: true,
    description: "API key of scope operator or admin. Default: the environment variable HEADROOM_API_KEY.",
  },
  tlsCa: {
    type: "string",
    description:
      "Certificates in PEM: of an https endpoint only one signed by these is taken. Default: those in the file that the " +
      "environment variable HEADROOM_TLS_CA names, else those that Node knows.",
  },
};

/** Pulumi's package schema as JSON text, with a resource for each kind of definition, service and node of each cloud. */
export function packageSchema(manifest: Manifest, clouds: readonly Cloud[] = registered): string {
  const types: Json = {};
  const resources: Record<string, Json> = {};
  for (const kind of definitionKinds) {
    const type = definitionTypes[kind];
    const { description, example } = definitionTexts[kind];
    const fields = fieldsOf(kind, definitionSchemas[kind], secretFields[kind]).map(hideSettings);
    const text = `${description}${yamlExample(type, example)}`;
    resources[type] = resourceOf(text, fields, propertiesOf(fields, type, types));
  }
  for (const { type, definition, typePrefix, service } of typedProviders(clouds)) {
    const own = fieldsOf(definition, providerConfigSchemas[definition]);
    const settings = fieldsOf(type, service.settings, service.secretFields);
    const text = `${descriptionOf(service)}${typescriptExample(service.example)}`;
    resources[type] = resourceOf(text, [...own, ...settings], {
      ...propertiesOf(own, definitionTypes[definition], types),
      ...propertiesOf(settings, `headroom:index:${typePrefix}`, types),
    });
  }
  for (const component of nodeComponentTypes(clouds)) resources[component.type] = nodeOf(component, types);
  return JSON.stringify({
    ...packageFacts(manifest),
    config: { variables: configuration },
    provider: { description: "A connection to one Headroom runtime.", inputProperties: configuration },
    resources,
    types,
  });
}

/** Without the cloud's schema nobody can say which of the settings are secret, so all of them are. */
function hideSettings(field: Field): Field {
  return field.name === "settings" ? { ...field, isSecret: true } : field;
}

function yamlExample(type: string, properties: string): string {
  const indented = properties.replaceAll(/^/gm, "      ");
  return exampleUsage("yaml", `resources:\n  example:\n    type: ${type}\n    properties:\n${indented}`);
}

function typescriptExample(program: string | undefined): string {
  if (program === undefined) return "";
  return exampleUsage("typescript", `import * as headroom from "pulumi-headroom";\n\n${program}`);
}

/** As Pulumi's registry and generators know examples. */
function exampleUsage(language: string, program: string): string {
  return `\n\n## Example Usage\n\n\`\`\`${language}\n${program}\n\`\`\`\n`;
}

/** The component of one node. What it takes is checked by the cloud's schemas, as in a TypeScript program. */
function nodeOf({ name, vm, dns, ...component }: NodeComponentType, types: Json): Json {
  const settings = fieldsOf(component.type, vm.settings, vm.secretFields);
  const records = dns === undefined ? [] : fieldsOf(component.type, dns.settings, dns.secretFields);
  const said = new Set(settings.map((field) => field.name));
  const settingsType = `headroom:index:${name}NodeSettings`;
  types[settingsType] = objectOf(settings, propertiesOf(settings, `headroom:index:${name}`, types));
  const recordType = `headroom:index:${name}NodeDns`;
  const more = records.filter((field) => !said.has(field.name)).map((field) => ({ ...field, isRequired: false }));
  types[recordType] = {
    ...objectOf([], { ...recordProperties, ...propertiesOf(more, `headroom:index:${name}Dns`, types) }),
    required: ["baseDomainName"],
  };
  const isBare = settings.every(({ isRequired }) => !isRequired);
  return {
    isComponent: true,
    description: textOfNode(vm),
    inputProperties: {
      ...nodeProperties,
      ...(vm.osTypes.length > 1 ? { osType: osTypeOf(vm.osTypes, types) } : {}),
      settings: { $ref: `#/types/${settingsType}`, description: "What the VM is." },
      dns: { $ref: `#/types/${recordType}`, description: "A record of the VM. Default: none." },
    },
    requiredInputs: isBare ? [] : ["settings"],
    properties: {
      address: { type: "string", description: "Under which it is reached." },
      dnsName: { type: "string", description: "Name of the record. Only with `dns`." },
    },
    required: ["address"],
  };
}

const nodeProperties: Json = {
  nodeName: {
    type: "string",
    plain: true,
    description: "Name of the VM: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name.",
  },
  startupScript: {
    type: "string",
    secret: true,
    description: "Run when the VM starts, wrapped as its system needs it; kept as a secret. Default none.",
  },
};

const recordProperties: Json = {
  baseDomainName: { type: "string", description: "The record is `<node name>.<baseDomainName>`." },
  ttlSeconds: { type: "integer", description: "Seconds, 1 to 86,400. Default 60.", default: 60 },
  kind: {
    type: "string",
    description: 'Kind of another DNS service than that of the VM\'s cloud, e.g. `"aws"`. Default: that of the cloud.',
  },
  settings: {
    type: "object",
    additionalProperties: { $ref: "pulumi.json#/Any" },
    secret: true,
    description: "Only with `kind`: its settings with its credentials. Default: all their defaults.",
  },
};

function osTypeOf(osTypes: readonly string[], types: Json): Json {
  const values = osTypes.map((value) => ({ name: enumName(value), value }));
  types["headroom:index:NodeOsType"] = { type: "string", enum: values };
  const description = `System of the VM. Default \`${osTypes[0]}\`.`;
  return { $ref: "#/types/headroom:index:NodeOsType", description, default: osTypes[0] };
}

/** Outputs are the inputs, with the name filled in. */
function resourceOf(description: string, fields: readonly Field[], properties: Json): Json {
  const { required } = objectOf(fields, properties) as { required: string[] };
  const requiredInputs = required.filter((name) => name !== "name");
  return {
    description,
    inputProperties: properties,
    requiredInputs,
    properties: withoutDefaults(properties),
    required,
  };
}

/** Only what is given has a default. */
function withoutDefaults(properties: Json): Json {
  const entries = Object.entries(properties as Record<string, Json>);
  return Object.fromEntries(entries.map(([name, { default: _default, ...property }]) => [name, property]));
}

function objectOf(fields: readonly Field[], properties: Json): Json {
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return { type: "object", properties, required };
}

/** Nested types and enums are added to `types`, each named after the way to it: prefix and fields. */
function propertiesOf(fields: readonly Field[], prefix: string, types: Json): Json {
  const propertyOf = (field: Field) => ({
    ...typeOf(field.type, `${prefix}${capitalised(field.name)}`, types),
    description: textOf(field),
    ...(field.isSecret ? { secret: true } : {}),
    ...(field.default === undefined ? {} : { default: field.default }),
  });
  return Object.fromEntries(fields.map((field) => [field.name, propertyOf(field)]));
}

function typeOf(type: FieldType, token: string, types: Json): Json {
  switch (type.is) {
    case "any":
      return { $ref: "pulumi.json#/Any" };
    case "list":
      return { type: "array", items: typeOf(type.items, token, types) };
    case "map":
      return { type: "object", additionalProperties: typeOf(type.values, token, types) };
    case "either":
      return { oneOf: type.options.map((option, index) => typeOf(option, `${token}${index + 1}`, types)) };
    case "choice": {
      const values = type.values.map((value) => ({ name: enumName(value), value }));
      types[token] = { type: "string", enum: values };
      return { $ref: `#/types/${token}` };
    }
    case "object": {
      types[token] = objectOf(type.fields, propertiesOf(type.fields, token, types));
      return { $ref: `#/types/${token}` };
    }
    default:
      return { type: type.is };
  }
}

/** `some-value` → `SomeValue`: a name in every language. */
function enumName(value: string): string {
  const name = value
    .split(/[^a-zA-Z0-9]+/)
    .map(capitalised)
    .join("");
  return /^[a-zA-Z]/.test(name) ? name : `Value${name}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
