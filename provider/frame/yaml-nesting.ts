/** YAML of any depth, looked at before a parser that recurses over it: one that runs out of stack may take the whole process with it. */

interface Token {
  readonly value?: unknown;
  readonly items?: readonly { readonly key?: unknown; readonly value?: unknown }[];
}

/** More than any manifest, kubeconfig or export has. */
export const yamlDepthMax = 100;

/** True where a list or map stands more than {@link yamlDepthMax} levels inside of others. Anything else is judged by the parser. */
export function isYamlTooDeep(text: string): boolean {
  const { Parser } = require("yaml") as typeof import("yaml");
  const open = [...new Parser().parse(text)].map((token) => ({ token: token as Token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > yamlDepthMax) return true;
    for (const inner of [token.value, ...(token.items ?? []).flatMap(({ key, value }) => [key, value])]) {
      if (typeof inner === "object" && inner !== null) open.push({ token: inner, depth: depth + 1 });
    }
  }
  return false;
}
