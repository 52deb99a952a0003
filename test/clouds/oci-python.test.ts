/**
 * Requests for instances, judged by OCI's own Python SDK, whose models are made from Oracle's description of the API: names and
 * types of every field, values of every enumeration. Skipped where no Python has the package `oci`; `HEADROOM_OCI_PYTHON` names
 * one that does.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { goneStates } from "../../provider/clouds/oci/find";
import { platformTypes } from "../../provider/clouds/oci/override-shapes";
import { baselines } from "../../provider/clouds/oci/shapes";
import { launchBodyOf } from "./oci-api";
import { inputsOf } from "./oci-nodes";

const python = process.env["HEADROOM_OCI_PYTHON"] ?? "python3";

const judge = `
import json, re, sys
from oci.core import models

PLAIN = {'str': str, 'int': int, 'bool': bool, 'float': (int, float), 'object': object}

def judge(kind, value, path):
    listed = re.fullmatch(r'list\\[(.*)\\]', kind)
    mapped = re.fullmatch(r'dict\\(str, (.*)\\)', kind)
    if listed:
        if not isinstance(value, list): return [path + ': is no list']
        return [said for at, one in enumerate(value) for said in judge(listed[1], one, path + '[%d]' % at)]
    if mapped:
        if not isinstance(value, dict): return [path + ': is no map']
        return [said for key, one in value.items() for said in judge(mapped[1], one, path + '.' + key)]
    if kind in PLAIN:
        isit = isinstance(value, PLAIN[kind]) and not (isinstance(value, bool) and kind in ('int', 'float'))
        return [] if isit else [path + ': %r is no %s' % (value, kind)]
    return judge_model(getattr(models, kind), value, path)

def judge_model(model, body, path):
    if not isinstance(body, dict): return [path + ': is no object']
    if hasattr(model, 'get_subtype'): model = getattr(models, model.get_subtype(body))
    one, said = model(), []
    names = {wire: name for name, wire in one.attribute_map.items()}
    for wire, value in body.items():
        name, at = names.get(wire), path + '.' + wire
        if name is None:
            said.append(at + ': %s has no such field' % model.__name__)
            continue
        problems = judge(one.swagger_types[name], value, at)
        said.extend(problems)
        if problems or not isinstance(value, str): continue
        try:
            setattr(one, name, value)
            if getattr(one, name) != value: said.append(at + ': no such value as ' + value)
        except ValueError as error: said.append(at + ': ' + str(error))
    return said

def values(model, prefix):
    return sorted(value for name, value in vars(getattr(models, model)).items() if name.startswith(prefix))

asked = json.load(sys.stdin)
print(json.dumps({
    'problems': [judge_model(models.LaunchInstanceDetails, body, '') for body in asked['bodies']],
    'platforms': {kind: models.LaunchInstancePlatformConfig.get_subtype({'type': kind}) for kind in asked['platforms']},
    'states': values('Instance', 'LIFECYCLE_STATE_'),
    'baselines': values('LaunchInstanceShapeConfigDetails', 'BASELINE_OCPU_UTILIZATION_'),
}))
`;

interface Judgement {
  readonly problems: readonly (readonly string[])[];
  readonly platforms: Readonly<Record<string, string>>;
  readonly states: readonly string[];
  readonly baselines: readonly string[];
}

function judged(bodies: readonly object[]): Judgement {
  const input = JSON.stringify({ bodies, platforms: Object.values(platformTypes) });
  const { status, stdout, stderr } = spawnSync(python, ["-c", judge], { input, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Judgement;
}

/** One request with every part that overrides can say. */
const everyPart = {
  sshPublicKey: "ssh-ed25519 AAAA ops",
  kmsKeyOcid: "ocid1.key.oc1.iad.a",
  configOverride: {
    agent_config: {
      is_monitoring_disabled: false,
      is_management_disabled: false,
      are_all_plugins_disabled: false,
      plugins_config: [{ name: "Vulnerability Scanning", desired_state: "ENABLED" }],
    },
    availability_config: { recovery_action: "RESTORE_INSTANCE", is_live_migration_preferred: true },
    create_vnic_details: {
      assign_ipv6_ip: true,
      assign_private_dns_record: true,
      skip_source_dest_check: true,
      display_name: "first",
      freeform_tags: { a: "1" },
      defined_tags: { Operations: { Team: "labs" } },
    },
    shape_config: { nvmes: 1, vcpus: 4 },
    launch_options: {
      boot_volume_type: "PARAVIRTUALIZED",
      firmware: "UEFI_64",
      network_type: "VFIO",
      remote_data_volume_type: "ISCSI",
      is_pv_encryption_in_transit_enabled: true,
      is_consistent_volume_naming_enabled: true,
    },
    platform_config: { type: "AMD_VM", is_secure_boot_enabled: true, is_measured_boot_enabled: true },
    extended_metadata: { a: { b: [1] } },
    metadata: { c: "d" },
    dedicated_vm_host_id: "ocid1.dedicatedvmhost.oc1.iad.a",
    is_pv_encryption_in_transit_enabled: true,
    ipxe_script: "#!ipxe",
  },
  inputOverride: {
    launchVolumeAttachments: [
      {
        type: "paravirtualized",
        launchCreateVolumeDetails: { volumeCreationType: "ATTRIBUTES", sizeInGbs: "50", vpusPerGb: "10" },
      },
    ],
    licensingConfigs: { type: "WINDOWS", licenseType: "OCI_PROVIDED" },
  },
};

describe("requests to OCI as its Python SDK judges them", function () {
  this.timeout(60_000);
  before(function () {
    if (spawnSync(python, ["-c", "import oci.core"]).status !== 0) this.skip();
  });

  it("have fields, types and values that the API has, and others would be told", () => {
    const settings = fc.record(
      {
        baselineOcpuUtilization: fc.constantFrom(...baselines),
        faultDomain: fc.constantFrom("FAULT-DOMAIN-1", "FAULT-DOMAIN-2"),
        bootVolumeSize: fc.integer({ min: 50, max: 32_768 }).map((size) => `${size}GiB`),
        definedTags: fc.constant({ "Operations.CostCenter": "42" }),
        nsgOcids: fc.constant(["ocid1.networksecuritygroup.oc1.iad.a"]),
        preemptible: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const good = [everyPart, ...fc.sample(settings, 100)].map((given) => launchBodyOf(inputsOf(given, "c2NyaXB0")));
    const bad = [
      { compartmentID: "x" },
      { shapeConfig: { ocpus: "2" } },
      { shapeConfig: { baselineOcpuUtilization: "BASELINE_1_3" } },
    ];

    const { problems } = judged([...good, ...bad]);

    assert.deepEqual(problems.slice(0, good.length).flat(), []);
    assert.deepEqual(
      problems.slice(good.length).map((told) => told.length),
      [1, 1, 1],
    );
  });

  it("are read by the same names of states, baselines and classes", () => {
    const { platforms, states, baselines: known } = judged([]);
    assert.deepEqual(
      Object.entries(platforms).map(([type, name]) => [name, type]),
      Object.entries(platformTypes),
    );
    assert.deepEqual(known, [...baselines].sort());
    for (const state of goneStates) assert.ok(states.includes(state), state);
  });
});
