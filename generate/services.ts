/** What is generated for: the VM and the DNS service of a cloud, each with its fields and the names of its component. */
import type { Cloud } from "../provider/cloud";
import { type ProviderConfigKind, providerConfigSchemas } from "../provider/kernel/provider-document";
import { type Field, fieldsOf } from "../provider/kernel/setting-fields";
import { type TypedProvider, typedProviders } from "../provider/kernel/typed-provider";

export interface Service extends TypedProvider {
  readonly fields: readonly Field[];
  /** Class of the component, e.g. `AwsVmProvider`. */
  readonly component: string;
  /** Interface of its settings, e.g. `AwsVmArgs`. */
  readonly settings: string;
}

export function servicesOf(cloud: Cloud): Service[] {
  return typedProviders([cloud]).map((typed) => {
    const component = typed.type.split(":")[2]!;
    const fields = fieldsOf(component, typed.service.settings, typed.service.secretFields);
    return { ...typed, fields, component, settings: component.replace(/Provider$/, "Args") };
  });
}

/** The fields by which VMs and DNS service reach their account; none when only one of them is there. */
export function sharedFields([first, second]: readonly Service[]): Field[] {
  if (first === undefined || second === undefined) return [];
  const others = second.fields.map((field) => JSON.stringify(field));
  const account = first.service.account.fields;
  return first.fields.filter((field) => account.includes(field.name) && others.includes(JSON.stringify(field)));
}

/** Fields of a provider config beside its settings. */
export function ownFields(definition: ProviderConfigKind): Field[] {
  return fieldsOf(definition, providerConfigSchemas[definition]).map(withOptionalName);
}

/** In a program the resource's name stands in for the definition's. */
export function withOptionalName(field: Field): Field {
  return field.name === "name" ? { ...field, isRequired: false } : field;
}
