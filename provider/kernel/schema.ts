/**
 * The package's schema for programs in other languages (YAML, generated SDKs), made from the same zod schemas that
 * check the documents, so that the two can't disagree.
 */
import { type DefinitionKind, definitionKinds, definitionSchemas, secretFields } from "../../runtime/model/config";
import type { Cloud } from "../cloud";
import { clouds as registered } from "../registry";
import { definitionTypes } from "./definition-types";
import { providerConfigSchemas } from "./provider-document";
import { type Field, type FieldType, fieldsOf, textOf } from "./setting-fields";
import { descriptionOf, typedProviders } from "./typed-provider";

type Json = Record<string, unknown>;

const descriptions: Readonly<Record<DefinitionKind, string>> = {
  zone: "A deployment zone: where new VMs reach the runtime, and how sessions are placed.",
  pool: "A set of like nodes: docker agents or servers, with static members.",
  workspace: "What a session runs, what it needs, and where it may run.",
  vmProviderConfig: "Settings of one account and VM template of a cloud by name, with a hard ceiling of instances.",
  dnsProviderConfig: "Settings of one account of a DNS service by name.",
  ldapConfig: "The domain controllers of an Active Directory, and the account with which computer records are made.",
  autoscaleConfig: "Rules for the nodes of one pool in one zone on one VM provider config.",
  schedule: "A window on days of the week or dates in which an autoscale config is active.",
  stagingConfig: "Sessions of one workspace that are kept running before anybody asks for them.",
};

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

/** Pulumi's package schema as JSON text, with a resource for each kind of definition and each service of each cloud. */
export function packageSchema(version: string, clouds: readonly Cloud[] = registered): string {
  const types: Json = {};
  const resources: Record<string, Json> = {};
  for (const kind of definitionKinds) {
    const type = definitionTypes[kind];
    const fields = fieldsOf(kind, definitionSchemas[kind], secretFields[kind]);
    resources[type] = resourceOf(descriptions[kind], fields, propertiesOf(fields, type, types));
  }
  for (const { type, definition, typePrefix, service } of typedProviders(clouds)) {
    const own = fieldsOf(definition, providerConfigSchemas[definition]);
    const settings = fieldsOf(type, service.settings, service.secretFields);
    resources[type] = resourceOf(descriptionOf(service), [...own, ...settings], {
      ...propertiesOf(own, definitionTypes[definition], types),
      ...propertiesOf(settings, `headroom:index:${typePrefix}`, types),
    });
  }
  return JSON.stringify({
    name: "headroom",
    version,
    displayName: "Headroom",
    description: "Keeps the right number of VMs ready for session work.",
    license: "Apache-2.0",
    config: { variables: configuration },
    provider: { description: "A connection to one Headroom runtime.", inputProperties: configuration },
    resources,
    types,
  });
}

/** Outputs are the inputs, with the name filled in. */
function resourceOf(description: string, fields: readonly Field[], properties: Json): Json {
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const requiredInputs = required.filter((name) => name !== "name");
  return { description, inputProperties: properties, requiredInputs, properties, required };
}

/** Nested types and enums are added to `types`, each named after the way to it: prefix and fields. */
function propertiesOf(fields: readonly Field[], prefix: string, types: Json): Json {
  const propertyOf = (field: Field) => ({
    ...typeOf(field.type, `${prefix}${capitalised(field.name)}`, types),
    description: textOf(field),
    ...(field.isSecret ? { secret: true } : {}),
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
      const required = type.fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
      types[token] = { type: "object", properties: propertiesOf(type.fields, token, types), required };
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
