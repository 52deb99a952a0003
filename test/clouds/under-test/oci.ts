import type { EmulatedUnderTest } from "../cloud-under-test";
import { EmulatedOci } from "../emulated-oci";
import { domains } from "../emulated-oci-facts";
import { EmulatedOciKeys, fingerprintOf } from "../emulated-oci-keys";
import { ociError } from "../oci-api";
import { runEmulated } from "../run-emulated";
import { ociChecks } from "./oci-checks";

const compartmentOcid = "ocid1.compartment.oc1..team";
const region = "us-ashburn-1";

/** Known here, too, because whoever declares a key declares its tenancy with it. */
const keys = new EmulatedOciKeys();

const zoneId = (name: string): string => `ocid1.dns-zone.oc1.iad.${name}`;

export const underTest: EmulatedUnderTest<EmulatedOci> = {
  template: () => ({
    region,
    compartmentOcid,
    availabilityDomains: domains.slice(0, 2),
    imageOcid: "ocid1.image.oc1.iad.ubuntu",
    shape: "VM.Standard.E4.Flex",
    ocpus: 2,
    memory: "16GiB",
    bootVolumeSize: "100GiB",
    subnetOcid: "ocid1.subnet.oc1.iad.private",
    nsgOcids: ["ocid1.networksecuritygroup.oc1.iad.agents"],
    sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ops",
    freeformTags: { team: "labs", "headroom-node": "mine" },
    configOverride: {
      agent_config: { plugins_config: [{ name: "Vulnerability Scanning", desired_state: "ENABLED" }] },
    },
  }),
  credentials: (key) => ({
    userOcid: "ocid1.user.oc1..headroom",
    fingerprint: fingerprintOf(key),
    privateKey: `private ${key}`,
    tenancyOcid: keys.tenancyOf(key),
  }),
  dns: {
    settings: () => ({ region, compartmentOcid }),
    baseDomainName: "pool.labs.example.org",
    zones: [
      { what: "the longest", settings: {}, baseDomainName: "a.labs.example.org", leadsTo: zoneId("labs") },
      { what: "a shorter one", settings: {}, baseDomainName: "alabs.example.org", leadsTo: zoneId("example") },
      {
        what: "the one that is given",
        settings: { zone: "example.org" },
        baseDomainName: "b.labs.example.org",
        leadsTo: zoneId("example"),
      },
      {
        what: "one of a private view",
        settings: { privateViewOcid: "ocid1.dnsview.oc1.iad.inside" },
        baseDomainName: "c.labs.example.org",
        leadsTo: zoneId("inside"),
      },
      {
        what: "one that is given, of another name",
        settings: { zone: "example.com" },
        baseDomainName: "labs.example.org",
        leadsTo: /baseDomainName: got "labs\.example\.org"; it does not end in the zone that is given, "example\.com"/,
      },
      {
        what: "none",
        settings: {},
        baseDomainName: "elsewhere.net",
        leadsTo: /baseDomainName: got "elsewhere\.net"; the compartment has no public zone/,
      },
    ],
  },
  edit: (template, number) => ({
    ...template,
    imageOcid: "ocid1.image.oc1.iad.windows",
    bootVolumeSize: "300GiB",
    freeformTags: { edit: String(number) },
  }),
  sentScript: {
    linux: (script) => `#!/bin/sh\n${script}`,
    windows: (script) => `#ps1_sysnative\n${script}`,
  },
  emulate: () => {
    keys.forgive();
    return new EmulatedOci(keys);
  },
  start: () => runEmulated(underTest),
  refusals: {
    CAPACITY: ociError("500-InternalError", "Out of host capacity."),
    QUOTA: ociError("400-LimitExceeded", "The following service limits were exceeded: standard-e4-core-count."),
    CONFIG: ociError("404-NotAuthorizedOrNotFound", "Authorization failed or requested resource not found."),
    TRANSIENT: ociError("429-TooManyRequests", "Too many requests for the user"),
  },
  says: {
    revoked: /401-NotAuthenticated/,
    foreign: /lead to the OCI tenancy ocid1\.tenancy\.oc1\.\.other/,
    denied: {
      "list VMs": /404-NotAuthorizedOrNotFound, core\.getInstances tells nothing/,
      "create a VM": /404-NotAuthorizedOrNotFound, Authorization failed/,
      "delete a VM": /instance ocid1\.instance\.\S+ of node \S+ is there, and these credentials may not see it/,
      "look up a domain": /404-NotAuthorizedOrNotFound, dns\.getZones tells nothing/,
    },
    noDomain: /baseDomainName: got "nowhere\.org"; the compartment has no public zone/,
  },
  noticed: ["request"],
  providerField: "fingerprint",
  otherPlace: { region, compartmentOcid: "ocid1.compartment.oc1..labs" },
  vmsTellOwner: false,
  checks: ociChecks,
};
