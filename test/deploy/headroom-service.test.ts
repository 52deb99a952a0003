/** The component `HeadroomService`: what Kubernetes is asked for. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { HeadroomService, type HeadroomServiceArgs } from "../../components";
import { ConfigError } from "../../runtime/model/errors";
import { pythonWith } from "../support/python-packages";
import { serveWords, unknownFlags } from "./serve-options";

/** A manifest as the engine is asked for it. */
type Asked = Readonly<Record<string, unknown>> & { readonly kind: string; readonly apiVersion: string };

const secrets = {
  passphrase: "plantedPassphrase",
  encryptionSalt: "plantedSalt",
  nodeTokenSecret: "plantedTokenSecret",
  secretsKey: "plantedSecretsKey",
};
const least: HeadroomServiceArgs = {
  ...{
    image: "example.org/headroom:1",
    databaseUrl: "postgresql://h:plantedPassword@db/h",
    backendUrl: "s3://plantedBucket",
  },
  ...{ secretsName: "kept", tlsSecretName: "tls" },
};
const most: HeadroomServiceArgs = {
  ...{ image: "example.org/headroom:1", namespace: "desks", replicas: 3, backendUrl: "postgres://db/state" },
  ...{ databaseUrlFrom: { name: "database", key: "url" }, secrets, trustedProxies: "10.0.0.0/16", port: 8080 },
  ...{ serviceType: "LoadBalancer", serviceAnnotations: { a: "b" }, serviceAccountAnnotations: { role: "r" } },
  allowedFrom: [{ cidr: "10.0.0.0/8" }, { podLabels: { app: "portal" }, namespaceLabels: {} }],
  ...{
    environment: { HEADROOM_LOG_LEVEL: "info" },
    environmentSecretNames: ["aws"],
    extraArguments: ["--workers", "4"],
  },
  ...{ cpu: "2", memory: "8Gi", ephemeralStorage: "20Gi", imagePullSecretNames: ["registry"] },
  ...{ hasServiceMonitor: true, metricsKeySecretName: "viewer" },
};

describe("HeadroomService", function () {
  this.timeout(600_000);
  const asked: Asked[] = [];
  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => {
        const manifest = inputs as Asked;
        if (manifest.kind !== undefined) asked.push(manifest);
        return { id: `${name}-id`, state: inputs as object };
      },
      call: () => ({}),
    });
  });

  async function declare(name: string, args: HeadroomServiceArgs): Promise<{ manifests: Asked[]; endpoint: string }> {
    asked.splice(0);
    const service = new HeadroomService(name, args);
    const endpoint = await new Promise<string>((resolve) => void service.endpoint.apply(resolve));
    const count = args === most ? 9 : 7;
    while (asked.length < count) await new Promise((resolve) => setImmediate(resolve));
    return { manifests: [...asked], endpoint };
  }

  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, unwrapSecret));
  const podOf = (manifests: readonly Asked[]): PodSpec => {
    const deployment = plain(manifests.find(({ kind }) => kind === "Deployment"));
    return (deployment as { spec: { template: { spec: PodSpec } } }).spec.template.spec;
  };

  it("makes replicas, what they need, and what keeps them up and apart, with and without everything that may be said", async () => {
    const first = await declare("least", least);
    const second = await declare("most", most);

    const always = [
      "ConfigMap",
      "Deployment",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "Secret",
      "Service",
      "ServiceAccount",
    ];
    assert.deepEqual(first.manifests.map(({ kind }) => kind).sort(), always);
    assert.deepEqual(second.manifests.map(({ kind }) => kind).sort(), [...always, "Secret", "ServiceMonitor"].sort());
    assert.equal(first.endpoint, "https://least-api.default.svc");
    assert.equal(second.endpoint, "http://most-api.desks.svc:8080");
    for (const manifest of second.manifests) {
      assert.equal((plain(manifest) as { metadata: { namespace: string } }).metadata.namespace, "desks", manifest.kind);
    }
  });

  it("gives pods no root, no capability, no writable root and no token of the cluster", async () => {
    for (const [name, args] of [
      ["least", least],
      ["most", most],
    ] as const) {
      const spec = podOf((await declare(name, args)).manifests);
      assert.deepEqual([spec.securityContext.runAsNonRoot, spec.automountServiceAccountToken], [true, false]);
      for (const { securityContext } of [...spec.initContainers, ...spec.containers]) {
        assert.deepEqual(securityContext, {
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
          capabilities: { drop: ["ALL"] },
        });
      }
    }
  });

  it("starts the runtime with options and variables that there are, and probes that it answers", async () => {
    const { variables } = serveWords();
    for (const [name, args] of [
      ["least", least],
      ["most", most],
    ] as const) {
      const spec = podOf((await declare(name, args)).manifests);
      const [container] = spec.containers;
      assert.deepEqual(unknownFlags(container!.args), []);
      assert.equal(container!.args[0], "serve");
      const named = container!.env
        .map((variable) => variable.name)
        .filter((variable) => variable.startsWith("HEADROOM_"));
      assert.deepEqual(
        named.filter((variable) => !variables.has(variable)),
        [],
      );
      assert.deepEqual(
        [container!.livenessProbe.httpGet.path, container!.readinessProbe.httpGet.path],
        ["/livez", "/readyz"],
      );
    }
  });

  it("keeps what is secret in Secrets alone, marked as such", async () => {
    for (const [name, args] of [
      ["least", least],
      ["most", most],
    ] as const) {
      const { manifests } = await declare(name, args);
      for (const manifest of manifests) {
        const text = JSON.stringify(manifest);
        if (manifest.kind !== "Secret") assert.doesNotMatch(text, /planted/, manifest.kind);
        else assert.ok(text.includes(secretSignature), "the engine would keep it in clear");
      }
    }
  });

  it("refuses half of a pair, both of one, and a peer of two kinds, before anything is declared", () => {
    asked.splice(0);
    const cases: [Partial<HeadroomServiceArgs>, RegExp][] = [
      [{ databaseUrl: undefined }, /databaseUrl: is missing; give databaseUrl or databaseUrlFrom/],
      [{ databaseUrlFrom: { name: "a", key: "b" } }, /databaseUrl: stands beside databaseUrlFrom/],
      [{ secretsName: undefined }, /secrets: is missing/],
      [{ secrets }, /secrets: stands beside secretsName/],
      [{ tlsSecretName: undefined }, /tlsSecretName: is missing; give tlsSecretName or trustedProxies/],
      [{ allowedFrom: [{ cidr: "10.0.0.0/8", podLabels: {} }] }, /allowedFrom\[0\]\.cidr: stands beside labels/],
    ];
    for (const [index, [change, expected]] of cases.entries()) {
      assert.throws(
        () => new HeadroomService(`refused-${index}`, { ...least, ...change }),
        (error) => error instanceof ConfigError && expected.test(error.message),
      );
    }
    assert.deepEqual(asked, []);
  });

  it("is what the schemas of Kubernetes allow, to the letter [kubernetes-validate from PyPI]", async function () {
    const python = pythonWith("kubernetes-validate==1.37.0");
    if (python === undefined) return this.skip();
    const manifests = [...(await declare("least", least)).manifests, ...(await declare("most", most)).manifests]
      // Its schema is that of the Prometheus operator.
      .filter(({ kind }) => kind !== "ServiceMonitor")
      .map(plain);
    const program = [
      "import json, sys, kubernetes_validate",
      "for manifest in json.load(sys.stdin):",
      "    kubernetes_validate.validate(manifest, '1.31', strict=True)",
      "    print(manifest['kind'])",
    ].join("\n");
    const judged = spawnSync(python, ["-c", program], { input: JSON.stringify(manifests), encoding: "utf8" });
    assert.deepEqual([judged.status, judged.stdout.trim().split("\n").length], [0, manifests.length], judged.stderr);
    const wrong = [{ ...(manifests[0] as object), spec: { nonsense: 1 } }];
    assert.notEqual(spawnSync(python, ["-c", program], { input: JSON.stringify(wrong) }).status, 0);
  });
});

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly initContainers: readonly { readonly securityContext: object }[];
  readonly containers: readonly {
    readonly securityContext: object;
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string }[];
    readonly livenessProbe: { readonly httpGet: { readonly path: string } };
    readonly readinessProbe: { readonly httpGet: { readonly path: string } };
  }[];
}

const secretSignature = "4dabf18193072939515e22adb298388d";

/** Mocks see secrets with their mark. */
function unwrapSecret(_key: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && secretSignature in value
    ? (value as unknown as { value: unknown }).value
    : value;
}
