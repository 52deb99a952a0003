/** What is DigitalOcean's own: settings, identity, every setting as it arrives in the API's request, refusals, records. */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { digitalocean } from "../../provider/clouds/digitalocean";
import { placeIdentity, readIdentity } from "../../provider/clouds/digitalocean/find";
import { dropletInputs, dropletSettingsSchema } from "../../provider/clouds/digitalocean/settings";
import { problemsOf } from "../../runtime/model/config";
import type { DesiredNode, DnsSpec } from "../../runtime/model/state";
import { enginesHere } from "../executor/bench";
import { removeFolder } from "../support/remove-folder";
import { apiError, createError, problemIn, requestOf } from "./digitalocean-api";
import { EmulatedDigitalOcean } from "./emulated-digitalocean";
import { NodeStack } from "./node-stack";
import { dnsProviderOf, vmProviderOf } from "./registered";
import { SdkTypes } from "./sdk-types";

const minimal = { token: "token-of-K1", region: "nyc1", image: "ubuntu-24-04-x64", size: "c-2" };

const aNode = (nodeId: string, settings: Record<string, unknown> = {}, over: Partial<DesiredNode> = {}) =>
  ({
    nodeId,
    zone: "home",
    pool: "agents",
    autoscaleConfig: "agents-do",
    vmProvider: "main",
    installation: "i-lab",
    kind: "digitalocean",
    settings: { ...minimal, ...settings },
    osType: "linux",
    startupScript: "#!/bin/sh\ntrue",
    ...over,
  }) as DesiredNode;

const problemsIn = (settings: Record<string, unknown>) => {
  const given = { ...minimal, ...settings };
  const parsed = dropletSettingsSchema.safeParse(given);
  return parsed.success ? [] : problemsOf(parsed.error, given);
};
const pathsIn = (settings: Record<string, unknown>) => problemsIn(settings).map(({ path }) => path);

describe("DigitalOcean settings", () => {
  it("need token, region, image and size, and nothing else", () => {
    assert.deepEqual(pathsIn({}), []);
    const parsed = dropletSettingsSchema.safeParse({});
    assert.deepEqual(parsed.error?.issues.map(({ path }) => path.join(".")).sort(), Object.keys(minimal).sort());
  });

  it("take tags as a list and as a text, and refuse those that the API refuses or that say whose a Droplet is", () => {
    const tagsOf = (tags: unknown) => dropletSettingsSchema.parse({ ...minimal, tags }).tags;
    assert.deepEqual(tagsOf(["team:labs", "web"]), ["team:labs", "web"]);
    assert.deepEqual(tagsOf("team:labs, web"), ["team:labs", "web"]);
    assert.deepEqual(tagsOf("zone_1"), ["zone_1"]);
    for (const tags of ["a b", "a,,b", ["ä"], ["x".repeat(256)], "headroom-zone:mine", ["Headroom-Node:n1"]]) {
      const [problem, ...others] = problemsIn({ tags });
      assert.match(problem?.path ?? "", /^tags(\[0\])?$/);
      assert.match(problem!.message, /a tag has 1 to 255 letters, digits/);
      assert.deepEqual(others, []);
    }
  });

  it("take one name of an SSH key, or several", () => {
    const keysOf = (sshKeyName: unknown) => dropletSettingsSchema.parse({ ...minimal, sshKeyName }).sshKeyName;
    assert.deepEqual(keysOf(undefined), []);
    assert.deepEqual(keysOf("ops, night"), ["ops, night"], "names may have commas");
    assert.deepEqual(keysOf(["ops", "night", "ops"]), ["ops", "night"]);
    for (const names of ["", [], [""], [1], Array.from({ length: 51 }, (_, index) => `key ${index}`)]) {
      assert.match(pathsIn({ sshKeyName: names }).join(), /^sshKeyName/);
    }
  });

  it("warn of a script that the image would not open, and of no other", () => {
    const encoded = Buffer.from("#!/bin/sh\necho hello there, whoever you are\n").toString("base64");
    const warningOf = (script: string) => digitalocean.vm.scriptWarning?.(script, dropletSettingsSchema.parse(minimal));
    for (const script of [encoded, `\n${encoded}\n`]) assert.match(String(warningOf(script)), /plain text/);
    for (const script of ["#!/bin/sh\ntrue", "#cloud-config\n", "echo hello", ""])
      assert.equal(warningOf(script), undefined);
  });

  it("refuse what contradicts itself", () => {
    const override = (inputOverride: object, more: object = {}) => pathsIn({ inputOverride, ...more });
    assert.deepEqual(override({ sshKeys: ["1"] }, { sshKeyName: "ops" }), ["inputOverride.sshKeys"]);
    assert.deepEqual(override({ publicNetworking: false }, { addressType: "public" }), [
      "inputOverride.publicNetworking",
    ]);
    assert.deepEqual(override({ publicNetworking: false, ipv6: true }), ["inputOverride.ipv6"]);
    assert.deepEqual(override({ backupPolicy: { plan: "daily" } }), ["inputOverride.backupPolicy"]);
    assert.deepEqual(override({ backupPolicy: { plan: "daily", hour: 4 }, backups: true }), []);
    assert.deepEqual(pathsIn({ vpcUuid: "do:vpc:1", firewallId: "agents" }).sort(), ["firewallId", "vpcUuid"]);
    const firewallId = "bb4b2611-3d72-467b-8602-280330ecd65c";
    assert.deepEqual(pathsIn({ firewallName: "agents", firewallId }), ["firewallId"]);
  });

  it("name every field of an override that is unknown, protected or of another shape, with its path", () => {
    const inputOverride = {
      monitorin: true,
      monitoring: "yes",
      name: "mine",
      userData: "#!/bin/sh",
      tags: ["a"],
      region: "fra1",
      volumeIds: ["v"],
      backups: true,
      backupPolicy: { plan: "hourly", day: 1 },
      sshKeys: [1],
    };

    assert.deepEqual(
      problemsIn({ inputOverride })
        .map(({ path }) => path.replace(/\[\d\]/, ""))
        .sort(),
      [
        "inputOverride.backupPolicy.day",
        "inputOverride.backupPolicy.plan",
        "inputOverride.monitorin",
        "inputOverride.monitoring",
        "inputOverride.name",
        "inputOverride.region",
        "inputOverride.sshKeys",
        "inputOverride.tags",
        "inputOverride.userData",
        "inputOverride.volumeIds",
      ],
    );
  });

  it("know every input that the SDK has", () => {
    const inputs = new SdkTypes("@pulumi/digitalocean").read("droplet", "DropletArgs");
    assert.deepEqual(Object.keys(dropletInputs).sort(), [...inputs.fields.keys()].sort());
  });
});

describe("whose a Droplet is", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/);
  const identity = fc.record(
    { nodeId: name, installation: name, zone: name, pool: name, config: name },
    { requiredKeys: ["nodeId", "zone", "pool", "config"] },
  );
  const someTags = fc.array(fc.stringMatching(/^[A-Za-z0-9:_-]{1,30}$/), { maxLength: 5 });

  it("stands in its name and its tags, which the API takes and which read themselves back, whatever a user adds", () => {
    fc.assert(
      fc.property(identity, someTags, (of, tags) => {
        const inputs = placeIdentity({ size: "c-2", image: "x", name: "mine", tags }, of) as {
          name: string;
          tags: string[];
        };
        assert.equal(problemIn(requestOf(inputs)), undefined);
        const { installation } = of;
        assert.deepEqual(readIdentity(inputs.name, inputs.tags), {
          nodeId: of.nodeId,
          ...(installation === undefined ? {} : { installation }),
        });
      }),
    );
  });

  it("makes no tag for each node: nodes of one config have the same ones", () => {
    const tagsOf = (nodeId: string) =>
      placeIdentity({ tags: ["web"] }, { nodeId, installation: "i", zone: "z", pool: "p", config: "c" })["tags"];
    assert.deepEqual(tagsOf("n1"), tagsOf("n2"));
  });

  it("is nobody's without a tag of ours, or with a name that no node has", () => {
    assert.deepEqual(readIdentity("n1", ["web"]), {});
    assert.deepEqual(readIdentity("Made.By.Hand", ["headroom-installation:i"]), { installation: "i" });
  });
});

describe("DigitalOcean failures", () => {
  const texts: readonly (readonly [string, string])[] = [
    [createError(422, "Size is not available in this region."), "CAPACITY"],
    [createError(422, "This size is unavailable"), "CAPACITY"],
    [createError(422, "Region is not available"), "CAPACITY"],
    [createError(422, "nyc2 is unavailable."), "CAPACITY"],
    [createError(422, "creating this/these droplet(s) will exceed your droplet limit"), "QUOTA"],
    [createError(422, "You specified an invalid image for Droplet creation."), "CONFIG"],
    [createError(422, "3b:16 are invalid key identifiers for Droplet creation."), "CONFIG"],
    [createError(422, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"), "CONFIG"],
    [createError(401, "Unable to authenticate you"), "CONFIG"],
    [createError(403, "You are not authorized to perform this operation"), "CONFIG"],
    [createError(404, "The resource you requested could not be found."), "CONFIG"],
    [createError(404, "subnet status is not available"), "TRANSIENT"],
    [createError(422, "Droplet already has a pending event."), "TRANSIENT"],
    [createError(429, "Too many requests"), "TRANSIENT"],
    [createError(503, "Service Unavailable; giving up after 5 attempt(s)"), "TRANSIENT"],
    [createError(524, "<!DOCTYPE html>"), "TRANSIENT"],
    [
      `Error waiting for droplet (412) to become ready: Error retrieving droplet: ${apiError("GET", "droplets/412", 404, "The resource you requested could not be found.")}`,
      "TRANSIENT",
    ],
    ["read tcp 10.0.0.1:5000->104.16.0.1:443: read: connection reset by peer", "TRANSIENT"],
  ];
  const { classify } = vmProviderOf("digitalocean");
  for (const [text, failureClass] of texts) {
    it(`${failureClass}: ${text.replace(/\s+/g, " ").trim()}`, () => {
      assert.equal(classify(text), failureClass);
      assert.equal(classify(text.replace(/ \(request "[^"]*"\)/g, "")), failureClass, "without the request's id");
    });
  }

  it("are not taken from names and other numbers in a text", () => {
    for (const text of [
      'image "size is not available in this region" is being looked up',
      "422 Size is not available in this region",
      "droplet 429 has 503 tags",
    ]) {
      assert.equal(classify(text), undefined, text);
    }
  });
});

describe("DigitalOcean through an update", () => {
  let folder: string;
  let cloud: EmulatedDigitalOcean;
  let stack: NodeStack;
  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "headroom-digitalocean-")));
    cloud = new EmulatedDigitalOcean();
    await cloud.cloud.listen();
    const [engine] = await enginesHere();
    const environment = { PULUMI_DEBUG_PROVIDERS: cloud.cloud.debugProvider };
    const providers = { vm: vmProviderOf("digitalocean"), dns: dnsProviderOf("digitalocean") };
    stack = await NodeStack.open({ engine: engine!, folder, cloud: providers, environment });
  });
  after(() => {
    cloud?.cloud.close();
    removeFolder(folder);
  });

  it("sends every setting where the API expects it", async () => {
    const dns = (settings: object, baseDomainName: string) =>
      ({
        kind: "digitalocean",
        settings: { token: "token-of-K1", ...settings },
        baseDomainName,
        ttlSeconds: 5,
      }) as DnsSpec;
    const vpcUuid = "760e09ef-dc84-41e8-981e-3cfdfeaae000";
    const report = await stack.update(
      [
        aNode("n-plain", {}, { startupScript: "" }),
        aNode("n-full", { tags: "team:labs", sshKeyName: "ops", vpcUuid, inputOverride: { ipv6: true } }),
        aNode("n-gpu", { size: "gpu-h100x8-640gb", image: "2", inputOverride: { sshKeys: ["289794"] } }),
        aNode("n-public", { addressType: "public" }, { dns: dns({}, "a.labs.example.org") }),
        aNode("n-chosen", {}, { dns: dns({ domain: "example.org" }, "labs.example.org") }),
      ],
      ["n-gpu", "n-plain", "n-none"],
    );

    assert.deepEqual([...report.errors], []);
    const requests = new Map([...cloud.droplets.values()].map(({ name, inputs }) => [name, requestOf(inputs)]));
    const tags = [
      "headroom-config:agents-do",
      "headroom-installation:i-lab",
      "headroom-pool:agents",
      "headroom-zone:home",
    ];
    const plain = { name: "n-plain", region: "nyc1", image: "ubuntu-24-04-x64", size: "c-2", tags };
    assert.deepEqual(requests.get("n-plain"), plain);
    assert.deepEqual(requests.get("n-full"), {
      ...plain,
      name: "n-full",
      tags: [...tags, "team:labs"],
      ssh_keys: ["3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45"],
      vpc_uuid: vpcUuid,
      ipv6: true,
      user_data: "#!/bin/sh\ntrue",
    });
    assert.equal(requests.get("n-gpu")?.["image"], 2);
    assert.deepEqual(requests.get("n-gpu")?.["ssh_keys"], [289_794]);
    assert.deepEqual(report.found.map(({ nodeId }) => nodeId).sort(), ["n-gpu", "n-plain"], "also those with GPUs");
    const records = [...cloud.dnsRecords.values()].map(({ domain, name, address }) => [domain, name, address]);
    const addressOf = (name: string, output: string) =>
      [...cloud.droplets.values()].find((one) => one.name === name)?.outputs[output];
    assert.deepEqual(records.sort(), [
      ["example.org", "n-chosen.labs", addressOf("n-chosen", "ipv4AddressPrivate")],
      ["labs.example.org", "n-public.a", addressOf("n-public", "ipv4Address")],
    ]);
    const ttls = cloud.cloud.journal.flatMap(({ inputs }) => (inputs?.["ttl"] === undefined ? [] : [inputs["ttl"]]));
    assert.deepEqual(ttls, [30, 30], "the API takes no less");
  });

  it("is stopped by the team's limit and leaves nothing of the refused Droplet", async () => {
    cloud.dropletsMax = cloud.droplets.size;
    const before = cloud.leftovers();

    const report = await stack.update([aNode("n-plain", {}, { startupScript: "" }), aNode("n-more")]);

    assert.equal(vmProviderOf("digitalocean").classify(report.errors.get("n-more") ?? ""), "QUOTA");
    assert.ok(cloud.leftovers().every((id) => before.includes(id)));
    await stack.destroy();
    assert.deepEqual(cloud.leftovers(), []);
    assert.deepEqual(cloud.violations, []);
  });

  it("refuses a domain of the settings that records can't be below, before anything is asked", async () => {
    const dns = { settings: { token: "t", domain: "example.com" }, baseDomainName: "labs.example.org", ttlSeconds: 60 };
    const record = { identity: { nodeId: "n1", zone: "z", pool: "p", config: "c" }, dns };
    await assert.rejects(
      digitalocean.dns.prepareRecord(record as never, {}),
      /got "labs.example.org"; it does not end in the domain that is given, "example.com"/,
    );
  });
});
