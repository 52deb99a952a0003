/** What an OpenStack config may say, and what becomes of it in Nova's request. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { wholeInputs } from "../../provider/cloud";
import { openstack } from "../../provider/clouds/openstack";
import { endpointOverrides, identityUrl } from "../../provider/clouds/openstack/endpoints";
import { placeIdentity } from "../../provider/clouds/openstack/find";
import { serverFields } from "../../provider/clouds/openstack/overrides";
import { instanceArgs, overridesOf } from "../../provider/clouds/openstack/request";
import type { OpenStackSettings } from "../../provider/clouds/openstack/settings";
import { identityKeys } from "../../provider/frame/identity";
import type { Inputs } from "../../provider/frame/inputs";
import { problemsOf } from "../../runtime/model/config";
import type { DesiredNode } from "../../runtime/model/state";
import { idOf, OpenStackFacts } from "./openstack-facts";
import { requestOf } from "./openstack-request";
import { instanceInputs } from "./openstack-types";
import { findTypeProblems } from "./sdk-types";

const minimal = {
  authUrl: "https://openstack.example.org:5000",
  applicationCredentialId: "c1",
  applicationCredentialSecret: "s1",
  imageId: idOf("image", 1),
  flavor: "gen.medium",
  networkId: idOf("network", 1),
};
const volume = { createVolume: true, volumeSize: "40GiB" };
const byPassword = {
  ...{ authMethod: "password", applicationCredentialId: undefined, applicationCredentialSecret: undefined },
  ...{ username: "u", password: "p", projectName: "labs" },
};
const settingsWith = (over: Inputs) => ({ ...minimal, ...over });
const problems = (over: Inputs): string[] => {
  const given = settingsWith(over);
  const parsed = openstack.vm.settings.safeParse(given);
  return parsed.success ? [] : problemsOf(parsed.error, given).map(({ path, message }) => `${path}: ${message}`);
};

const facts = new OpenStackFacts("home", "other");
const node: Omit<DesiredNode, "settings"> = {
  ...{ nodeId: "n-1", installation: "inst-1", zone: "home", pool: "agents", autoscaleConfig: "agents-main" },
  ...{ vmProvider: "main", kind: "openstack", osType: "linux", startupScript: "" },
};
/** What the plugin is given, and the server in the request that it makes of it. */
const sent = (over: Inputs): { readonly inputs: Inputs; readonly server: Inputs; readonly hints: unknown } => {
  const settings = openstack.vm.settings.parse(settingsWith(over)) as OpenStackSettings;
  const parts = { overrides: overridesOf, placeIdentity };
  const inputs = wholeInputs(parts, { ...node, settings }, instanceArgs({ settings }, "#!/bin/sh\ntrue") as Inputs);
  assert.deepEqual(findTypeProblems(instanceInputs, inputs), []);
  const { body } = requestOf(inputs, facts);
  return { inputs, server: body.server, hints: body["os:scheduler_hints"] };
};

describe("an OpenStack config", () => {
  it("needs no more than a way in, an image, a flavor and a network", () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(problems({ ...byPassword, networkId: undefined, networkName: "labs" }), []);
    assert.deepEqual(problems({ imageId: undefined, imageName: "ubuntu", flavor: undefined, flavorId: "1" }), []);
  });

  describe("refuses with its path", () => {
    for (const [what, over, expected] of [
      ["an address without a scheme", { authUrl: "openstack.example.org:5000" }, /^authUrl: .*with its scheme/],
      ["one that is none", { authUrl: "https://" }, /^authUrl: .*no address/],
      ["one of another scheme", { authUrl: "ftp://openstack" }, /^authUrl: .*with its scheme/],
      ["Keystone's version 2", { authUrl: "https://openstack:5000/v2.0" }, /^authUrl: .*version 2 of Keystone is gone/],
      ["a password in an address", { authUrl: "https://u:p@openstack" }, /^authUrl: .*no user name and password/],
      ["an open way to Keystone", { authUrl: "http://openstack:5000" }, /^authUrl: .*or set insecure/],
      ["an open way to Nova", { novaEndpoint: "http://nova:8774" }, /^novaEndpoint: .*or set insecure/],
      ["a service without a scheme", { cinderEndpoint: "cinder:8776/v3" }, /^cinderEndpoint: .*with its scheme/],
      [
        "a secret that lacks",
        { applicationCredentialSecret: undefined },
        /^applicationCredentialSecret: .*required with/,
      ],
      [
        "a project beside an application credential",
        { projectName: "labs" },
        /^projectName: .*is of one user and project/,
      ],
      ["a domain beside one", { userDomainName: "Default" }, /^userDomainName: .*not with authMethod/],
      ["a user beside one", { username: "u", password: "p" }, /^username: .*not with authMethod/],
      ["a credential beside a password", { ...byPassword, applicationCredentialId: "c" }, /^applicationCredentialId: /],
      ["a password without a project", { ...byPassword, projectName: undefined }, /^projectName: .*required with/],
      ["a certificate that is a path", { caCertificate: "/etc/ssl/ca.pem" }, /^caCertificate: .*in PEM/],
      [
        "a certificate that nobody looks at",
        { insecure: true, caCertificate: "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n" },
        /^caCertificate: .*not with insecure/,
      ],
      ["a version of Nova that is none", { novaVersion: "v2" }, /^novaVersion: .*microversion such as "2\.90"/],
      ["Glance's version 1", { glanceVersion: "1" }, /^glanceVersion: .*use "2"/],
      ["Cinder's version 2", { cinderVersion: "2" }, /^cinderVersion: .*version 2 is gone/],
      ["an image by its name in the place of its id", { imageId: "ubuntu-24.04" }, /^imageId: .*id of an image/],
      ["an image said twice", { imageName: "ubuntu" }, /^imageName: .*not with imageId/],
      ["no image", { imageId: undefined }, /^imageId: .*required, or imageName/],
      ["a flavor said twice", { flavorId: "1" }, /^flavorId: .*not with flavor/],
      ["no flavor", { flavor: undefined }, /^flavor: .*required, or flavorId/],
      ["a network said twice", { networkName: "labs" }, /^networkName: .*not with networkId/],
      ["no network", { networkId: undefined }, /^networkId: .*required, or networkName/],
      ["a network by its name in the place of its id", { networkId: "labs" }, /^networkId: .*id of a network/],
      ["a volume of no size", { createVolume: true }, /^volumeSize: .*required with createVolume/],
      ["a size of no volume", { volumeSize: "40GiB" }, /^volumeSize: .*only with createVolume/],
      ["a type of no volume", { volumeType: "ssd" }, /^volumeType: .*only with createVolume/],
      ["a volume of parts of a GiB", { createVolume: true, volumeSize: "1500MiB" }, /^volumeSize: .*whole GiB/],
      [
        "a volume of an image by its name",
        { ...volume, imageId: undefined, imageName: "ubuntu" },
        /^imageName: .*not with createVolume: name the image by imageId/,
      ],
      ["a host in the zone's name", { availabilityZone: "nova:host-1" }, /^availabilityZone: .*without a host/],
      ["blanks around a name", { keyName: " ops" }, /^keyName: .*without a blank/],
      ["metadata with a slash", { metadata: { "team/name": "x" } }, /^metadata.*a key has/],
      ["metadata that is no text", { metadata: { team: 1 } }, /^metadata\.team: /],
      ["metadata that is too long", { metadata: { team: "x".repeat(256) } }, /^metadata\.team: .*255/],
      ["our own metadata", { metadata: { "headroom-node": "mine" } }, /^metadata.*whose a VM is/],
      ["groups as a text", { securityGroups: "sg1,sg2" }, /^securityGroups: /],
      ["a setting that is not there", { floatingIp: true }, /^floatingIp: /],
    ] as const) {
      it(what, () => {
        const found = problems(over);

        assert.equal(found.length > 0, true, "it is taken");
        assert.match(found.join("\n"), new RegExp(expected.source, "m"));
      });
    }
  });

  it("tells all of its problems at once", () => {
    const paths = problems({ createVolume: true, flavor: undefined, networkId: undefined }).map(
      (each) => each.split(":")[0],
    );
    assert.deepEqual(paths.sort(), ["flavor", "networkId", "volumeSize"]);
  });
});

describe("an override in Nova's words", () => {
  const at = (configOverride: Inputs) => problems({ configOverride });
  const disk = { source_type: "blank", destination_type: "volume", volume_size: 10 };

  for (const [what, configOverride, expected] of [
    ["another name", { name: "mine" }, /name: .*its node's id/],
    ["another host name", { hostname: "mine" }, /hostname: .*its node's id/],
    ["our metadata", { metadata: { "headroom-pool": "mine" } }, /metadata.*whose a VM is/],
    ["a script", { user_data: "IyE=" }, /user_data: .*startupScript/],
    ["a password in clear", { adminPass: "secret" }, /adminPass: .*in clear/],
    ["many VMs", { max_count: 2 }, /max_count: .*exactly one VM/],
    ["an image", { imageRef: idOf("image", 1) }, /imageRef: .*use the setting imageId/],
    ["a flavor", { flavorRef: "1" }, /flavorRef: .*use the setting flavorId/],
    ["what the plugin can't send", { description: "x" }, /description: .*can't send it/],
    ["one host for all", { hypervisor_hostname: "h" }, /hypervisor_hostname: .*one host/],
    ["a zone with a host", { availability_zone: "nova:h" }, /availability_zone: .*without a host/],
    ["a port", { networks: [{ uuid: idOf("network", 1), port: idOf("network", 2) }] }, /port: .*one VM/],
    ["an address", { networks: [{ uuid: idOf("network", 1), fixed_ip: "10.0.0.1" }] }, /fixed_ip: .*of its own/],
    ["no network", { networks: "none" }, /networks: /],
    ["a tag with a comma", { tags: ["a,b"] }, /tags\[0\]: .*60 characters/],
    ["a field that is not there", { flavour: "x" }, /flavour: .*unknown field; known here: .*block_device_mapping_v2/],
    ["files that are no base64", { personality: [{ path: "/a", contents: "a b" }] }, /contents: .*base64/],
    ["a hint that is no id", { scheduler_hints: { group: "mine" } }, /scheduler_hints\.group: /],
    ["disks of the old form", { block_device_mapping: [] }, /block_device_mapping: .*_v2/],
    [
      "a disk that stays",
      { block_device_mapping_v2: [{ ...disk, delete_on_termination: false }] },
      /delete_on_termination: .*for ever/,
    ],
    [
      "a disk of no size",
      { block_device_mapping_v2: [{ ...disk, volume_size: undefined }] },
      /\[0\]\.volume_size: .*required/,
    ],
    ["a disk of size 0", { block_device_mapping_v2: [{ ...disk, volume_size: 0 }] }, /\[0\]\.volume_size: /],
    [
      "an image on a volume of no size",
      { block_device_mapping_v2: [{ source_type: "image", destination_type: "volume", uuid: idOf("image", 1) }] },
      /\[0\]\.volume_size: .*required/,
    ],
    [
      "a disk of nothing",
      { block_device_mapping_v2: [{ source_type: "image", destination_type: "volume", volume_size: 9 }] },
      /\[0\]\.uuid: .*required: the id of the image/,
    ],
    [
      "a disk nowhere",
      { block_device_mapping_v2: [{ source_type: "blank", volume_size: 1 }] },
      /\[0\]\.destination_type: /,
    ],
    [
      "one volume for all",
      { block_device_mapping_v2: [{ source_type: "volume", destination_type: "volume", uuid: idOf("volume", 1) }] },
      /\[0\]\.source_type|\[0\]\.source: |one VM/,
    ],
    [
      "two boot disks",
      {
        block_device_mapping_v2: [
          { ...disk, boot_index: 0 },
          { ...disk, boot_index: 0 },
        ],
      },
      /\[1\]\.boot_index: .*only one has 0/,
    ],
  ] as const) {
    it(`is refused: ${what}`, () => {
      const found = at(configOverride);
      assert.equal(found.length > 0, true, "it is taken");
      assert.match(found.join("\n"), new RegExp(`^configOverride\\..*${expected.source}`, "m"));
    });
  }

  it("reaches Nova field by field", () => {
    const contents = Buffer.from("hello").toString("base64");
    const { server, hints } = sent({
      configOverride: {
        key_name: "ops",
        availability_zone: "rack-2",
        config_drive: false,
        security_groups: [{ name: "agents" }],
        tags: ["labs"],
        metadata: { team: "labs" },
        personality: [{ path: "/etc/hello", contents }],
        scheduler_hints: { different_host: idOf("server", 1), tier: "gold" },
      },
    });

    const { key_name, availability_zone, config_drive, security_groups, tags, personality, metadata } = server;
    assert.deepEqual([key_name, availability_zone, config_drive], ["ops", "rack-2", false]);
    assert.deepEqual([security_groups, tags], [[{ name: "agents" }], ["labs"]]);
    assert.deepEqual(personality, [{ path: "/etc/hello", contents }]);
    assert.equal((metadata as Inputs)["team"], "labs");
    assert.deepEqual(hints, { different_host: [idOf("server", 1)], tier: "gold" });
  });

  it("has every field of Nova's request, so that none is told to be unknown", () => {
    // Those of microversion 2.94, beside `server` the hints.
    const known = [
      ...["name", "imageRef", "flavorRef", "adminPass", "metadata", "networks", "OS-DCF:diskConfig", "accessIPv4"],
      ...["accessIPv6", "personality", "availability_zone", "block_device_mapping", "block_device_mapping_v2"],
      ...[
        "config_drive",
        "key_name",
        "min_count",
        "max_count",
        "return_reservation_id",
        "security_groups",
        "user_data",
      ],
      ...["description", "tags", "trusted_image_certificates", "host", "hypervisor_hostname", "hostname"],
      ...["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"],
    ];
    assert.deepEqual(
      known.filter((field) => !Object.hasOwn(serverFields, field)),
      [],
    );
  });

  it("files beside a volume's type are refused: Nova takes them in no one request", () => {
    const personality = [{ path: "/a", contents: "" }];
    assert.match(
      problems({ ...volume, volumeType: "ssd", configOverride: { personality } }).join(),
      /no files can be sent/,
    );
    assert.deepEqual(problems({ ...volume, configOverride: { personality } }), []);
  });

  it("networks take the place of the setting, and say so where both are there", () => {
    const networks = [{ uuid: idOf("network", 1) }, { uuid: idOf("network", 2) }];
    assert.match(problems({ configOverride: { networks } }).join(), /networkId: .*names all networks/);
    assert.deepEqual(sent({ networkId: undefined, configOverride: { networks } }).server["networks"], networks);
  });
});

describe("the disks of a server", () => {
  const mapping = (over: Inputs) => sent(over).server["block_device_mapping_v2"] as Inputs[] | undefined;
  const extra = { source_type: "blank", destination_type: "volume", volume_size: 10 };

  it("are the flavor's own without a volume: Nova is told of none", () => {
    const { server } = sent({});
    assert.equal(server["block_device_mapping_v2"], undefined);
    assert.equal(server["imageRef"], idOf("image", 1));
  });

  it("are one volume of the image, of the size and type said, which goes with the server", () => {
    const { server } = sent({ ...volume, volumeType: "ssd" });
    assert.equal(server["imageRef"], "", "the image is said once, by the volume");
    assert.deepEqual(server["block_device_mapping_v2"], [
      {
        ...{ source_type: "image", uuid: idOf("image", 1), destination_type: "volume", boot_index: 0 },
        ...{ delete_on_termination: true, volume_size: 40, volume_type: "ssd" },
      },
    ]);
  });

  it("of an override come beside it, and the system is booted from no other one", () => {
    const override = { configOverride: { block_device_mapping_v2: [extra] } };
    const added = { ...extra, boot_index: -1, delete_on_termination: true };
    assert.deepEqual(mapping({ ...volume, ...override })?.[1], added);
    const [local, more] = mapping(override)!;
    assert.deepEqual([local!["destination_type"], local!["boot_index"], more], ["local", 0, added]);
    assert.equal(sent(override).server["imageRef"], idOf("image", 1));
  });

  it("of an override may be the one that the system is booted from, and then nothing else says it", () => {
    const boot = { source_type: "snapshot", destination_type: "volume", uuid: idOf("volume", 1), boot_index: 0 };
    const configOverride = { block_device_mapping_v2: [boot] };
    assert.match(
      problems({ ...volume, configOverride }).join("\n"),
      /createVolume: .*\n.*imageId: .*not beside a boot disk/,
    );
    assert.deepEqual(mapping({ imageId: undefined, configOverride }), [{ ...boot, delete_on_termination: true }]);
  });

  it("go with their server, whatever an override says", () => {
    const device = fc.record(
      {
        source_type: fc.constantFrom("blank", "image", "snapshot", "volume"),
        destination_type: fc.constantFrom("volume", "local"),
        uuid: fc.constantFrom(idOf("image", 1), idOf("volume", 3)),
        boot_index: fc.constantFrom(0, 1, -1, null),
        volume_size: fc.constantFrom(1, "20", 0, undefined),
        delete_on_termination: fc.constantFrom(true, false),
      },
      { requiredKeys: ["source_type", "destination_type"] },
    );
    fc.assert(
      fc.property(fc.array(device, { maxLength: 3 }), fc.boolean(), (block_device_mapping_v2, isVolume) => {
        const over = { ...(isVolume ? volume : {}), configOverride: { block_device_mapping_v2 } };
        const given = [over, { ...over, imageId: undefined }].find((each) => problems(each).length === 0);
        if (given === undefined) return;
        const disks = mapping(given) ?? [];
        for (const disk of disks) assert.equal(disk["delete_on_termination"], true);
        if (disks.length > 0) assert.equal(disks.filter((disk) => disk["boot_index"] === 0).length, 1);
      }),
    );
  });
});

describe("whose an OpenStack server is", () => {
  it("stands in its metadata and name, whatever settings and overrides say", () => {
    const words = fc.dictionary(fc.constantFrom("team", "a b", "x:y"), fc.string({ maxLength: 9 }), { maxKeys: 3 });
    fc.assert(
      fc.property(words, words, words, (metadata, inRequest, inInputs) => {
        const { server } = sent({
          metadata,
          configOverride: { metadata: inRequest },
          inputOverride: { metadata: inInputs },
        });
        const ours = {
          ...{ [identityKeys.nodeId]: "n-1", [identityKeys.installation]: "inst-1", [identityKeys.zone]: "home" },
          ...{ [identityKeys.pool]: "agents", [identityKeys.config]: "agents-main" },
        };
        assert.equal(server["name"], "n-1");
        assert.deepEqual(server["metadata"], { ...metadata, ...inRequest, ...inInputs, ...ours });
      }),
    );
  });

  it("is asked for in one account, however its Keystone is written, and in another one of another cloud or project", () => {
    const { identity } = openstack.vm.account;
    const ways = [
      "https://Keystone.example.org:5000",
      "https://keystone.example.org:5000/",
      "https://keystone.example.org:5000/v3",
    ];
    for (const authUrl of ways) assert.deepEqual(identity({ authUrl }), { cloud: "keystone.example.org:5000" });
    assert.notDeepEqual(identity({ authUrl: "https://keystone.example.org/identity" }), identity({ authUrl: ways[0] }));
    const labs = { authUrl: ways[0], authMethod: "password", projectName: "labs" };
    assert.notDeepEqual(identity(labs), identity({ ...labs, projectName: "others" }));
    assert.deepEqual(identity(labs), identity({ ...labs, projectDomainName: "Default" }));
  });
});

describe("addresses of OpenStack's services", () => {
  for (const [given, expected] of [
    ["https://keystone:5000", "https://keystone:5000/v3"],
    ["https://keystone:5000/", "https://keystone:5000/v3"],
    ["https://keystone:5000/v3/", "https://keystone:5000/v3"],
    ["https://cloud/identity", "https://cloud/identity/v3"],
    ["https://v3.example.org", "https://v3.example.org/v3"],
  ] as const) {
    it(`of Keystone: ${given}`, () => assert.equal(identityUrl(given), expected));
  }

  it("say a version and end with a slash, as the plugin wants them; what the catalog says is left to it", () => {
    assert.deepEqual(endpointOverrides({}), {});
    const given = {
      novaEndpoint: "https://nova:8774/v2/",
      glanceEndpoint: "https://glance:9292",
      cinderEndpoint: "https://cinder:8776/v3/383a0dad105e460ab5a863ea0a45932b",
      neutronEndpoint: "https://neutron:9696/",
    };
    assert.deepEqual(endpointOverrides(given), {
      compute: "https://nova:8774/v2/",
      image: "https://glance:9292/v2/",
      volumev3: "https://cinder:8776/v3/383a0dad105e460ab5a863ea0a45932b/",
      network: "https://neutron:9696/v2.0/",
    });
  });
});
