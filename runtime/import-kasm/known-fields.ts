/** What this version has fields for, read from the schemas: what is added there is carried from then on. */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { providerConfigSchemas } from "../../provider/kernel/provider-document";
import { type Field, type FieldType, fieldsOf } from "../../provider/kernel/setting-fields";
import { typedProviders } from "../../provider/kernel/typed-provider";
import { clouds } from "../../provider/registry";
import { agentAutoscaleConfigSchema, serverAutoscaleConfigSchema } from "../model/autoscale-config";
import { definitionSchemas, secretFields, type DefinitionKind } from "../model/config";
import { schemasAt } from "../model/schema-fields";
import type { Draft } from "./draft";

/** The fields of one kind of definition, or of the provider configs of one cloud, as its component takes them. */
export interface KnownFields {
  readonly kind: DefinitionKind;
  readonly component: string;
  readonly fields: readonly Field[];
  /** Each has some of the fields. */
  readonly schemas: readonly z.ZodType[];
}

type ConfigType = "dockerAgent" | "server";

/** Undefined: this version does not have the cloud. */
export function knownFields(
  kind: DefinitionKind,
  cloud: string | undefined,
  type: ConfigType,
): KnownFields | undefined {
  if (kind === "vmProviderConfig" || kind === "dnsProviderConfig") {
    const typed = typedProviders(clouds).find((one) => one.definition === kind && one.kind === cloud);
    if (typed === undefined) return undefined;
    const component = typed.type.split(":")[2]!;
    const own = fieldsOf(component, providerConfigSchemas[kind]);
    const settings = fieldsOf(component, typed.service.settings, typed.service.secretFields);
    const schemas = [providerConfigSchemas[kind], typed.service.settings];
    return { kind, component, fields: [...own, ...settings], schemas };
  }
  const schema =
    kind !== "autoscaleConfig"
      ? definitionSchemas[kind]
      : type === "server"
        ? serverAutoscaleConfigSchema
        : agentAutoscaleConfigSchema;
  const component = `${type === "server" && kind === "autoscaleConfig" ? "Server" : ""}${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return { kind, component, fields: fieldsOf(component, schema, secretFields[kind]), schemas: [schema] };
}

/** @param path With dots: `permissions.audio`. */
export function fieldAt({ fields }: Pick<KnownFields, "fields">, path: string): Field | undefined {
  const [name, ...rest] = path.split(".");
  const field = fields.find((one) => one.name === name);
  if (field === undefined || rest.length === 0) return field;
  if (field.type.is !== "object") return undefined;
  const inner = fieldAt({ fields: field.type.fields }, rest.join("."));
  return inner && { ...inner, isSecret: inner.isSecret || field.isSecret };
}

/** True for a value that holds also where the field is left out. */
export function isDefault({ schemas }: KnownFields, path: string, value: unknown): boolean {
  return schemasOf(schemas, path).some((schema) => {
    const [absent, given] = [schema.safeParse(undefined), schema.safeParse(value)];
    return absent.success && given.success && isDeepStrictEqual(absent.data, given.data);
  });
}

/** Whether the field takes the value, whatever the others are. */
export function takes({ schemas }: KnownFields, path: string, value: unknown): boolean {
  return schemasOf(schemas, path).some((schema) => schema.safeParse(value).success);
}

function schemasOf(schemas: readonly z.ZodType[], path: string): z.ZodType[] {
  return schemas.flatMap((schema) => schemasAt(schema, path.split("."), undefined));
}

/** Remembers what it was asked, because a file may have thousands of rows of one kind. */
export class FieldBook {
  private readonly known = new Map<string, KnownFields | undefined>();

  of(kind: DefinitionKind, cloud: string | undefined, type: ConfigType): KnownFields | undefined {
    const key = JSON.stringify([kind, cloud, type]);
    if (!this.known.has(key)) this.known.set(key, knownFields(kind, cloud, type));
    return this.known.get(key);
  }

  /** Of a draft there is one. */
  ofDraft({ kind, cloud, component }: Pick<Draft, "kind" | "cloud" | "component">): KnownFields {
    return this.of(kind, cloud, component === "ServerAutoscaleConfig" ? "server" : "dockerAgent")!;
  }
}

/** What the field may be, where it is a choice, or a list of choices. */
export function choicesOf({ type }: Field): readonly string[] {
  const inner = type.is === "list" ? type.items : type;
  return inner.is === "choice" ? inner.values : [];
}

/** The field's type in a program. */
export function typeText(type: FieldType): string {
  switch (type.is) {
    case "integer":
      return "number";
    case "any":
      return "unknown";
    case "choice":
      return type.values.map((value) => JSON.stringify(value)).join(" | ");
    case "list": {
      const items = typeText(type.items);
      return items.includes(" ") ? `(${items})[]` : `${items}[]`;
    }
    case "map":
      return `Record<string, ${typeText(type.values)}>`;
    case "object":
      return `{ ${type.fields.map((field) => `${field.name}${field.isRequired ? "" : "?"}: ${typeText(field.type)}`).join("; ")} }`;
    case "either":
      return type.options.map(typeText).join(" | ");
    default:
      return type.is;
  }
}
