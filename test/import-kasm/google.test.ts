/** Kasm's provider configs for Google Cloud become those here, every setting of them. */
import assert from "node:assert/strict";
import { everything, importText, programOf } from "./imported";

const secret = "-----BEGIN PRIVATE KEY----- of the school";

const rows = {
  gcp_vm_configs: [
    {
      config_id: "1",
      config_name: "gcp",
      max_instances: 5,
      gcp_credentials: JSON.stringify({ type: "service_account", private_key: secret }),
      gcp_project: "pensive-voice-547511",
      gcp_region: "us-east4",
      gcp_zone: "us-east4-b",
      gcp_machine_type: "e2-standard-2",
      gcp_image: "projects/ubuntu-os-cloud/global/images/ubuntu-2004-focal-v20211212",
      gcp_boot_volume_bytes: 53_687_091_200,
      gcp_disk_type: "pd-ssd",
      gcp_cmek: "projects/pensive-voice-547511/locations/global/keyRings/my-keyring/cryptoKeys/my-key",
      gcp_network: "projects/pensive-voice-547511/global/networks/default",
      gcp_subnetwork: "projects/pensive-voice-547511/regions/us-east4/subnetworks/default",
      gcp_public_ip: true,
      gcp_network_tags: '["https-server","foo","bar"]',
      gcp_custom_labels: { foo: "bar", bin: "baz" },
      gcp_metadata: [{ key: "ssh-keys", value: "user1:ssh-rsa AAAA user1" }],
      gcp_service_account: {
        email: "service-account@example.com",
        scopes: ["https://www.googleapis.com/auth/cloud-platform"],
      },
      gcp_guest_accelerators:
        '[{"acceleratorType":"projects/p/zones/us-east4-b/acceleratorTypes/nvidia-tesla-t4","acceleratorCount":1}]',
      gcp_config_override: {
        shieldedInstanceConfig: { enableIntegrityMonitoring: true, enableSecureBoot: true, enableVtpm: true },
      },
      startup_script_type: "startup-script",
    },
  ],
  gcp_dns_configs: [
    { config_id: "2", config_name: "records", gcp_credentials: "{}", gcp_project: "pensive-voice-547511" },
  ],
};

describe("an import of Kasm's Google Cloud", () => {
  const found = importText(JSON.stringify(rows));

  it("has each setting where it belongs, lists and objects as they are", () => {
    const program = programOf(found).replace(/\s+/g, " ");
    for (const part of [
      "new headroom.GcpVmProvider(",
      "new headroom.GcpDnsProvider(",
      "maxInstances: 5",
      'project: "pensive-voice-547511"',
      'region: "us-east4"',
      'zone: "us-east4-b"',
      'machineType: "e2-standard-2"',
      'image: "projects/ubuntu-os-cloud/global/images/ubuntu-2004-focal-v20211212"',
      'bootVolumeSize: "50GiB"',
      'diskType: "pd-ssd"',
      "cmek: ",
      'network: "projects/pensive-voice-547511/global/networks/default"',
      'subnetwork: "projects/pensive-voice-547511/regions/us-east4/subnetworks/default"',
      "publicIp: true",
      'networkTags: ["https-server", "foo", "bar"]',
      'foo: "bar"',
      'key: "ssh-keys"',
      'email: "service-account@example.com"',
      "acceleratorCount: 1",
      "enableSecureBoot: true",
      'config.requireSecret("',
    ]) {
      assert.ok(program.includes(part), `${part} is not in ${program}`);
    }
    const lost = found.notCarried.map(({ what }) => what).filter((what) => what.startsWith("gcp_"));
    // The keys are asked for.
    assert.deepEqual(lost.sort(), [
      "gcp_dns_configs.gcp_credentials",
      "gcp_vm_configs.gcp_credentials",
      "gcp_vm_configs.startup_script_type",
    ]);
  });

  it("holds no key", () => {
    assert.ok(!(everything(found) + JSON.stringify(found)).includes(secret));
  });
});
