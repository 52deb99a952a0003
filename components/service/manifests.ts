/** What a {@link HeadroomService} is in Kubernetes: plain manifests, in the order in which they are made. */
import * as pulumi from "@pulumi/pulumi";
import { podOf, apiPort } from "./pod";
import type { HeadroomServiceArgs, ServicePeerArgs } from "./service-arguments";

export interface Manifest {
  /** Behind the component's name in the resource's; empty = none. */
  readonly suffix: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export const replicasDefault = 2;

export function manifestsOf(name: string, args: HeadroomServiceArgs): Manifest[] {
  const labels = { "app.kubernetes.io/name": "headroom", "app.kubernetes.io/instance": name };
  const metadata = (suffix: string, annotations?: HeadroomServiceArgs["serviceAnnotations"]) => ({
    name: suffix === "" ? name : `${name}-${suffix}`,
    ...(args.namespace === undefined ? {} : { namespace: args.namespace }),
    labels,
    ...(annotations === undefined ? {} : { annotations }),
  });
  const manifest = (suffix: string, apiVersion: string, kind: string, rest: Record<string, unknown>): Manifest => ({
    ...{ suffix, apiVersion, kind, metadata: metadata(suffix) },
    ...rest,
  });
  const own: Record<string, pulumi.Input<string>> = {
    HEADROOM_BACKEND_URL: args.backendUrl,
    ...(args.databaseUrl === undefined ? {} : { HEADROOM_DATABASE_URL: args.databaseUrl }),
  };
  const { replicas = replicasDefault } = args;
  return [
    manifest("", "v1", "ServiceAccount", {
      metadata: metadata("", args.serviceAccountAnnotations),
      automountServiceAccountToken: false,
    }),
    manifest("environment", "v1", "ConfigMap", { data: args.environment ?? {} }),
    manifest("connections", "v1", "Secret", { type: "Opaque", stringData: pulumi.secret(own) }),
    ...(args.secrets === undefined
      ? []
      : [
          manifest("secrets", "v1", "Secret", { type: "Opaque", stringData: pulumi.secret(secretTexts(args.secrets)) }),
        ]),
    manifest("api", "v1", "Service", {
      metadata: metadata("api", args.serviceAnnotations),
      spec: serviceSpec(args, labels),
    }),
    manifest("runtime", "apps/v1", "Deployment", {
      spec: {
        replicas,
        // One more before one goes: whoever leads is there all the time but for the hand-over.
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: labels },
        template: podOf(name, args, labels),
      },
    }),
    manifest("disruptions", "policy/v1", "PodDisruptionBudget", {
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    }),
    manifest("callers", "networking.k8s.io/v1", "NetworkPolicy", { spec: policySpec(args, labels) }),
    ...(args.hasServiceMonitor === true
      ? [manifest("metrics", "monitoring.coreos.com/v1", "ServiceMonitor", { spec: monitorSpec(args, labels) })]
      : []),
  ];
}

/** By the name of their file in a data folder. */
function secretTexts(secrets: NonNullable<HeadroomServiceArgs["secrets"]>): Record<string, pulumi.Input<string>> {
  const { passphrase, encryptionSalt, nodeTokenSecret, secretsKey, adminKey } = secrets;
  return {
    passphrase,
    "encryption-salt": encryptionSalt,
    "node-token-secret": nodeTokenSecret,
    "secrets-key": secretsKey,
    ...(adminKey === undefined ? {} : { "admin-key": adminKey }),
  };
}

type Labels = Readonly<Record<string, string>>;

function serviceSpec(args: HeadroomServiceArgs, labels: Labels): object {
  const port = args.port ?? (args.tlsSecretName === undefined ? 80 : 443);
  return {
    type: args.serviceType ?? "ClusterIP",
    selector: labels,
    ports: [{ name: "api", port, targetPort: "api", protocol: "TCP" }],
  };
}

/** Replicas forward to each other; to clouds, database and backend everything may go out. */
function policySpec({ allowedFrom = [{}] }: HeadroomServiceArgs, labels: Labels): object {
  return {
    podSelector: { matchLabels: labels },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: labels } }, ...allowedFrom.map(peerOf)],
        ports: [{ port: apiPort, protocol: "TCP" }],
      },
    ],
  };
}

function peerOf({ cidr, podLabels, namespaceLabels }: ServicePeerArgs): object {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  return {
    podSelector: podLabels === undefined ? {} : { matchLabels: podLabels },
    ...(namespaceLabels === undefined ? {} : { namespaceSelector: { matchLabels: namespaceLabels } }),
  };
}

function monitorSpec({ tlsSecretName, metricsKeySecretName }: HeadroomServiceArgs, labels: Labels): object {
  const isTls = tlsSecretName !== undefined;
  return {
    selector: { matchLabels: labels },
    endpoints: [
      {
        port: "api",
        path: "/metrics",
        scheme: isTls ? "https" : "http",
        // Pods are asked by their addresses, which no certificate names.
        ...(isTls ? { tlsConfig: { insecureSkipVerify: true } } : {}),
        ...(metricsKeySecretName === undefined
          ? {}
          : { authorization: { credentials: { name: metricsKeySecretName, key: "token" } } }),
      },
    ],
  };
}
