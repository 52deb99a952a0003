import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem, SetupError } from "../runtime/model/errors";
import { manifestsOf } from "./service/manifests";
import type { HeadroomServiceArgs } from "./service/service-arguments";

const packageName = "@pulumi/kubernetes";

/**
 * The runtime in a Kubernetes cluster: replicas of `headroom serve` without root on a PostgreSQL and a Pulumi backend that exist.
 * Needs the package `@pulumi/kubernetes`. Its data folders are empty at each start: everything durable is in the database and in
 * the backend. `docs/operations.md` says where the shared secrets come from.
 *
 * @example
 * new headroom.HeadroomService("headroom", {
 *   image: "registry.example.org/headroom:0.1.0", namespace: "headroom", replicas: 3,
 *   databaseUrlFrom: { name: "headroom-database", key: "url" }, backendUrl: "s3://headroom-state?region=eu-west-1",
 *   secretsName: "headroom-secrets", tlsSecretName: "headroom-tls", allowedFrom: [{ cidr: "10.0.0.0/8" }],
 * });
 */
export class HeadroomService extends pulumi.ComponentResource {
  /** Where programs and portals in the cluster reach the API. */
  readonly endpoint: pulumi.Output<string>;
  /** Name of the Service. */
  readonly serviceName: pulumi.Output<string>;

  constructor(name: string, args: HeadroomServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:HeadroomService", name, {}, opts);
    requireWhole(args);
    const declared = manifestsOf(name, args).map((manifest) => {
      const { apiVersion, kind, suffix, ...rest } = manifest;
      const resource = new (loadResource(kind))(
        suffix === "" ? name : `${name}-${suffix}`,
        { apiVersion, kind, ...rest },
        { parent: this },
      );
      return { manifest, resource };
    });
    const service = declared.find(({ manifest }) => manifest.kind === "Service")!.resource;
    this.serviceName = service.metadata.name;
    this.endpoint = pulumi
      .all([service.metadata, args.port])
      .apply(([{ name: serviceName, namespace }, port]) => endpointOf(args, { serviceName, namespace, port }));
    this.registerOutputs({ endpoint: this.endpoint, serviceName: this.serviceName });
  }
}

/** One of each pair, before anything is declared. */
function requireWhole(args: HeadroomServiceArgs): void {
  const pairs = [
    ["databaseUrl", "databaseUrlFrom"],
    ["secrets", "secretsName"],
    ["tlsSecretName", "trustedProxies"],
  ] as const;
  const problems: Problem[] = pairs.flatMap(([one, other]) => {
    const given = [one, other].filter((field) => args[field] !== undefined);
    if (given.length === 1) return [];
    const message =
      given.length === 0 ? `is missing; give ${one} or ${other}` : `stands beside ${other}; give one of them`;
    return [{ path: one, message }];
  });
  for (const [index, { cidr, podLabels, namespaceLabels }] of (args.allowedFrom ?? []).entries()) {
    if (cidr === undefined || (podLabels ?? namespaceLabels) === undefined) continue;
    problems.push({
      path: `allowedFrom[${index}].cidr`,
      message: "stands beside labels; give them as a peer of their own",
    });
  }
  if (problems.length > 0) throw ConfigError.of(problems, "HeadroomService");
}

/** Files of the package by what they declare; only those are loaded. */
const files: Readonly<Record<string, string>> = {
  ServiceAccount: "core/v1/serviceAccount",
  ConfigMap: "core/v1/configMap",
  Secret: "core/v1/secret",
  Service: "core/v1/service",
  Deployment: "apps/v1/deployment",
  PodDisruptionBudget: "policy/v1/podDisruptionBudget",
  NetworkPolicy: "networking/v1/networkPolicy",
};
const otherFile = "apiextensions/customResource";

interface KubernetesResource extends pulumi.CustomResource {
  readonly metadata: pulumi.Output<{ readonly name: string; readonly namespace?: string }>;
}
type KubernetesClass = new (
  name: string,
  args: Readonly<Record<string, unknown>>,
  opts: pulumi.CustomResourceOptions,
) => KubernetesResource;

function loadResource(kind: string): KubernetesClass {
  const file = files[kind];
  const className = file === undefined ? "CustomResource" : kind;
  try {
    const loaded = require(`${packageName}/${file ?? otherFile}`) as Readonly<Record<string, KubernetesClass>>;
    return loaded[className]!;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause;
    throw new SetupError(`HeadroomService needs the package ${packageName}: npm install ${packageName}`, { cause });
  }
}

function endpointOf(
  { tlsSecretName }: HeadroomServiceArgs,
  { serviceName, namespace, port }: { serviceName: string; namespace: string | undefined; port: number | undefined },
): string {
  const [scheme, usual] = tlsSecretName === undefined ? ["http", 80] : ["https", 443];
  const host = `${serviceName}.${namespace ?? "default"}.svc`;
  return port === undefined || port === usual ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}
