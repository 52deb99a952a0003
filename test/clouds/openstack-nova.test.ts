/**
 * Requests for servers, judged by Nova's own JSON schemas (PyPI `nova`), which nobody here wrote: it takes every one that settings lead to,
 * and the emulated cloud refuses what it refuses. Skipped where no Python has Nova.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { wholeInputs } from "../../provider/cloud";
import { openstack } from "../../provider/clouds/openstack";
import { placeIdentity } from "../../provider/clouds/openstack/find";
import { instanceArgs, overridesOf } from "../../provider/clouds/openstack/request";
import type { Inputs } from "../../provider/frame/inputs";
import type { DesiredNode } from "../../runtime/model/state";
import { EmulatedCredentials } from "./emulated-openstack-access";
import { idOf, OpenStackFacts } from "./openstack-facts";
import { askPython, pythonHas } from "./openstack-python";
import { requestOf, type ServerRequest } from "./openstack-request";
import { serverProblem } from "./openstack-rules";

const script = `
import json, sys
from nova.api.openstack.compute.schemas import servers
from nova.api.validation import validators
schemas = {'2.1': servers.create, '2.52': servers.create_v252, '2.67': servers.create_v267}
known = {version: validators._SchemaValidator(schema) for version, schema in schemas.items()}
def problem(request):
    try:
        known[request['microversion']].validate(request['body'])
        return ''
    except Exception as error:
        return str(error)
print(json.dumps([problem(request) for request in json.load(sys.stdin)]))
`;
const judged = (requests: readonly ServerRequest[]): string[] => askPython(script, requests) as string[];

const access = new EmulatedCredentials();
const facts = new OpenStackFacts(access.home, access.other);
const node: Omit<DesiredNode, "settings"> = {
  ...{ nodeId: "n-1", installation: "inst-1", zone: "home", pool: "agents", autoscaleConfig: "agents-main" },
  ...{ vmProvider: "main", kind: "openstack", osType: "linux", startupScript: "" },
};
const minimal = {
  ...{ authUrl: "https://openstack.example.org", applicationCredentialId: "c", applicationCredentialSecret: "s" },
  ...{ imageId: idOf("image", 1), flavor: "gen.medium", networkId: idOf("network", 1) },
};

/** Undefined = these settings are refused. */
function requestFor(over: Inputs, userData = "#!/bin/sh\ntrue"): ServerRequest | undefined {
  const parsed = openstack.vm.settings.safeParse({ ...minimal, ...over });
  if (!parsed.success) return undefined;
  const settings = parsed.data;
  const parts = { overrides: overridesOf, placeIdentity };
  return requestOf(wholeInputs(parts, { ...node, settings }, instanceArgs({ settings }, userData) as Inputs), facts);
}

const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const word = fc.constantFrom("ops", "a b", "labs-1", "läbs", "x".repeat(60), "Zürich (2)");
const key = fc.constantFrom("team", "a b", "x:y", "k.1", "k".repeat(255));
const disks = fc.constantFrom<Inputs>(
  {},
  { createVolume: true, volumeSize: "40GiB" },
  { createVolume: true, volumeSize: "1GiB", volumeType: "ssd" },
  { imageId: undefined, imageName: "windows-2025" },
);
const someSettings = fc.record({
  disks,
  securityGroups: some(fc.array(word, { maxLength: 3 })),
  keyName: some(word),
  availabilityZone: some(word),
  configDrive: fc.boolean(),
  metadata: fc.dictionary(key, fc.string({ maxLength: 255 }), { maxKeys: 3 }),
  configOverride: fc.record(
    {
      tags: fc.uniqueArray(word, { maxLength: 3 }),
      key_name: word,
      config_drive: fc.boolean(),
      personality: fc.constant([{ path: "/etc/motd", contents: "aGVsbG8=" }]),
      scheduler_hints: fc.record({ group: fc.uuid(), different_host: fc.uuid(), tier: word }, { requiredKeys: [] }),
      block_device_mapping_v2: fc.array(
        fc.record(
          {
            source_type: fc.constantFrom("blank", "image", "snapshot"),
            destination_type: fc.constantFrom("volume", "local"),
            uuid: fc.constant(idOf("image", 1)),
            volume_size: fc.constantFrom(1, "20"),
            boot_index: fc.constantFrom(-1, 1, null),
            volume_type: fc.constant("ssd"),
            disk_bus: fc.constantFrom("virtio", "scsi"),
          },
          { requiredKeys: ["source_type", "destination_type"] },
        ),
        { minLength: 1, maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  ),
});

describe("requests for servers as Nova's schemas judge them", () => {
  before(function () {
    if (!pythonHas("nova")) this.skip();
  });

  it("all that settings lead to are taken", () => {
    const settings = fc.sample(someSettings, { numRuns: 1000, seed: 7 });
    const requests = settings.flatMap(({ disks: ofDisks, ...over }) => requestFor({ ...ofDisks, ...over }) ?? []);
    assert.ok(requests.length > 50, `only ${requests.length} settings were taken`);

    const problems = judged(requests).map(
      (problem, index) => problem && `${problem}: ${JSON.stringify(requests[index])}`,
    );

    assert.deepEqual(
      problems.filter((problem) => problem !== ""),
      [],
    );
  });

  it("scripts up to the limit are taken, and longer ones are not", () => {
    const { startupScriptBytesMax: bytesMax } = openstack.vm;
    const [longest, tooLong] = [bytesMax, bytesMax + 1].map((bytes) => requestFor({}, `#${"!".repeat(bytes - 1)}`)!);
    const [taken, refused] = judged([longest!, tooLong!]);
    assert.equal(taken, "");
    assert.match(refused!, /user_data/);
  });

  it("the emulated cloud refuses what they refuse", () => {
    const good = requestFor({})!;
    const changed = (server: Inputs, microversion = "2.1"): ServerRequest => ({
      microversion,
      body: { ...good.body, server: { ...good.body.server, ...server } },
    });
    const requests = [
      ...["n-1", " n-1", "n-1 ", "", "n".repeat(255), "n".repeat(256), "a b"].map((name) => changed({ name })),
      ...["team", "a b", "x:y", "a/b", "ä", "k".repeat(255), "k".repeat(256)].map((key) =>
        changed({ metadata: { [key]: "v" } }),
      ),
      ...[255, 256].map((length) => changed({ metadata: { team: "v".repeat(length) } })),
      ...[65_532, 65_536].map((length) => changed({ user_data: "a".repeat(length) })),
      ...["2.1", "2.52", "2.67"].map((version) => changed({ personality: [{ path: "/a", contents: "" }] }, version)),
    ];

    const ours = requests.map((request) => serverProblem(request, facts, access.home) === undefined);

    assert.deepEqual(
      ours,
      judged(requests).map((problem) => problem === ""),
    );
  });
});
