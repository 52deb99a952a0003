/** Internal: how the arguments of a cloud's component become a VM or DNS provider config. */
import * as pulumi from "@pulumi/pulumi";
import { type ProviderConfigKind, toDocument } from "../provider/kernel/provider-document";
import { declareDefinition } from "./declaration";

/** What a component hands over. */
export interface ProviderConfigDeclaration {
  /** Of the cloud. */
  readonly kind: string;
  /** Arguments that are kept as secrets. */
  readonly secretFields: readonly string[];
  /** The component's own. */
  readonly name: string;
  /** The definition's own fields and the settings side by side. */
  readonly args: object;
  readonly opts: pulumi.ComponentResourceOptions | undefined;
}

/** Declares it as the component's child and returns its name, which others refer to. */
export function declareProviderConfig(
  component: pulumi.ComponentResource,
  definition: ProviderConfigKind,
  { kind, secretFields, name, args, opts }: ProviderConfigDeclaration,
): pulumi.Output<string> {
  const given = Object.entries(args as pulumi.Inputs).filter(([, value]) => value !== undefined);
  const fields = given.map(([field, value]): [string, unknown] => [
    field,
    secretFields.includes(field) ? pulumi.secret(value) : value,
  ]);
  const doc = toDocument(definition, kind, Object.fromEntries(fields));
  return declareDefinition(component, { kind: definition, resourceName: name, doc, options: opts });
}
