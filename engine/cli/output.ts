/** How commands print JSON: two spaces, as official Pulumi does. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
