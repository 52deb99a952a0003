/** The pods of a {@link HeadroomService}: no root, no capability, nothing written but in folders of their own. */
import type * as pulumi from "@pulumi/pulumi";
import type { HeadroomServiceArgs } from "./service-arguments";

/** On which the API answers in each pod. */
export const apiPort = 8700;

/** That of the image. */
const userId = 61_471;

/** Running updates end first; see `--stop` of the runtime's options. Unit: seconds. */
const stopSeconds = 90;

const dataFolder = "/var/lib/headroom";
const secretsFolder = "/run/headroom/secrets";
const tlsFolder = "/run/headroom/tls";

const isolated = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

export function podOf(name: string, args: HeadroomServiceArgs, labels: Readonly<Record<string, string>>): object {
  const { image, imagePullSecretNames = [], tlsSecretName } = args;
  const { memory = "4Gi", cpu = "1", ephemeralStorage = "10Gi" } = args;
  const resources = {
    requests: { cpu, memory, "ephemeral-storage": ephemeralStorage },
    limits: { memory, "ephemeral-storage": ephemeralStorage },
  };
  const folders = [
    { name: "data", mountPath: dataFolder },
    { name: "temporary", mountPath: "/tmp" },
  ];
  const tls = tlsSecretName === undefined ? [] : [{ name: "tls", mountPath: tlsFolder, readOnly: true }];
  return {
    metadata: { labels },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: stopSeconds,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: userId, runAsGroup: userId, fsGroup: userId },
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(imagePullSecretNames.length === 0
        ? {}
        : { imagePullSecrets: imagePullSecretNames.map((secret) => ({ name: secret })) }),
      topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
        ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: labels } },
      })),
      initContainers: [
        {
          // The runtime wants files of its own, that nobody else reads.
          name: "secrets",
          image,
          command: ["sh", "-c", `install -m 0600 ${secretsFolder}/* ${dataFolder}/`],
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
          securityContext: isolated,
          volumeMounts: [folders[0], { name: "secrets", mountPath: secretsFolder, readOnly: true }],
        },
      ],
      containers: [
        {
          ...{ name: "headroom", image, resources, securityContext: isolated },
          args: argumentsOf(args),
          ports: [{ name: "api", containerPort: apiPort, protocol: "TCP" }],
          ...environmentOf(name, args),
          ...probesOf(args),
          volumeMounts: [...folders, ...tls],
        },
      ],
      volumes: volumesOf(name, args),
    },
  };
}

function argumentsOf({
  tlsSecretName,
  trustedProxies,
  extraArguments = [],
}: HeadroomServiceArgs): pulumi.Input<string>[] {
  const tls =
    tlsSecretName === undefined ? [] : ["--tls-cert", `${tlsFolder}/tls.crt`, "--tls-key", `${tlsFolder}/tls.key`];
  const proxies = trustedProxies === undefined ? [] : ["--trust-proxy", trustedProxies];
  return ["serve", "--host", "0.0.0.0", "--port", String(apiPort), ...tls, ...proxies, ...extraArguments];
}

function environmentOf(name: string, args: HeadroomServiceArgs): { env: object[]; envFrom: object[] } {
  const { databaseUrlFrom, environmentSecretNames = [], tlsSecretName } = args;
  const scheme = tlsSecretName === undefined ? "http" : "https";
  const database = databaseUrlFrom && {
    name: "HEADROOM_DATABASE_URL",
    valueFrom: { secretKeyRef: { name: databaseUrlFrom.name, key: databaseUrlFrom.key } },
  };
  return {
    env: [
      { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "HEADROOM_ADVERTISE_URL", value: `${scheme}://$(POD_IP):${apiPort}` },
      ...(database === undefined ? [] : [database]),
    ],
    envFrom: [
      { configMapRef: { name: `${name}-environment` } },
      { secretRef: { name: `${name}-connections` } },
      ...environmentSecretNames.map((secret) => ({ secretRef: { name: secret } })),
    ],
  };
}

/** A pod that lives is not started again because it stands by; one that can't serve gets no requests. */
function probesOf({ tlsSecretName }: HeadroomServiceArgs): object {
  const scheme = tlsSecretName === undefined ? "HTTP" : "HTTPS";
  const ask = (path: string) => ({ httpGet: { path, port: "api", scheme }, timeoutSeconds: 5 });
  return {
    startupProbe: { ...ask("/livez"), periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...ask("/livez"), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...ask("/readyz"), periodSeconds: 5, failureThreshold: 2 },
  };
}

function volumesOf(
  name: string,
  { secretsName, tlsSecretName, ephemeralStorage = "10Gi" }: HeadroomServiceArgs,
): object[] {
  return [
    { name: "data", emptyDir: { sizeLimit: ephemeralStorage } },
    { name: "temporary", emptyDir: { sizeLimit: "1Gi" } },
    { name: "secrets", secret: { secretName: secretsName ?? `${name}-secrets`, defaultMode: 0o440 } },
    ...(tlsSecretName === undefined
      ? []
      : [{ name: "tls", secret: { secretName: tlsSecretName, defaultMode: 0o440 } }]),
  ];
}
