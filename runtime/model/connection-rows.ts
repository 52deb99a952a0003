/** Rows that hold what lets somebody into a server. They stand in the database sealed, and are in no list, event or journal. */
import type { EpochMs } from "./clock";
import type { ConnectionSecrets } from "./connection";

/** What is secret of a node's connection, as it was when the node was born. Goes with the node. */
export interface NodeSecrets extends ConnectionSecrets {
  readonly nodeId: string;
}

/** A user's own key for SSH. */
export interface UserKey {
  readonly userId: string;
  readonly privateKey: string;
  readonly passphrase?: string;
  /** As in `authorized_keys`. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly updatedAtMs: EpochMs;
}

/** An account in a server for one session, with credential type `dynamic`. Goes with the session. */
export interface SessionAccount {
  readonly accountId: string;
  readonly sessionId: string;
  readonly nodeId: string;
  /** At most 20 characters, good on Linux and Windows, on this node no other account's. */
  readonly userName: string;
  readonly password: string;
  /** Of the user's own key, with `useUserSshKey`. */
  readonly publicKey?: string;
  /** The service in the VM has said that it made the account. */
  readonly isPresent?: true;
}
