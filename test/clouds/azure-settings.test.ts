/** What Azure's settings take and refuse, and what becomes of each in the request. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { azureRecordSettingsSchema, azureSettingsSchema } from "../../provider/clouds/azure/settings";
import { computerName } from "../../provider/clouds/azure/vm-args";
import { placeIdentity } from "../../provider/clouds/azure/find";
import { valueAt } from "../../provider/frame/inputs";
import { azureNode, minimal, pathsIn, problemsIn, requestIn, requestOfNode, sshKey } from "./azure-nodes";
import { managedImageId, networkId, ownImageId, securityGroupId } from "./emulated-azure-facts";

const other = "00000000-0000-0000-0000-00000000000f";

describe("Azure settings", () => {
  it("need a subscription, a group, a region, a size, an image, a subnet and a login, and nothing else", () => {
    assert.deepEqual(pathsIn({}), []);
    const parsed = azureSettingsSchema.safeParse({});
    const missing = parsed.error?.issues.map(({ path }) => path.join(".")).sort();
    const required = Object.keys(minimal).filter((name) => name !== "osPassword");
    assert.deepEqual(missing, required.sort());
  });

  it("refuse Germany's cloud in words, however it is written, and clouds that never were", () => {
    for (const authority of ["germany", "Azure Germany", "AzureGermanCloud", "german"]) {
      const [problem, ...others] = problemsIn({ authority });
      assert.match(problem?.message ?? "", /Azure Germany was closed in October 2021.*use public/, authority);
      assert.deepEqual([problem?.path, others], ["authority", []]);
    }
    for (const authority of ["public", "usgovernment", "china"]) assert.deepEqual(pathsIn({ authority }), []);
    assert.deepEqual(pathsIn({ authority: "moon" }), ["authority"]);
    assert.equal(azureRecordSettingsSchema.safeParse({ ...minimal, authority: "germany" }).success, false);
  });

  it("take the credentials of an app whole or not at all", () => {
    const whole = { tenantId: other, clientId: other, clientSecret: "s" };
    assert.deepEqual(pathsIn(whole), []);
    for (const name of Object.keys(whole) as (keyof typeof whole)[]) {
      assert.deepEqual(pathsIn({ ...whole, [name]: undefined }), [name], `${name} is missing`);
      assert.equal(pathsIn({ [name]: whole[name] }).length, 2, `only ${name}`);
    }
  });

  it("send an access token nowhere but over TLS, or to this machine", () => {
    for (const url of [
      "http://management.example.org",
      "ftp://127.0.0.1",
      "management.azure.com",
      "http://127.0.0.1.example.org",
    ]) {
      assert.deepEqual(pathsIn({ resourceManagerUrl: url }), ["resourceManagerUrl"], url);
    }
    for (const url of ["https://management.example.org", "http://127.0.0.1:8080", "http://localhost:1"]) {
      assert.deepEqual(pathsIn({ resourceManagerUrl: url }), [], url);
    }
  });

  it("take an image as the seeds write it, as a URN and as an id, and refuse everything else", () => {
    const market = {
      publisher: "canonical",
      offer: "0001-com-ubuntu-server-focal",
      sku: "20_04-lts-gen2",
      version: "latest",
    };
    const takes: readonly (readonly [unknown, unknown])[] = [
      [market, market],
      [{ ...market, version: undefined }, market],
      ["canonical:0001-com-ubuntu-server-focal:20_04-lts-gen2:latest", market],
      ["a:b:c:1.2.3", { publisher: "a", offer: "b", sku: "c", version: "1.2.3" }],
      ["a:b:c", { publisher: "a", offer: "b", sku: "c", version: "latest" }],
      [ownImageId, { id: ownImageId }],
      [{ id: managedImageId }, { id: managedImageId }],
      [{ id: `${ownImageId}/versions/1.0.0` }, { id: `${ownImageId}/versions/1.0.0` }],
      ["/CommunityGalleries/g-1/Images/i", { communityGalleryImageId: "/CommunityGalleries/g-1/Images/i" }],
      [
        { sharedGalleryImageId: "/SharedGalleries/g/Images/i/Versions/1.0.0" },
        { sharedGalleryImageId: "/SharedGalleries/g/Images/i/Versions/1.0.0" },
      ],
    ];
    for (const [written, sent] of takes) {
      assert.deepEqual(valueAt(requestIn({ imageReference: written }), "storageProfile.imageReference"), sent);
    }
    const refused = [
      "ubuntu",
      "a:b",
      "a:b:c:d:e",
      "a:b:c:newest",
      "",
      {},
      { publisher: "a" },
      { id: "ubuntu" },
      { ...market, id: ownImageId },
      networkId,
      7,
    ];
    for (const imageReference of refused) {
      const [problem, ...others] = problemsIn({ imageReference });
      assert.match(problem?.path ?? "", /^imageReference(\.id)?$/, JSON.stringify(imageReference));
      assert.deepEqual(others, []);
      assert.match(problem!.message, /use \{publisher, offer, sku, version\}/);
    }
  });

  it("refuse the names that Azure refuses for a login, whatever their case", () => {
    const names =
      "administrator admin user user1 user2 user3 user4 user5 test test1 test2 test3 admin1 admin2 1 123 a actuser adm aspnet backup console david guest john owner root server sql support support_388945a0 sys";
    for (const osUsername of [...names.split(" "), "Admin", "ROOT", "ends.", "with blank", "a/b", "", "x".repeat(65)]) {
      assert.deepEqual(pathsIn({ osUsername }), ["osUsername"], osUsername);
    }
    for (const osUsername of ["labs", "testuser", "x".repeat(64), "first.last"])
      assert.deepEqual(pathsIn({ osUsername }), []);
  });

  it("refuse passwords of fewer than three kinds, too short, too long, or known to all, and never show one", () => {
    for (const osPassword of [
      "short",
      "alllowercase",
      "lower123456",
      "P@ssw0rd",
      "Password1",
      `Aa1${"x".repeat(121)}`,
    ]) {
      const problems = problemsIn({ osPassword });
      assert.ok(problems.length > 0, osPassword);
      assert.ok(
        problems.every(({ path, message }) => path === "osPassword" && !message.includes(osPassword)),
        osPassword,
      );
    }
    for (const osPassword of ["Aa1-xy", "lower123!", "UPPER123!", "Lower-Upper", "Aa1 with blanks"]) {
      assert.deepEqual(pathsIn({ osPassword }), [], osPassword);
    }
  });

  it("need a way to log in", () => {
    assert.deepEqual(pathsIn({ osPassword: undefined }), ["osPassword"]);
    assert.deepEqual(pathsIn({ osPassword: undefined, sshPublicKey: sshKey }), []);
    assert.deepEqual(pathsIn({ sshPublicKey: "ssh-dss AAAA" }), ["sshPublicKey"]);
    assert.deepEqual(pathsIn({ sshPublicKey: `-----BEGIN OPENSSH PRIVATE KEY-----` }), ["sshPublicKey"]);
  });

  it("refuse networks of another subscription and ids that are none", () => {
    const elsewhere = (id: string) => id.replace(/subscriptions\/[^/]+/, `subscriptions/${other}`);
    assert.deepEqual(pathsIn({ subnet: elsewhere(minimal.subnet) }), ["subnet"]);
    assert.deepEqual(pathsIn({ networkSecurityGroup: elsewhere(securityGroupId) }), ["networkSecurityGroup"]);
    assert.deepEqual(
      pathsIn({ networkSecurityGroup: securityGroupId.replace("resourceGroups", "resourcegroups") }),
      [],
    );
    for (const subnet of ["default", networkId, securityGroupId, `${minimal.subnet}/more`]) {
      assert.deepEqual(pathsIn({ subnet }), ["subnet"], subnet);
    }
  });

  it("refuse what contradicts itself, at the setting", () => {
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [{ addressType: "public" }, ["assignPublicIp"]],
      [{ addressType: "public", assignPublicIp: true }, []],
      [{ secureBoot: true }, ["secureBoot"]],
      [{ vTpm: true, secureBoot: true }, ["secureBoot", "vTpm"]],
      [{ vTpm: true, securityType: "TrustedLaunch" }, []],
      [{ securityType: "ConfidentialVM", vTpm: false }, ["vTpm"]],
      [{ spot: {}, vmSize: "Standard_B2s" }, ["vmSize"]],
      [{ spot: { maxPrice: 0 } }, ["spot.maxPrice"]],
      [{ managedIdentity: {} }, ["managedIdentity"]],
      [{ osDiskSize: "5TiB" }, ["osDiskSize"]],
      [{ osDiskType: "UltraSSD_LRS" }, ["osDiskType"]],
      [{ dataDisks: [{ size: "100GiB", type: "PremiumV2_LRS", caching: "ReadOnly" }] }, ["dataDisks[0].caching"]],
      [{ dataDisks: [{ size: "5TiB", caching: "ReadWrite" }] }, ["dataDisks[0].caching"]],
      [{ dataDisks: [{ size: "100GiB", type: "UltraSSD_LRS" }] }, ["dataDisks"]],
      [{ zone: "west" }, ["zone"]],
      [{ tags: { "headroom-node": "mine" } }, ["tags.headroom-node"]],
      [{ tags: { "a<b": "" } }, ["tags.a<b"]],
      [{ tags: Object.fromEntries(Array.from({ length: 46 }, (_, index) => [`t${index}`, ""])) }, ["tags"]],
      [{ resourceGroup: "ends." }, ["resourceGroup"]],
      [{ plan: { name: "a" } }, ["plan.product", "plan.publisher"]],
    ];
    for (const [settings, paths] of cases) {
      assert.deepEqual(
        pathsIn(settings).map((path) => path.replace(/\["(.*)"\]/, ".$1")),
        [...paths].sort(),
        JSON.stringify(settings),
      );
    }
  });
});

describe("the request for a VM of Azure", () => {
  it("has each setting where the API expects it", () => {
    const identity = `/subscriptions/${other}/resourceGroups/dev/providers/Microsoft.ManagedIdentity/userAssignedIdentities/agents`;
    const request = requestIn({
      region: "East US",
      zone: "2",
      osDiskType: "StandardSSD_LRS",
      osDiskSize: "64GiB",
      networkSecurityGroup: securityGroupId,
      assignPublicIp: true,
      acceleratedNetworking: true,
      tags: { team: "labs" },
      sshPublicKey: sshKey,
      securityType: "TrustedLaunch",
      encryptionAtHost: true,
      spot: { maxPrice: 0.05 },
      managedIdentity: { systemAssigned: true, userAssigned: [identity] },
      dataDisks: [{ size: "100GiB" }, { size: "1TiB", type: "Standard_LRS", caching: "None" }],
      plan: { name: "a", product: "b", publisher: "c" },
      bootDiagnostics: true,
    });

    const deleted = { deleteOption: "Delete" };
    assert.deepEqual(request, {
      resourceGroupName: "dev",
      vmName: "n-1",
      location: "eastus",
      zones: ["2"],
      hardwareProfile: { vmSize: "Standard_D4s_v5" },
      storageProfile: {
        imageReference: { publisher: "Canonical", offer: "ubuntu-24_04-lts", sku: "server", version: "latest" },
        osDisk: {
          createOption: "FromImage",
          ...deleted,
          managedDisk: { storageAccountType: "StandardSSD_LRS" },
          diskSizeGB: 64,
        },
        dataDisks: [
          {
            lun: 0,
            createOption: "Empty",
            ...deleted,
            diskSizeGB: 100,
            managedDisk: { storageAccountType: "Premium_LRS" },
          },
          {
            lun: 1,
            createOption: "Empty",
            ...deleted,
            diskSizeGB: 1024,
            managedDisk: { storageAccountType: "Standard_LRS" },
            caching: "None",
          },
        ],
      },
      osProfile: {
        computerName: "n-1",
        adminUsername: "labs",
        adminPassword: "Secret-of-the-login-1",
        customData: "c2NyaXB0",
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          provisionVMAgent: true,
          ssh: { publicKeys: [{ path: "/home/labs/.ssh/authorized_keys", keyData: sshKey }] },
        },
      },
      networkProfile: {
        networkApiVersion: "2022-11-01",
        networkInterfaceConfigurations: [
          {
            name: "n-1",
            primary: true,
            ...deleted,
            enableAcceleratedNetworking: true,
            networkSecurityGroup: { id: securityGroupId },
            ipConfigurations: [
              {
                name: "n-1",
                primary: true,
                subnet: { id: minimal.subnet },
                publicIPAddressConfiguration: {
                  name: "n-1",
                  ...deleted,
                  publicIPAllocationMethod: "Static",
                  sku: { name: "Standard", tier: "Regional" },
                },
              },
            ],
          },
        ],
      },
      securityProfile: {
        securityType: "TrustedLaunch",
        uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
        encryptionAtHost: true,
      },
      plan: { name: "a", product: "b", publisher: "c" },
      priority: "Spot",
      billingProfile: { maxPrice: 0.05 },
      evictionPolicy: "Delete",
      identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: [identity] },
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      tags: { team: "labs" },
    });
  });

  it("asks for no more than is set", () => {
    const request = requestIn({});
    const names = [
      "hardwareProfile",
      "location",
      "networkProfile",
      "osProfile",
      "resourceGroupName",
      "storageProfile",
      "tags",
      "vmName",
    ];
    assert.deepEqual(Object.keys(request).sort(), names);
    assert.equal(valueAt(request, "osProfile.linuxConfiguration.disablePasswordAuthentication"), false);
    assert.equal(valueAt(requestIn({ spot: {} }), "billingProfile.maxPrice"), -1);
  });

  it("refuses what the system of a node can't have, before a VM is asked for", () => {
    const windows = (settings: object) => () => requestOfNode(azureNode("n-1", settings, { osType: "windows" }));
    const linux = (settings: object) => () => requestOfNode(azureNode("n-1", settings));
    assert.throws(windows({ osUsername: "x".repeat(21) }), /osUsername: got "x+"; Windows takes at most 20/);
    assert.throws(
      windows({ osPassword: undefined, sshPublicKey: sshKey }),
      /osPassword: is missing; Windows needs one/,
    );
    assert.throws(windows({ osPassword: "Aa1-xy" }), /osPassword: has fewer than 8 characters/);
    assert.throws(
      windows({ configOverride: { "osProfile.linuxConfiguration.provisionVMAgent": true } }),
      /the node runs Windows/,
    );
    assert.throws(
      windows({ configOverride: { "osProfile.allowExtensionOperations": false } }),
      /windowsScript "image"/,
    );
    assert.throws(linux({ osPassword: `Aa1${"x".repeat(70)}` }), /osPassword: has more than 72 characters/);
    assert.throws(
      linux({ configOverride: { "osProfile.windowsConfiguration.timeZone": "UTC" } }),
      /the node runs Linux/,
    );
    const request = windows({
      windowsScript: "image",
      configOverride: { "osProfile.allowExtensionOperations": false },
    })();
    assert.deepEqual(valueAt(request, "osProfile.windowsConfiguration"), { provisionVMAgent: true });
    assert.equal(valueAt(request, "osProfile.linuxConfiguration"), undefined);
  });

  it("gives Windows a name that it takes, which keeps what tells nodes apart", () => {
    const nodeId = fc.stringMatching(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/);
    fc.assert(
      fc.property(nodeId, (id) => {
        const name = computerName(id, "windows");
        assert.match(name, /^(?!\d+$)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/);
        assert.ok(id.endsWith(name.slice(-8)) || /^n\d+$/.test(name), `${name} is the end of ${id}`);
        assert.equal(computerName(id, "linux"), id);
      }),
    );
    assert.equal(computerName("agents-main-x7k2p9q4", "windows"), "main-x7k2p9q4");
    assert.equal(computerName("n-1", "windows"), "n-1");
  });

  it("carries whose it is over whatever a user wrote there, and stays within Azure's limit of tags", () => {
    const tags = Object.fromEntries(Array.from({ length: 45 }, (_, index) => [`t${index}`, "x"]));
    const identity = { nodeId: "n-1", installation: "i", zone: "z", pool: "p", config: "c" };
    const placed = placeIdentity(
      { ...requestIn({ tags }), tags: { ...tags, "headroom-pool": "mine" }, vmName: "mine" },
      identity,
    );
    assert.equal(placed["vmName"], "n-1");
    assert.equal(Object.keys(placed["tags"] as object).length, 50);
    assert.equal((placed["tags"] as Record<string, string>)["headroom-pool"], "p");
  });
});
