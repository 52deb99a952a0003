/** Bugs in who gets into a server, and with what. */
import type { Mutant } from "./mutant";

export const connectionMutants: readonly Mutant[] = [
  {
    name: "account of a session that has ended stays",
    rule: "an account leaves a node's list with its session",
    file: "broker/session-accounts",
    find: "      if (sessions.has(account.sessionId)) served.add(account.sessionId);",
    replace: "      if (sessions.has(account.sessionId) || account) served.add(account.sessionId);",
    tests: ["api/node-accounts"],
    bySimulation: false,
  },
  {
    name: "account is told before it is there",
    rule: "a user is told of his account when the node has made it",
    file: "broker/session-connection",
    find: "  if (isDynamic && !account?.isPresent) {",
    replace: "  if (isDynamic && !account) {",
    tests: ["api/node-accounts"],
    bySimulation: false,
  },
  {
    name: "new password of a config is told of old nodes",
    rule: "a connection has what was declared when its node was born",
    file: "broker/session-connection",
    find: "  if (connection && (kept || !connection.hasSecrets)) return",
    replace: "  if (connection && !kept && !connection.hasSecrets) return",
    tests: ["api/connections"],
    bySimulation: false,
  },
  {
    name: "connection is kept by caches",
    rule: "credentials are kept nowhere on their way",
    file: "api/routes/connections",
    find: 'export const noStore = { "cache-control": "no-store" };',
    replace: 'export const noStore = { "cache-control": "private" };',
    tests: ["api/connections"],
    bySimulation: false,
  },
];
