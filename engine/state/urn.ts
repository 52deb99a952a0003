/**
 * Resource names: `urn:pulumi:STACK::PROJECT::PARENTTYPE$TYPE::NAME`, and references to provider instances,
 * which are the provider's URN and id joined by `::`. The rule kept: only this file takes them apart.
 */
export const rootStackType = "pulumi:pulumi:Stack";
const providerPrefix = "pulumi:providers:";

export interface UrnParts {
  stack: string;
  project: string;
  parent: string;
  type: string;
  name: string;
}

export function createUrn({ stack, project, parent, type, name }: UrnParts): string {
  const parentType = parent === "" ? "" : qualifiedType(parent);
  const prefix = parentType === "" || parentType === rootStackType ? "" : `${parentType}$`;
  return `urn:pulumi:${stack}::${project}::${prefix}${type}::${name}`;
}

export function qualifiedType(urn: string): string {
  return urn.split("::")[2] ?? "";
}

export function urnType(urn: string): string {
  return qualifiedType(urn).split("$").at(-1) ?? "";
}

/** A name may itself hold `::`. */
export function urnName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

export function isProviderType(type: string): boolean {
  return type.startsWith(providerPrefix);
}

export function isDefaultProvider(urn: string): boolean {
  return isProviderType(urnType(urn)) && /^default($|_)/.test(urnName(urn));
}

export function providerType(packageName: string): string {
  return providerPrefix + packageName;
}

/** The package whose provider serves a type or function token; for a provider's own type the package it provides. */
export function packageOf(token: string): string {
  return isProviderType(token) ? token.slice(providerPrefix.length) : (token.split(":")[0] ?? "");
}

export function providerReference(urn: string, id: string): string {
  return `${urn}::${id}`;
}

export function referenceUrn(reference: string): string {
  return reference.slice(0, reference.lastIndexOf("::"));
}

export function referenceId(reference: string): string {
  return reference.slice(reference.lastIndexOf("::") + 2);
}
