/** Internal: keeps what lets users into servers secret, from the program on. */
import * as pulumi from "@pulumi/pulumi";
import { secretConnectionFields } from "../runtime/model/connection";
import type { StaticMemberArgs } from "./arguments";
import { secretInput } from "./declaration";

type SecretArgs = { readonly [Field in (typeof secretConnectionFields)[number]]?: pulumi.Input<unknown> };

/** The same arguments with the secret ones as secrets; what is left out stays out. */
export function withSecretConnection<Args extends SecretArgs>(args: Args): Args {
  const given = secretConnectionFields.filter((field) => args[field] !== undefined);
  return { ...args, ...Object.fromEntries(given.map((field) => [field, secretInput(args[field])])) };
}

/** Each member's secrets alone, so that the rest of a pool is still shown in a diff. */
export function withSecretMembers(
  members: pulumi.Input<pulumi.Input<StaticMemberArgs>[]> | undefined,
): pulumi.Input<pulumi.Input<StaticMemberArgs>[]> | undefined {
  if (!Array.isArray(members)) return members === undefined ? undefined : pulumi.output(members).apply(withEach);
  return withEach(members);
}

function withEach(members: pulumi.Input<StaticMemberArgs>[]): pulumi.Input<StaticMemberArgs>[] {
  return members.map((member) => {
    const isPlain = !pulumi.Output.isInstance(member) && !(member instanceof Promise);
    return isPlain ? withSecretConnection(member) : pulumi.output(member).apply(withSecretConnection);
  });
}
