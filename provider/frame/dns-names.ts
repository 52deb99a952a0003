/** Names of records and of the zones that they are in. */

/** @example domainsOf("a.b.example.org") // ["a.b.example.org", "b.example.org", "example.org"] */
export function domainsOf(domain: string): string[] {
  const labels = domain.replace(/\.$/, "").split(".");
  return labels.slice(0, -1).map((_, skipped) => labels.slice(skipped).join("."));
}
