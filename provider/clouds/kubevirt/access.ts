/** How a cluster is reached: by host, certificate and token, or by a kubeconfig that holds them. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import type { AccountIdentity, AccountRules, Settings } from "../../../runtime/model/accounts";
import { ConfigError } from "../../../runtime/model/errors";
import { isRecord } from "../../frame/inputs";
import { isYamlTooDeep } from "../../frame/yaml-nesting";

/** One cluster, and how to get in. Secret. */
export interface Cluster {
  /** `https://...` without a slash at its end; may have a path, as behind Rancher. */
  readonly server: string;
  /** Certificate authorities in PEM; absent = those that the machine trusts. */
  readonly authority?: string;
  /** Name that the cluster's certificate is for, where it is not the server's. */
  readonly serverName?: string;
  readonly token?: string;
  /** In PEM, both. */
  readonly client?: { readonly certificate: string; readonly key: string };
}

const hostField = z
  .string()
  .regex(
    /^(?:https:\/\/)?(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?(?:\/[\w./~-]*)?$/,
    'use the address of the cluster such as "https://kubevirt.example.org:6443": https only, the token would be read on the way',
  );

export const accessFields = {
  host: hostField
    .optional()
    .describe(
      'Address of the cluster\'s API, as a kubeconfig has it under `server`, e.g. "https://kubevirt.example.org:6443". Another one means another cluster: nodes of the old one are still looked for there. Default: `kubeconfig` has it.',
    ),
  sslCertificate: z
    .string()
    .refine((text) => authorityIn(text) !== undefined, {
      message:
        "use the cluster's certificate authority in PEM, as base64: what a kubeconfig has under certificate-authority-data",
    })
    .optional()
    .describe(
      "Certificate authority of the cluster: a PEM file as base64, as a kubeconfig has it under `certificate-authority-data`; PEM itself is taken too. Default: authorities that the machines of the runtime trust.",
    ),
  apiToken: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]+$/, "use the bearer token alone, without blanks and line ends")
    .optional()
    .describe(
      "Bearer token of a service account, e.g. that of a secret of type `kubernetes.io/service-account-token`, which does not end. Default: `kubeconfig` has it.",
    ),
  kubeconfig: z
    .string()
    .max(1024 * 1024)
    .superRefine((text, context) => {
      const found = readKubeconfig(text);
      if (typeof found === "string") context.addIssue({ code: "custom", message: found });
    })
    .optional()
    .describe(
      "In the place of `host`, `sslCertificate` and `apiToken`: a whole kubeconfig in YAML or JSON, with certificates and a token or client certificate in it (`kubectl config view --raw --flatten --minify`). Its current context counts. Default none.",
    ),
};

export const kubevirtSecretFields = ["apiToken", "kubeconfig"] as const;

/** What a request needs of settings that may be an account's alone. */
export const accessSchema = z.object(accessFields);
export type Access = z.output<typeof accessSchema>;

/** One sentence for each thing that is wrong with the ways in that are named, and its field. */
export function accessProblems({ host, sslCertificate, apiToken, kubeconfig }: Access): [string, string][] {
  if (kubeconfig === undefined) {
    const lacking = [...(host === undefined ? ["host"] : []), ...(apiToken === undefined ? ["apiToken"] : [])];
    return lacking.map((field) => [field, "required where there is no kubeconfig"]);
  }
  const doubled = Object.entries({ host, sslCertificate, apiToken }).filter(([, value]) => value !== undefined);
  return doubled.map(([field]) => [field, "not with kubeconfig, which has its own: say it once"]);
}

/** @throws ConfigError when the settings name no way into a cluster. */
export function clusterOf({ host, sslCertificate, apiToken, kubeconfig }: Access): Cluster {
  if (kubeconfig !== undefined) {
    const found = readKubeconfig(kubeconfig);
    if (typeof found === "string") throw ConfigError.of([{ path: "kubeconfig", message: found }]);
    return found;
  }
  if (host === undefined) throw ConfigError.of([{ path: "host", message: "required where there is no kubeconfig" }]);
  const authority = sslCertificate === undefined ? undefined : authorityIn(sslCertificate);
  return {
    server: serverOf(host),
    ...(authority !== undefined && { authority }),
    ...(apiToken !== undefined && { token: apiToken }),
  };
}

/** For the Pulumi provider: one cluster, one user, one context. Secret. */
export function kubeconfigOf({ server, authority, serverName, token, client }: Cluster, namespace: string): string {
  const encoded = (pem: string) => Buffer.from(pem).toString("base64");
  const name = "headroom";
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server,
          ...(authority !== undefined && { "certificate-authority-data": encoded(authority) }),
          ...(serverName !== undefined && { "tls-server-name": serverName }),
        },
      },
    ],
    users: [
      {
        name,
        user: {
          ...(token !== undefined && { token }),
          ...(client && {
            "client-certificate-data": encoded(client.certificate),
            "client-key-data": encoded(client.key),
          }),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    "current-context": name,
  });
}

export const kubevirtAccountRules: AccountRules = {
  fields: Object.keys(accessFields),
  // VMs are looked for in it.
  place: ["namespace"],
  /** No token says which cluster it is of, so the address does. */
  identity: identityOfAccess,
};

function identityOfAccess({ host, kubeconfig }: Settings): AccountIdentity {
  if (typeof host === "string") return { host: serverOf(host).toLowerCase() };
  const found = typeof kubeconfig === "string" ? readKubeconfig(kubeconfig) : "";
  return typeof found === "string" ? {} : { host: found.server.toLowerCase() };
}

function serverOf(host: string): string {
  return `${host.startsWith("https://") ? "" : "https://"}${host}`.replace(/\/+$/, "");
}

/** In PEM; undefined = there is no certificate in it. */
function authorityIn(text: string): string | undefined {
  const pem = text.includes("-----BEGIN ") ? text : Buffer.from(text, "base64").toString("utf8");
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every(isCertificate) ? `${blocks.join("\n")}\n` : undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

const flatten = "write it with `kubectl config view --raw --flatten --minify`";

/** The cluster of its current context, or what is wrong with it, without a value of it: it holds secrets. */
function readKubeconfig(text: string): Cluster | string {
  const document = parsedKubeconfig(text);
  if (!isRecord(document)) return `it is no kubeconfig: ${flatten}`;
  const contexts = entriesOf(document, "contexts", "context");
  const current = document["current-context"] ?? (contexts.size === 1 ? [...contexts.keys()][0] : undefined);
  const context = contexts.get(String(current));
  if (context === undefined) return "it has no current context; choose one with `kubectl config use-context`";
  const cluster = entriesOf(document, "clusters", "cluster").get(String(context["cluster"]));
  const user = entriesOf(document, "users", "user").get(String(context["user"]));
  if (cluster === undefined || user === undefined)
    return "its current context names a cluster or user that is not in it";
  const refusal = clusterProblem(cluster) ?? userProblem(user);
  if (refusal !== undefined) return refusal;
  const pemAt = (value: unknown): string => Buffer.from(String(value), "base64").toString("utf8");
  const authority = cluster["certificate-authority-data"];
  const certificate = user["client-certificate-data"];
  return {
    server: serverOf(String(cluster["server"])),
    ...(typeof authority === "string" && { authority: authorityIn(authority)! }),
    ...(typeof cluster["tls-server-name"] === "string" && { serverName: cluster["tls-server-name"] }),
    ...(typeof user["token"] === "string" && { token: user["token"] }),
    ...(certificate !== undefined && {
      client: { certificate: pemAt(certificate), key: pemAt(user["client-key-data"]) },
    }),
  };
}

function parsedKubeconfig(text: string): unknown {
  if (isYamlTooDeep(text)) return undefined;
  const { parse } = require("yaml") as typeof import("yaml");
  try {
    return parse(text);
  } catch {
    // The parser's message shows the place, with the secret that may stand there.
    return undefined;
  }
}

function entriesOf(document: Settings, list: string, part: string): Map<string, Settings> {
  const entries = Array.isArray(document[list]) ? (document[list] as unknown[]) : [];
  return new Map(
    entries.filter(isRecord).flatMap((entry) => (isRecord(entry[part]) ? [[String(entry["name"]), entry[part]]] : [])),
  );
}

function clusterProblem(cluster: Settings): string | undefined {
  const { server, "certificate-authority-data": authority } = cluster;
  if (!hostField.safeParse(server).success) return "its cluster has no server of the form https://host:port";
  if ("certificate-authority" in cluster)
    return `its certificate authority is a file of somebody's machine: ${flatten}`;
  if (cluster["insecure-skip-tls-verify"] === true) {
    return "it takes any certificate, so that others on the way could read the token: put the cluster's own into certificate-authority-data";
  }
  if ("proxy-url" in cluster) return "it names a proxy: name a server that is reached without one";
  if (authority !== undefined && (typeof authority !== "string" || authorityIn(authority) === undefined)) {
    return "its certificate-authority-data is no PEM certificate as base64";
  }
  return undefined;
}

function userProblem(user: Settings): string | undefined {
  if ("exec" in user || "auth-provider" in user) {
    return "its user logs in by a program of somebody's machine, such as gke-gcloud-auth-plugin: make a service account in the cluster and give its token with host, sslCertificate and apiToken";
  }
  const files = ["tokenFile", "client-certificate", "client-key"].filter((field) => field in user);
  if (files.length > 0) return `its user's ${files.join(", ")} are files of somebody's machine: ${flatten}`;
  if ("username" in user || "password" in user)
    return "its user has a password, which clusters take no longer: use a token";
  const hasCertificate =
    typeof user["client-certificate-data"] === "string" && typeof user["client-key-data"] === "string";
  return typeof user["token"] === "string" || hasCertificate
    ? undefined
    : "its user has neither a token nor a client certificate";
}
