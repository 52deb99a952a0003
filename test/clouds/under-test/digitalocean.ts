import type { EmulatedUnderTest } from "../cloud-under-test";
import { apiError, createError } from "../digitalocean-api";
import { EmulatedDigitalOcean } from "../emulated-digitalocean";
import { tokenOf } from "../emulated-tokens";
import { runEmulated } from "../run-emulated";
import { digitalOceanChecks } from "./digitalocean-checks";

export const underTest: EmulatedUnderTest<EmulatedDigitalOcean> = {
  template: () => ({
    region: "nyc1",
    image: "ubuntu-24-04-x64",
    size: "c-2",
    tags: ["team:labs"],
    sshKeyName: "ops",
    inputOverride: { monitoring: true },
  }),
  credentials: (key) => ({ token: tokenOf(key) }),
  dns: {
    settings: () => ({}),
    baseDomainName: "pool.labs.example.org",
    zones: [
      { what: "the longest", settings: {}, baseDomainName: "a.labs.example.org", leadsTo: "labs.example.org" },
      { what: "a shorter one", settings: {}, baseDomainName: "alabs.example.org", leadsTo: "example.org" },
      {
        what: "the one that is given",
        settings: { domain: "example.org" },
        baseDomainName: "b.labs.example.org",
        leadsTo: "example.org",
      },
      {
        what: "none",
        settings: {},
        baseDomainName: "elsewhere.net",
        leadsTo: /baseDomainName: got "elsewhere\.net"; the DigitalOcean team has no domain/,
      },
    ],
  },
  edit: (template, number) => ({ ...template, image: "docker-20-04", tags: `edit:${number}, team:other` }),
  sentScript: { linux: (script) => `#!/bin/sh\n${script}` },
  emulate: () => new EmulatedDigitalOcean(),
  start: () => runEmulated(underTest),
  refusals: {
    CAPACITY: createError(422, "Size is not available in this region."),
    QUOTA: createError(422, "creating this/these droplet(s) will exceed your droplet limit"),
    CONFIG: createError(422, "You specified an invalid image for Droplet creation."),
    TRANSIENT: createError(429, "Too many requests"),
  },
  says: {
    revoked: /401 (?:\(request [^)]*\) |\(\\?")?Unable to authenticate you/,
    foreign: /leads to the DigitalOcean team of 5df3e3004a17e242b7c20ca6c9fc25b701a47ece/,
    denied: {
      "list VMs": refused("GET", "droplets"),
      "create a VM": refused("POST", "droplets"),
      "delete a VM": refused("DELETE", "droplets/\\d+"),
      "look up a domain": refused("GET", "domains"),
    },
    noDomain: /baseDomainName: got "nowhere\.org"; the DigitalOcean team has no domain/,
  },
  noticed: ["request"],
  providerField: "token",
  // A Droplet does not say which team it is in.
  vmsTellOwner: false,
  checks: digitalOceanChecks,
  size: { name: "c-2", shape: { cores: 2, memoryBytes: 4 * 2 ** 30, gpus: 0 } },
};

function refused(method: string, path: string): RegExp {
  const [before = "", after = ""] = apiError(method, "PATH", 403, "You are not authorized").split("PATH");
  return new RegExp(`${before}${path}${after.replace(/[()]/g, "\\$&")}`);
}
