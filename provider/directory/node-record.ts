/** The computer record of a node in its lane's program. */
import type * as pulumi from "@pulumi/pulumi";
import type { DesiredNode } from "../../runtime/model/state";
import { identityOf } from "../frame/identity";
import { placeOfComputerRecord, type Accounts, type PlaceInAccount } from "../node-accounts";
import type { PulumiProviders } from "../pulumi-providers";
import { directoryAccess } from "./access";

/** Where the node's record is made, if it has one. */
export function directoryOf(node: DesiredNode, accounts: Accounts): { readonly directory?: PlaceInAccount } {
  const { computerRecord } = node;
  return computerRecord ? { directory: placeOfComputerRecord(node, computerRecord, accounts) } : {};
}

/** Answers the options with which the VM comes after the record, and so goes before it. */
export async function declareComputerRecord(
  node: DesiredNode,
  directory: PlaceInAccount,
  { component, providers }: { readonly component: pulumi.ComponentResource; readonly providers: PulumiProviders },
): Promise<Pick<pulumi.CustomResourceOptions, "dependsOn">> {
  const { computerOu, deletesChildren, joinPassword } = node.computerRecord!;
  const provider = await providers.get(directoryAccess, directory);
  const { ComputerRecord } = await import("./computer-record.js");
  const args = { ...identityOf(node), computerOu, deletesChildren, joinPassword };
  const record = new ComputerRecord(`${node.nodeId}-computer`, args, { parent: component, provider });
  return { dependsOn: [record] };
}
