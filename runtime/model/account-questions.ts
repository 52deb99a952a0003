/** What a cloud is asked about, or for, in one account, beside the work of lanes. Plain data: it crosses a process boundary. */
import type { AccountCheck } from "./account-check";
import type { AccountSpec, Settings } from "./accounts";

export interface AskRequest {
  readonly accountId: string;
  /** How to get in, as it is when the question is asked. Secret. */
  readonly account: AccountSpec;
  readonly question: AccountQuestion;
}

export type AccountQuestion =
  /** Who are we there, and is there what this template names? Of the template without the account's fields. */
  | { readonly kind: "check"; readonly template: Settings }
  /** Which VMs are there in one place of the account? */
  | {
      readonly kind: "list";
      readonly installationId: string;
      /** Of a template only what says where, e.g. its region: the `place` fields of the account's rules. */
      readonly place: Settings;
      /** The cloud's ids of VMs that should be there. */
      readonly knownIds: readonly string[];
    }
  /** The password that the cloud made for this VM of Windows; of the template that the node was born with. */
  | { readonly kind: "windowsPassword"; readonly vmId: string; readonly template: Settings }
  | OrphanQuestion;

/** Let this VM go, which nobody knows: only if it is as it was told, and the store permits it at the last moment. */
export interface OrphanQuestion {
  readonly kind: "deleteOrphan";
  readonly epoch: number;
  /** Of the row that tells of it. */
  readonly orphanId: string;
  readonly vmId: string;
  /** Its tag `headroom-node`; absent = it has none. */
  readonly nodeId?: string;
  /** As for a list. */
  readonly installationId: string;
  readonly place: Settings;
  readonly knownIds: readonly string[];
}

/** `failed`: nothing is known, and why, in one sentence. */
export type AccountAnswer =
  | { readonly kind: "check"; readonly check: AccountCheck }
  | { readonly kind: "list"; readonly vms: readonly ListedVm[] }
  /** Secret; absent = there is none yet. */
  | { readonly kind: "windowsPassword"; readonly password?: string | undefined }
  | { readonly kind: "deleted" }
  | { readonly kind: "failed"; readonly failed: string };

/** A VM that exists: it carries the installation's id, or it is one of the known ones. */
export interface ListedVm {
  /** The cloud's id of it. */
  readonly vmId: string;
  /** Its tag `headroom-node`; may be absent for a known one, which need not be read. */
  readonly nodeId?: string;
  /** Its tag `headroom-installation`; absent for a known one that was found by its id alone. */
  readonly installation?: string;
}
