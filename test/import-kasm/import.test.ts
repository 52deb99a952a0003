/** What `headroom import kasm` makes of exports, Helm values and older files. */
import assert from "node:assert/strict";
import { format } from "prettier";
import { formatMemory, parseMemory } from "../../runtime/model/units";
import { everything, fixtures, imported, importText, programOf, secrets, textOf } from "./imported";

/** Statement that declares it, from `new` to the closing bracket. */
function declared(program: string, component: string, name: string): string {
  const found = new RegExp(`new headroom\\.${component}\\(\\s*"${name}",\\s*\\{[^]*?\\n(  \\},\\n\\)|\\}\\));`).exec(
    program,
  );
  return found?.[0] ?? assert.fail(`${component} ${name} is not in\n${program}`);
}

function has(text: string, ...lines: readonly string[]): void {
  for (const line of lines) assert.ok(text.includes(line), `"${line}" is not in\n${text}`);
}

describe("an imported program", () => {
  it("has zones, pools, VM providers, workspaces, autoscale configs, schedules and staging of an export", () => {
    const program = programOf(imported("school"));

    has(declared(program, "Zone", "zone1"), 'upstreamAuthAddress: "172.31.8.20"', 'loadStrategy: "leastLoad"');
    has(declared(program, "Zone", "zone1"), "prioritizeStaticAgents: false");
    has(declared(program, "Pool", "autoscaler"), 'type: "dockerAgent"');
    const vms = declared(program, "AwsVmProvider", "aws-us-west-2");
    has(
      vms,
      'region: "us-west-2"',
      'amiId: "ami-0075013580f6322a1"',
      'instanceType: "c6a.8xlarge"',
      "maxInstances: 15",
    );
    has(
      vms,
      'securityGroupIds: ["sg-0123456789abcdef0"]',
      'subnetId: "subnet-0123456789abcdef0"',
      'ebsVolumeSize: "50GiB"',
    );
    has(vms, 'config.requireSecret("aws-us-west-2-secretAccessKey")');
    const workspace = declared(program, "Workspace", "ubuntu-22-04-student-edition");
    has(workspace, "pools: [autoscalerPool.name]", "zones: [zone1Zone.name]", "cores: 2", 'memory: "2768MB"');
    const main = declared(program, "AutoscaleConfig", "autoscaler-main");
    has(main, "pool: autoscalerPool.name", "zone: zone1Zone.name", "vmProvider: awsUsWest2Vms.name", "standbyCores: 2");
    has(main, 'standbyMemory: "5536MiB"', "coresOverride: 4", 'memoryOverride: "5536MiB"', "aggressiveScaling: true");
    has(main, 'text: script("scripts/aws-us-west-2.sh")');
    assert.ok(!main.includes("downscaleBackoff"), "15 minutes hold here without it");
    has(declared(program, "AutoscaleConfig", "autoscaler-nights"), 'downscaleBackoff: "30m"');
    const hours = declared(program, "Schedule", "autoscaler-main-hours");
    has(hours, 'days: ["mon", "tue", "wed", "thu", "fri"]', 'start: "07:00"', 'end: "18:00"');
    const staging = declared(program, "StagingConfig", "ubuntu-22-04-student-edition-staged");
    has(staging, "pool: autoscalerPool.name", "autoscaleConfig: autoscalerMainConfig.name", "sessions: 25");
    has(staging, 'expiration: "1h"', "permissions: { gamepad: true, microphone: true, webcam: true }");
  });

  it("has what values of the Helm chart say, by names and by tokens that stand for ids", () => {
    const program = programOf(imported("helm-values"));

    has(
      declared(program, "Zone", "branch-office"),
      'loadStrategy: "leastSessions"',
      'config.require("branch-office-upstreamAuthAddress")',
    );
    has(declared(program, "Pool", "windows-desktops"), 'type: "server"');
    const vms = declared(program, "ProxmoxVmProvider", "pve");
    has(vms, 'host: "pve.example.org:8006"', 'tokenName: "autoscale"', "verifySsl: false", 'memory: "8GiB"');
    has(vms, "vmIdRangeLower: 5000", 'config.requireSecret("pve-tokenValue")');
    const config = declared(program, "ServerAutoscaleConfig", "windows-11");
    has(config, "pool: windowsDesktopsPool.name", "dnsProvider: route53Records.name", "minimumAvailableSessions: 3");
    has(config, 'config.requireSecret("windows-11-connectionPassword")', 'connectionUsername: "student"');
    has(config, "maxSimultaneousSessionsPerServer: 10", "maxSimultaneousUsers: 2", "requireCheckin: true");
    has(config, 'osType: "windows"', 'maxNodeAge: "14d"', 'rotatePreWarm: "30m"', "registerDns: true");
    const directory = declared(program, "LdapConfig", "school");
    has(directory, 'urls: ["ldaps://ad.example.org"]', 'searchBase: "DC=example,DC=org"');
    has(directory, 'serviceAccountDn: "CN=kasm,DC=example,DC=org"', 'requireSecret("school-serviceAccountPassword")');
    has(config, "createAdComputerRecord: true", "ldapConfig: school", 'adComputerOu: "OU=Kasm,DC=example,DC=org"');
    has(
      declared(program, "Schedule", "windows-11-hours"),
      'config.requireObject<headroom.Weekday[]>("windows-11-hours-days")',
    );
  });

  it("has what older files say: sections by name, sizes in MB and GB of 1024, numbers as text", () => {
    const program = programOf(imported("older"));

    const vms = declared(program, "DigitalOceanVmProvider", "droplets");
    has(vms, 'size: "c-4"', 'tags: "kasm,lab"', "maxInstances: 8");
    const config = declared(program, "AutoscaleConfig", "main");
    has(config, 'standbyMemory: "8GiB"', 'memoryOverride: "16GiB"', "coresOverride: 8", 'downscaleBackoff: "10m"');
    const second = declared(program, "AutoscaleConfig", "second");
    has(second, "vmProvider: clusterVms.name", 'config.require("second-startupScript-text")');
    const nutanix = declared(program, "NutanixVmProvider", "cluster");
    has(nutanix, 'host: "nutanix.example.org"', 'subnet: config.require("cluster-subnet")', "maxInstances: 4");
  });

  it("says which day a number means when it is told, and asks when it is not", () => {
    const daysWith = (meaning: "monday-0" | "sunday-0" | "monday-1") =>
      /days: (\[.*\])/.exec(programOf(imported("helm-values", meaning)))?.[1];

    assert.equal(daysWith("monday-1"), '["mon", "tue", "wed"]');
    assert.equal(daysWith("sunday-0"), '["mon", "tue", "wed"]');
    assert.equal(daysWith("monday-0"), '["tue", "wed", "thu"]');
    assert.match(JSON.stringify(imported("helm-values").notCarried), /Kasm does not say which day is 0/);
  });

  for (const fixture of fixtures) {
    it(`is laid out as prettier does it: ${fixture}`, async () => {
      for (const [file, text] of imported(fixture).files) {
        const parser = { ts: "typescript", json: "json" }[file.split(".").pop()!];
        if (parser !== undefined) assert.equal(await format(text, { parser }), text, file);
      }
    });

    it(`holds no secret, nor does anything beside it: ${fixture}`, () => {
      const found = imported(fixture);
      const told = everything(found) + JSON.stringify(found.notCarried) + JSON.stringify(found.asked);

      assert.ok(secrets.some((secret) => textOf(fixture).includes(secret)));
      assert.deepEqual(
        secrets.filter((secret) => told.includes(secret)),
        [],
      );
    });

    it(`comes with the commands that set what it asks for: ${fixture}`, () => {
      const { files, asked } = imported(fixture);
      const keys = [...files.get("index.ts")!.matchAll(/config\.require\w*(?:<[^(]*>)?\(\s*"([^"]+)"/g)].map(
        ([, key]) => key,
      );

      assert.ok(keys.length > 0);
      assert.deepEqual([...new Set(keys)].sort(), asked.map(({ key }) => key).sort());
      for (const { key, isSecret } of asked) {
        has(files.get("README.md")!, `pulumi config set ${isSecret ? "--secret " : ""}${key} `);
      }
    });
  }

  it("keeps a secret out also where a script, a tag or a name repeats it", () => {
    const text = textOf("school")
      .replace("#!/bin/bash", "#!/bin/bash\n      export SECRET=very-secret-of-the-school-0001")
      .replace("aws_ec2_custom_tags: {}", 'aws_ec2_custom_tags: {"leak": "x very-secret-of-the-school-0001"}')
      .replace("config_name: AWS us-west-2", "config_name: AWS\n    comment: very-secret-of-the-school-0001");
    const found = importText(text);

    assert.ok(!(everything(found) + JSON.stringify(found)).includes("very-secret-of-the-school-0001"));
    has(programOf(found), 'config.requireSecret("autoscaler-main-startupScript-text")');
    has(programOf(found), 'config.requireSecretObject<Record<string, string>>("aws-tags")');
  });

  it("carries sizes exactly, whatever number of bytes it is", () => {
    for (const bytes of [1, 1_000_000, 2 ** 30, 2 ** 30 + 1, 5_804_916_736, 2_768_000_000, 12_345_678_901]) {
      const text = textOf("school").replace("memory: 2768000000", `memory: ${bytes}`);
      const memory = /memory: "([^"]+)"/.exec(programOf(importText(text)))![1]!;
      assert.equal(parseMemory(memory), bytes, `${memory} ${formatMemory(bytes)}`);
    }
  });
});

describe("what an import leaves out", () => {
  const left = (fixture: string) => imported(fixture).notCarried;
  const find = (fixture: string, what: string) =>
    left(fixture).find((entry) => entry.what === what) ??
    assert.fail(`${what} is not in ${JSON.stringify(left(fixture))}`);

  it("is told with its rows, its value, why, and what to do", () => {
    assert.deepEqual(find("school", "zones.proxy_port"), {
      what: "zones.proxy_port",
      rows: ["zone1"],
      values: ["443"],
      why: "how users' browsers reach a session is the matter of your portal or gateway, not of Headroom",
    });
    // What has its place is in the program, and not in the list.
    has(imported("older").files.get("index.ts")!, 'firewallName: "kasm-agents"');
    assert.match(find("older", "subnet").why, /^subnet is needed here: say it by the configuration cluster-subnet$/);
    assert.match(
      find("helm-values", "zones.upstream_auth_address").why,
      /host name or IP address that new VMs can reach/,
    );
    assert.match(find("school", "startup_script").why, /Kasm's agent, .* does not speak to Headroom/);
  });

  it("has no value of a secret, nor of a column that Headroom does not know", () => {
    assert.deepEqual(find("school", "aws_configs.aws_ec2_private_key").values, []);
    assert.deepEqual(find("school", "images.docker_registry").values, []);
  });

  it("is written beside the program, and tells of tables that are not about scaling", () => {
    const { files, others } = imported("school");

    assert.deepEqual(others, [{ name: "users", rowCount: 1, columns: ["username", "pw_hash"] }]);
    has(
      files.get("NOT-CARRIED.md")!,
      "| `zones.proxy_port` | zone1 | `443` | how users' browsers",
      "- `users` (1 entry): username, pw_hash",
    );
  });
});
