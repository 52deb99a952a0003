/**
 * Arguments that a program gives as outputs of other resources, as the plain values that a cloud's code works with. What
 * came with an output is kept: whoever it rests on is waited for, and what is secret stays secret.
 */
import * as pulumi from "@pulumi/pulumi";

/** What the SDK keeps beside a value. Stable since its 3.0; it has no public name. */
interface Inside {
  readonly isKnown: Promise<boolean>;
  readonly isSecret: Promise<boolean>;
  promise(): Promise<unknown>;
  allResources?(): Promise<ReadonlySet<pulumi.Resource>>;
}

export type Given<Plain> =
  | {
      readonly value: Plain;
      /** For the resources that are made of the value. */
      readonly options: pulumi.CustomResourceOptions;
    }
  /** In a preview, of a value that is not known before the update. */
  | { readonly unknown: pulumi.Output<never> };

/** True when no output and no promise is in it, at any depth. */
export function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return Object.values(value).every(isPlain);
}

/**
 * The arguments with every output in its place.
 *
 * @param secretPaths Paths in dots whose values are kept as secrets by whoever makes resources of them. When anything else is
 * given as a secret, all inputs of the resources become secrets: nobody can tell into which ones it goes.
 */
export async function whenKnown<Plain>(args: object, secretPaths: readonly string[]): Promise<Given<Plain>> {
  const given = pulumi.output(args) as pulumi.Output<unknown>;
  const inside = given as unknown as Inside;
  if (!(await inside.isKnown)) return { unknown: given as pulumi.Output<never> };
  const dependsOn = [...((await inside.allResources?.()) ?? [])];
  const isHidden = await hasSecret(args, secretPaths.map(pathOf));
  const options = { dependsOn, ...(isHidden ? { transformations: [hideInputs] } : {}) };
  return { value: (await inside.promise()) as Plain, options };
}

/** `a.b[].c` → `a`, `b`, `*`, `c`. */
function pathOf(path: string): string[] {
  return path.replaceAll("[]", ".*").split(".");
}

/** Whether an output in it is secret, but for those at these paths and below. */
async function hasSecret(value: unknown, exempt: readonly (readonly string[])[]): Promise<boolean> {
  if (typeof value !== "object" || value === null) return false;
  if (exempt.some((path) => path.length === 0)) return false;
  if (value instanceof Promise) return hasSecret(await value, exempt);
  if (pulumi.Output.isInstance(value)) {
    const inside = value as unknown as Inside;
    // What is inside has lost its own marks: a whole that is secret is so in each part that is not exempt.
    return (await inside.isSecret) && hasPlace(await inside.promise(), exempt);
  }
  for (const [key, inner] of Object.entries(value)) {
    if (await hasSecret(inner, below(exempt, Array.isArray(value) ? "*" : key))) return true;
  }
  return false;
}

/** Whether it has a value that is at none of these paths. */
function hasPlace(value: unknown, exempt: readonly (readonly string[])[]): boolean {
  if (exempt.some((path) => path.length === 0) || value === undefined) return false;
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).some(([key, inner]) => hasPlace(inner, below(exempt, Array.isArray(value) ? "*" : key)));
}

function below(paths: readonly (readonly string[])[], key: string): string[][] {
  return paths.filter(([first]) => first === key).map(([, ...rest]) => rest);
}

const hideInputs: pulumi.ResourceTransformation = ({ props, opts }) => ({
  props: Object.fromEntries(
    Object.entries(props as pulumi.Inputs).map(([name, value]) => [
      name,
      value === undefined ? undefined : pulumi.secret(value),
    ]),
  ),
  opts,
});
