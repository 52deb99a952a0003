/** Hosts and domains go into scripts, URLs and records as they are, so they are hosts and domains. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { cloudCatalog } from "../../provider/registry";
import { findRefusals, type DefinitionKind } from "../../runtime/model/config";
import { agentConfigDoc, poolDoc, zoneDoc } from "../support/builders";

const catalog = cloudCatalog();
const label63 = "a".repeat(63);
const member = { name: "m1", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" };

const hosts = [
  "a",
  "a.example.org",
  "A.Example.ORG",
  "10.0.0.1",
  "x:1",
  "10.0.0.1:65535",
  "[2001:db8::1]",
  "[::1]:8700",
];
const noHosts = [
  ...[
    "",
    " ",
    "a b",
    "a;reboot",
    "a\nb",
    "a\r",
    "$(id)",
    "`id`",
    "a/..",
    "x/../..",
    "../a",
    "http://a",
    "user@a",
    "u:p@a",
  ],
  ...[
    "a:0",
    "a:65536",
    "a:99999",
    "a:",
    ":80",
    "a..b",
    ".a",
    "a.",
    "-a",
    "a-",
    "a_b",
    `${label63}a`,
    "a#b",
    "a?b",
    "a%20b",
  ],
  ...[
    "[::1",
    "::1]",
    "[zz::1]",
    "[1.2.3.4]",
    "[:::]",
    "300.1.1.1",
    "1.2.3",
    "ä.example.org",
    "a'b",
    'a"b',
    "a\\b",
    "{x}",
  ],
  ...[`${"a.".repeat(127)}a`, "a,b", "*"],
];
const domains = ["example.org", "labs.example.org", "lan", `${label63}.org`, "xn--mnchen-3ya.de", "A.Org"];
const noDomains = [
  ...noHosts.filter((text) => text !== ""),
  ...["example.org.", "10.0.0.1", "[::1]", "a:80", `${"abcdefghi.".repeat(24)}a`, ".", "example .org"],
];

interface Place {
  readonly kind: DefinitionKind;
  readonly path: string;
  readonly docOf: (text: string) => object;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const settings = (over: object) => ({ name: "v", maxInstances: 1, ...over });
const proxmox = {
  username: "a@pve",
  tokenName: "r",
  tokenValue: "v",
  templateName: "t",
  clusterNode: "p",
  cores: 1,
  memory: "1GiB",
};
const isOwn = (text: string) => /^\[::1\]/.test(text);

const places: Readonly<Record<string, Place>> = {
  "the address of a zone": {
    ...{ kind: "zone", path: "upstreamAuthAddress", good: hosts.filter((text) => !isOwn(text)) },
    docOf: (upstreamAuthAddress) => zoneDoc({ upstreamAuthAddress }),
    bad: [
      ...noHosts,
      "localhost",
      "LocalHost:80",
      "127.0.0.1",
      "127.1.2.3:80",
      "0.0.0.0",
      "[::1]:80",
      "proxy",
      "$request_host$",
      "a.localhost",
    ],
  },
  "the address of a local zone": {
    ...{ kind: "zone", path: "upstreamAuthAddress", good: [...hosts, "localhost:8700", "127.0.0.1"], bad: noHosts },
    docOf: (upstreamAuthAddress) => zoneDoc({ upstreamAuthAddress, local: true }),
  },
  "the address of a static member": {
    ...{ kind: "pool", path: "staticMembers[0].address", good: hosts, bad: noHosts },
    docOf: (address) => poolDoc({ staticMembers: [{ ...member, address }] }),
  },
  "a base domain name": {
    ...{ kind: "autoscaleConfig", path: "baseDomainName", good: domains, bad: noDomains },
    docOf: (baseDomainName) => agentConfigDoc({ baseDomainName }),
  },
  "a cluster of Proxmox VE": {
    ...{ kind: "vmProviderConfig", path: "settings.host", good: hosts, bad: noHosts },
    docOf: (host) => settings({ kind: "proxmox", settings: { ...proxmox, host } }),
  },
  "a domain of DigitalOcean": {
    ...{ kind: "dnsProviderConfig", path: "settings.domain", good: domains, bad: noDomains },
    docOf: (domain) => ({ name: "d", kind: "digitalocean", settings: { token: "t", domain } }),
  },
};

describe("addresses in definitions", () => {
  for (const [what, { kind, path, docOf, good, bad }] of Object.entries(places)) {
    it(`are taken exactly when they are one: ${what}`, () => {
      for (const text of good) assert.deepEqual(findRefusals(kind, docOf(text), catalog), [], text);
      for (const text of bad) {
        const problems = findRefusals(kind, docOf(text), catalog).map((problem) => problem.path);
        assert.deepEqual([...new Set(problems)], [path], JSON.stringify(text));
      }
    });

    it(`hold nothing that a script or a URL could take for more than an address (property): ${what}`, () => {
      const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9.:[\]/@;%$-]{1,30}$/));
      fc.assert(
        fc.property(text, (value) => {
          if (findRefusals(kind, docOf(value), catalog).length > 0) return;
          assert.match(value, /^[A-Za-z0-9.:[\]-]+$/);
          assert.equal(new URL(`http://${value}/x`).pathname, "/x");
        }),
      );
    });
  }
});
