/**
 * How the user of a session gets into its server, by what the node was born with. Whoever is told must let nobody else know:
 * this is the only place where the secrets of a connection come together.
 */
import type { NodeSecrets, SessionAccount } from "../model/connection-rows";
import {
  connectionSecretsOf,
  nodeConnectionOf,
  withConnectionDefaults,
  type ConnectionSecrets,
  type ConnectionType,
  type CredentialType,
  type NodeConnection,
} from "../model/connection";
import { splitHost } from "../model/fields";
import type { Snapshot } from "../model/snapshot";
import type { Node, Session } from "../model/state";
import { ssoUserName } from "../model/user-name";
import { isServer } from "../planner/lifecycle/node-status";
import { staticNodeId } from "./static-members";

export interface SessionConnection {
  /** `container`: on a docker agent, whose own proxy leads to it. */
  readonly type: ConnectionType | "container";
  /** DNS name where the node has one, else its address. */
  readonly host: string;
  /** Absent for containers. */
  readonly port?: number;
  readonly credentialType?: CredentialType;
  /** Absent = the server asks the user. */
  readonly userName?: string;
  readonly password?: string;
  readonly privateKey?: string;
  /** Of the private key. */
  readonly passphrase?: string;
  /** Further parameters for the gateway. */
  readonly info?: Readonly<Record<string, unknown>>;
}

export type ConnectionOutcome =
  | { readonly kind: "ready"; readonly connection: SessionConnection }
  /** It may be ready when it is asked for again. */
  | { readonly kind: "notReady"; readonly text: string }
  /** Somebody must do something first. */
  | { readonly kind: "lacking"; readonly text: string };

type Reader = Pick<Snapshot, "nodeSecrets" | "userKeys" | "autoscaleConfigs" | "pools">;

/** @param account That of the session; only looked at with credential type `dynamic`. */
export function connectionOfSession(
  { userId }: Pick<Session, "userId">,
  node: Node,
  snapshot: Reader,
  account: SessionAccount | undefined,
): ConnectionOutcome {
  const host = node.dnsName ?? (node.address === undefined ? undefined : splitHost(node.address).host);
  if (host === undefined) return { kind: "notReady", text: `the address of node ${node.nodeId} is not known yet` };
  if (!isServer(node)) return { kind: "ready", connection: { type: "container", host } };
  const { connection, secrets } = bornWith(node, snapshot);
  const { type, port, credentialType } = connection;
  if (connection.awaitsPassword) {
    return { kind: "notReady", text: `the cloud has not told the Windows password of node ${node.nodeId} yet` };
  }
  const { info } = secrets;
  const place = { type, host, port, credentialType, ...(info === undefined ? {} : { info }) };
  const isDynamic = credentialType === "dynamic";
  if (isDynamic && !account?.isPresent) {
    return {
      kind: "notReady",
      text: `the service on node ${node.nodeId} has not made the account of this session yet`,
    };
  }
  const userKey = connection.useUserSshKey ? snapshot.userKeys.get(userId) : undefined;
  if (connection.useUserSshKey && !userKey && !isDynamic) {
    const put = `PUT /api/v1/users/${encodeURIComponent(userId)}/ssh-key keeps one`;
    return { kind: "lacking", text: `users enter with their own SSH keys, and "${userId}" has none; ${put}` };
  }
  const userName = isDynamic ? account!.userName : userNameOf(connection, userId);
  const password = isDynamic ? account!.password : secrets.password;
  // An account has the key that its user had when it was made.
  const isKeyThere = userKey && (!isDynamic || userKey.publicKey === account!.publicKey);
  const { privateKey, passphrase } = isKeyThere ? userKey : secrets;
  return {
    kind: "ready",
    connection: {
      ...place,
      ...(userName === undefined ? {} : { userName }),
      ...(password === undefined ? {} : { password }),
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
  };
}

function userNameOf({ credentialType, userName, ssoDomain }: NodeConnection, userId: string): string | undefined {
  if (credentialType === "static") return userName;
  return credentialType === "sso" ? ssoUserName(userId, ssoDomain) : undefined;
}

interface BornWith {
  readonly connection: NodeConnection;
  readonly secrets: ConnectionSecrets;
}

/** How the users of a server get in; the definition speaks for a node of an older version, and for secrets that were lost. */
export function bornWith(node: Node, snapshot: Omit<Reader, "userKeys">): BornWith {
  const kept: NodeSecrets | undefined = snapshot.nodeSecrets.get(node.nodeId);
  const { connection } = node;
  if (connection && (kept || !connection.hasSecrets)) return { connection, secrets: kept ?? {} };
  const declared = declaredFor(node, snapshot);
  const port = node.connectionPort ?? declared.connection.port;
  return { connection: connection ?? { ...declared.connection, port }, secrets: declared.secrets };
}

function declaredFor(node: Node, { autoscaleConfigs, pools }: Pick<Snapshot, "autoscaleConfigs" | "pools">): BornWith {
  const config = node.autoscaleConfig === undefined ? undefined : autoscaleConfigs.get(node.autoscaleConfig);
  if (config?.type === "server") {
    return { connection: nodeConnectionOf(config), secrets: connectionSecretsOf(config) ?? {} };
  }
  const members = pools.get(node.pool)?.staticMembers ?? [];
  const member = members.find(({ name }) => staticNodeId(node.pool, name) === node.nodeId) ?? {};
  const connection = nodeConnectionOf(withConnectionDefaults(member, "linux"));
  return { connection, secrets: connectionSecretsOf(member) ?? {} };
}
