import type { Settings } from "../../../runtime/model/accounts";
import type { EmulatedUnderTest } from "../cloud-under-test";
import { EmulatedGcp } from "../emulated-gcp";
import { keyFile } from "../emulated-gcp-keys";
import { createError, operationError } from "../gcp-api";
import { homeProject } from "../gcp-facts";
import { runEmulated } from "../run-emulated";
import { gcpChecks } from "./gcp-checks";

/** Where the emulated APIs that run now listen: an account's settings say it. */
const running = { endpoints: { compute: "http://127.0.0.1:1/compute/v1/", dns: "http://127.0.0.1:1/dns/v1/" } };

const firstStart = [
  "# Google Cloud runs this at every start of the VM; it is meant for the first.",
  "headroom_vm=$(curl -sf -H 'Metadata-Flavor: Google' http://metadata.google.internal/computeMetadata/v1/instance/id || hostname)",
  'headroom_ran="/var/lib/headroom-startup.$headroom_vm"',
  '[ -e "$headroom_ran" ] && exit 0',
  ': > "$headroom_ran"',
].join("\n");
const firstWindowsStart = [
  "# Google Cloud runs this at every start of the VM; it is meant for the first.",
  "$headroomVm = Invoke-RestMethod -Headers @{'Metadata-Flavor' = 'Google'} -Uri http://metadata.google.internal/computeMetadata/v1/instance/id",
  '$headroomRan = Join-Path $env:ProgramData "headroom-startup.$headroomVm"',
  "if (Test-Path $headroomRan) { exit 0 }",
  "New-Item -ItemType File -Force $headroomRan | Out-Null",
].join("\r\n");

export const underTest: EmulatedUnderTest<EmulatedGcp> = {
  template: () => ({
    zone: "us-east4-b",
    machineType: "e2-standard-2",
    image: `projects/${homeProject}/global/images/agents-1`,
    network: `projects/${homeProject}/global/networks/default`,
    subnetwork: `projects/${homeProject}/regions/us-east4/subnetworks/default`,
    networkTags: ["agents"],
    customLabels: { team: "labs" },
    metadata: [{ key: "ssh-keys", value: "ops:ssh-ed25519 AAAA ops" }],
    configOverride: { shieldedInstanceConfig: { enableSecureBoot: true } },
  }),
  credentials: (key) => ({
    credentials: keyFile(key),
    project: homeProject,
    endpoints: running.endpoints,
  }),
  dns: {
    settings: () => ({}),
    baseDomainName: "pool.labs.example.org",
    zones: [
      { what: "the longest", settings: {}, baseDomainName: "a.labs.example.org", leadsTo: "labs-example-org" },
      { what: "a shorter one", settings: {}, baseDomainName: "alabs.example.org", leadsTo: "example-org" },
      {
        what: "the one that is given",
        settings: { managedZone: "example-org" },
        baseDomainName: "b.labs.example.org",
        leadsTo: "example-org",
      },
      {
        what: "a private one",
        settings: { privateZone: true },
        baseDomainName: "c.labs.example.org",
        leadsTo: "inside",
      },
      {
        what: "a private one that is given",
        settings: { managedZone: "twice-b", privateZone: true },
        baseDomainName: "twice.example.com",
        leadsTo: "twice-b",
      },
      {
        what: "several private ones of one name",
        settings: { privateZone: true },
        baseDomainName: "x.twice.example.com",
        leadsTo: /several private zones with the DNS name "twice\.example\.com\." \(twice-a, twice-b\); say which/,
      },
      {
        what: "one that is given and is not there",
        settings: { managedZone: "nowhere" },
        baseDomainName: "labs.example.org",
        leadsTo: /project "pensive-voice-547511" has no managed zone "nowhere"/,
      },
      {
        what: "one that is given, of another name",
        settings: { managedZone: "example-com" },
        baseDomainName: "labs.example.org",
        leadsTo: /managed zone "example-com" has the DNS name "example\.com\.", of which it is no part/,
      },
      {
        what: "none",
        settings: {},
        baseDomainName: "elsewhere.net",
        leadsTo: /baseDomainName: got "elsewhere\.net"; project "[^"]*" has no public managed zone/,
      },
    ],
  },
  edit: (template: Settings, number) => ({
    ...template,
    image: `projects/${homeProject}/global/images/family/agents`,
    machineType: "n1-standard-4",
    customLabels: { edit: String(number) },
  }),
  sentScript: {
    linux: (script) => `#!/bin/sh\n${firstStart}\n${script}`,
    windows: (script) => `${firstWindowsStart}\r\n${script}`,
  },
  emulate: () => new EmulatedGcp(),
  async start() {
    const emulated = await runEmulated(underTest);
    const { emulation } = emulated;
    await emulation.api.listen();
    running.endpoints = emulation.api.endpoints;
    return {
      ...emulated,
      async close() {
        await emulated.close();
        emulation.api.close();
      },
    };
  },
  refusals: {
    CAPACITY: operationError(
      "The zone 'projects/labs/zones/us-east4-b' does not have enough resources available to fulfill the request.  Try a different zone, or try again later.",
    ),
    QUOTA: createError(403, "Quota 'CPUS' exceeded.  Limit: 24.0 in region us-east4.", "quotaExceeded"),
    CONFIG: createError(404, "The resource 'projects/labs/global/images/none' was not found", "notFound"),
    TRANSIENT: createError(403, "Rate Limit Exceeded", "rateLimitExceeded"),
  },
  says: {
    revoked: /invalid_grant\\*" \\*"Invalid JWT Signature|invalid_grant/,
    foreign: /leads to the Google Cloud project with the number 3573408427823947982/,
    denied: {
      "list VMs": /Required 'compute\.instances\.list' permission/,
      "create a VM": /Required 'compute\.instances\.create' permission/,
      "delete a VM": /Required 'compute\.instances\.delete' permission/,
      "look up a domain": /ManagedZones: googleapi: Error 403: Forbidden/,
    },
    noDomain: /baseDomainName: got "nowhere\.org"; project "pensive-voice-547511" has no public managed zone/,
  },
  noticed: ["request"],
  providerField: "credentials",
  vmsTellOwner: false,
  checks: gcpChecks,
  size: { name: "e2-standard-2", shape: { cores: 2, memoryBytes: 8 * 2 ** 30, gpus: 0 } },
};
