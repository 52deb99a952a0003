/** What {@link HeadroomService} takes. */
import type * as pulumi from "@pulumi/pulumi";

/** The secrets that all replicas of an installation share, as the files of a data folder hold them. */
export interface ServiceSecretsArgs {
  /** File `passphrase`: opens the Pulumi stacks of the nodes. Kept as a secret. */
  readonly passphrase: pulumi.Input<string>;
  /** File `encryption-salt`, made for that passphrase. Kept as a secret. */
  readonly encryptionSalt: pulumi.Input<string>;
  /** File `node-token-secret`: signs the tokens of nodes. Kept as a secret. */
  readonly nodeTokenSecret: pulumi.Input<string>;
  /** File `secrets-key`: seals what is secret in the database. Kept as a secret. */
  readonly secretsKey: pulumi.Input<string>;
  /** File `admin-key`: the first API key. Kept as a secret. Default: each replica makes one, which the database knows not. */
  readonly adminKey?: pulumi.Input<string>;
}

/** One key of a Secret that exists. */
export interface SecretKeyArgs {
  /** Name of the Secret, in the service's namespace. */
  readonly name: pulumi.Input<string>;
  /** Which of its keys, e.g. "url". */
  readonly key: pulumi.Input<string>;
}

/** Who may connect to the API, as a peer of a NetworkPolicy: each part that is given must fit. */
export interface ServicePeerArgs {
  /** Labels of the pods. Default: any. */
  readonly podLabels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Labels of the pods' namespace; `{}` = every namespace. Default: the service's own. */
  readonly namespaceLabels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Addresses outside of the cluster, e.g. "10.0.0.0/8". Stands alone: no labels beside it. Default none. */
  readonly cidr?: pulumi.Input<string>;
}

export interface HeadroomServiceArgs {
  /** The image, built by `deploy/Dockerfile`, e.g. "registry.example.org/headroom:0.1.0". */
  readonly image: pulumi.Input<string>;
  /** Namespace of everything; it must exist. Default: that of the Kubernetes provider. */
  readonly namespace?: pulumi.Input<string>;
  /** Pods, of which one leads and the others forward to it and take over. 1 to 9. Default 2. */
  readonly replicas?: pulumi.Input<number>;
  /** `postgresql://user:password@host:5432/database`, not through a pooler that shares connections. Kept as a secret. */
  readonly databaseUrl?: pulumi.Input<string>;
  /** In the place of `databaseUrl`: the Secret that has it. */
  readonly databaseUrlFrom?: SecretKeyArgs;
  /**
   * Pulumi backend of the lanes' stacks that all replicas reach: "s3://...", "gs://...", "azblob://...", "postgres://..." or
   * "https://api.pulumi.com". A folder of one pod is none. Kept as a secret.
   */
  readonly backendUrl: pulumi.Input<string>;
  /** What the replicas share, for a Secret that is made. */
  readonly secrets?: ServiceSecretsArgs;
  /** In the place of `secrets`: name of a Secret with the keys passphrase, encryption-salt, node-token-secret, secrets-key and, if wanted, admin-key. */
  readonly secretsName?: pulumi.Input<string>;
  /** Name of a Secret of type `kubernetes.io/tls`: the API is https then, and takes a renewed one as it comes. Default none. */
  readonly tlsSecretName?: pulumi.Input<string>;
  /**
   * Without `tlsSecretName`: the proxies that do TLS, how many of them ("1") or their addresses ("10.0.0.0/16"), such as
   * those of an ingress. One of the two must be given: keys never pass in plain text.
   */
  readonly trustedProxies?: pulumi.Input<string>;
  /** Port of the Service. Default 443 with `tlsSecretName`, else 80. */
  readonly port?: pulumi.Input<number>;
  /** Type of the Service. Default "ClusterIP". */
  readonly serviceType?: pulumi.Input<"ClusterIP" | "NodePort" | "LoadBalancer">;
  /** Annotations of the Service, such as those that choose a load balancer. Default none. */
  readonly serviceAnnotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Who may connect to the API beside the replicas themselves. VMs and users must be among them. Default: pods of the same namespace. */
  readonly allowedFrom?: readonly ServicePeerArgs[];
  /** Environment that is no secret, such as `HEADROOM_LOG_LEVEL` or `AWS_REGION`; in a ConfigMap. Default none. */
  readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Names of Secrets whose keys become environment variables, such as the backend's credentials. Default none. */
  readonly environmentSecretNames?: readonly pulumi.Input<string>[];
  /** More words for `headroom serve`, e.g. `["--workers", "8"]`. Default none. */
  readonly extraArguments?: readonly pulumi.Input<string>[];
  /** Annotations of the ServiceAccount, such as the role of a cloud that it stands for. Default none. */
  readonly serviceAccountAnnotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Cores that each pod is sure of, as Kubernetes writes them. An update takes about half a core. Default "1". */
  readonly cpu?: pulumi.Input<string>;
  /** Memory of each pod, at least and at most. The service takes 300 MiB and each update that runs about 600 MiB. Default "4Gi". */
  readonly memory?: pulumi.Input<string>;
  /** Space for lanes' folders, plugins and logs of each pod; lost with it. Default "10Gi". */
  readonly ephemeralStorage?: pulumi.Input<string>;
  /** Names of Secrets with the registry's credentials. Default none. */
  readonly imagePullSecretNames?: readonly pulumi.Input<string>[];
  /** Whether to make a ServiceMonitor, which needs the Prometheus operator's resources in the cluster. Default false. */
  readonly hasServiceMonitor?: boolean;
  /** Name of a Secret whose key `token` is an API key with scope viewer, with which `/metrics` is read. Default: it is read without one. */
  readonly metricsKeySecretName?: pulumi.Input<string>;
}
