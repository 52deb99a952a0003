/** Kasm's words for what fields may be, and the names of fields, without regard to how they are spelled. */
import type { Table } from "./table";

/**
 * Letters and digits only, small: `Least Load`, `least_load` and `leastLoad` are one word. Texts longer than any name are
 * no word.
 */
export function bareWord(text: string): string {
  return text.length > longestWord ? "" : text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Names and choices, here and there, are shorter. */
const longestWord = 80;

/** For each of Kasm's words the choice here, or the choices of several fields. */
const choices: Readonly<Record<string, string | readonly string[]>> = {
  mostkasms: "mostSessions",
  leastkasms: "leastSessions",
  fewestsessions: "leastSessions",
  docker: "dockerAgent",
  agent: "dockerAgent",
  agents: "dockerAgent",
  serverpool: ["server", "desktop"],
  servers: "server",
  server: "desktop",
  staticcredentials: "static",
  dynamicuseraccounts: "dynamic",
  dynamicusers: "dynamic",
  ssocreateuser: "dynamic",
  ssouseraccounts: "sso",
  ssousername: "sso",
  authenticatewithsmartcard: "smartcard",
  prompt: "promptUser",
  digitaloceandroplet: "digitalocean",
  azurepubliccloud: "public",
  azurecloud: "public",
  azuregovernment: "usgovernment",
  azureusgovernment: "usgovernment",
  azureusgovernmentcloud: "usgovernment",
  azurechina: "china",
  azurechinacloud: "china",
  amazon: "aws",
  amazonwebservices: "aws",
  ec2: "aws",
  proxmoxve: "proxmox",
  win: "windows",
  monday: "mon",
  tuesday: "tue",
  wednesday: "wed",
  thursday: "thu",
  friday: "fri",
  saturday: "sat",
  sunday: "sun",
};

/** Which of these choices the word means: its own spelling of one, or Kasm's word for it. */
export function meantChoice(text: string, allowed: readonly string[]): string | undefined {
  const word = bareWord(text);
  if (word === "") return undefined;
  const same = allowed.find((choice) => bareWord(choice) === word);
  if (same !== undefined) return same;
  const known = Object.hasOwn(choices, word) ? [choices[word]!].flat() : [];
  return known.find((choice) => allowed.includes(choice));
}

/** By the bare word of each column, and of it without its unit: the fields that take what it holds. */
export function fieldsByColumn(tables: readonly Table[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const { columns } of tables) {
    for (const [column, { field }] of Object.entries(columns)) {
      if (field === undefined) continue;
      for (const word of [column, column.replace(/_(bytes|mb|gb)$/, "")].map(bareWord)) {
        found.set(word, (found.get(word) ?? new Set()).add(field));
      }
    }
  }
  return new Map([...found].map(([word, fields]) => [word, [...fields]]));
}
