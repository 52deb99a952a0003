/** Names of records and of the zones that they are in, and what a record that leads to an address is called. */
import type * as pulumi from "@pulumi/pulumi";

export type RecordType = "A" | "AAAA";

export function typeOfAddress(address: string): RecordType {
  return address.includes(":") ? "AAAA" : "A";
}

/** The same of an address that is known later. */
export function recordTypeOf(address: pulumi.Input<string>): pulumi.Output<RecordType> {
  const { output } = require("@pulumi/pulumi") as typeof pulumi;
  return output(address).apply(typeOfAddress);
}

/** @example domainsOf("a.b.example.org") // ["a.b.example.org", "b.example.org", "example.org"] */
export function domainsOf(domain: string): string[] {
  const labels = domain.replace(/\.$/, "").split(".");
  return labels.slice(0, -1).map((_, skipped) => labels.slice(skipped).join("."));
}
