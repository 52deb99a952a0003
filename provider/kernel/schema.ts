/**
 * The package's schema for programs in other languages (YAML, generated SDKs), made from the same zod schemas that
 * check the documents, so that the two can't disagree.
 */
import { z } from "zod";
import { type DefinitionKind, definitionKinds, definitionSchemas, secretFields } from "../../runtime/model/config";
import { definitionTypes } from "./definition-types";

type Json = Record<string, unknown>;

const descriptions: Readonly<Record<DefinitionKind, string>> = {
  zone: "A deployment zone: where new VMs reach the runtime, and how sessions are placed.",
  pool: "A set of like nodes: docker agents or servers, with static members.",
  workspace: "What a session runs, what it needs, and where it may run.",
  vmProviderConfig: "Settings of one account and VM template, with a hard ceiling of instances.",
  dnsProviderConfig: "Settings of one account for DNS records.",
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
};

/** Pulumi's package schema as JSON text. */
export function packageSchema(version: string): string {
  const types: Json = {};
  const resources = Object.fromEntries(
    definitionKinds.map((kind) => [definitionTypes[kind], resourceOf(kind, types)] as const),
  );
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

function resourceOf(kind: DefinitionKind, types: Json): Json {
  const document = z.toJSONSchema(definitionSchemas[kind], { io: "input" }) as Json;
  const { properties, required } = mergeAlternatives(document);
  const converted = Object.fromEntries(
    Object.entries(properties).map(([field, schema]) => [
      field,
      {
        ...typeOf(schema as Json, `${definitionTypes[kind]}${capitalised(field)}`, types),
        ...(secretFields[kind]?.includes(field) ? { secret: true } : {}),
      },
    ]),
  );
  return {
    description: descriptions[kind],
    inputProperties: converted,
    requiredInputs: required.filter((field) => field !== "name"),
    properties: converted,
    required,
  };
}

/** Pulumi has no tagged unions of inputs: all fields of all alternatives, required where every one requires them. */
function mergeAlternatives(document: Json): { properties: Json; required: string[] } {
  const alternatives = (document["oneOf"] ?? document["anyOf"]) as Json[] | undefined;
  if (alternatives === undefined) {
    return { properties: document["properties"] as Json, required: (document["required"] ?? []) as string[] };
  }
  const merged = alternatives.map(mergeAlternatives);
  const tags = Object.keys(merged[0]!.properties).filter((field) =>
    merged.every(({ properties }) => "const" in (properties[field] as Json)),
  );
  const properties = Object.assign({}, ...merged.map((alternative) => alternative.properties)) as Json;
  for (const tag of tags) properties[tag] = { type: "string" };
  const [first, ...others] = merged.map(({ required }) => required);
  return { properties, required: first!.filter((field) => others.every((required) => required.includes(field))) };
}

function typeOf(schema: Json, token: string, types: Json): Json {
  if (schema["type"] === "array") return { type: "array", items: typeOf(schema["items"] as Json, token, types) };
  if (schema["type"] === "integer") return { type: "integer" };
  if (schema["type"] === "number" || schema["type"] === "boolean") return { type: schema["type"] };
  if (schema["type"] !== "object") return { type: "string" };
  if (schema["properties"] === undefined) return { type: "object", additionalProperties: { $ref: "pulumi.json#/Any" } };
  const fields = Object.entries(schema["properties"] as Json);
  types[token] = {
    type: "object",
    properties: Object.fromEntries(
      fields.map(([field, inner]) => [field, typeOf(inner as Json, `${token}${capitalised(field)}`, types)]),
    ),
    required: schema["required"] ?? [],
  };
  return { $ref: `#/types/${token}` };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
