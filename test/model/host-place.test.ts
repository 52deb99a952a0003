import assert from "node:assert/strict";
import { findNearPlace } from "../../runtime/model/host-place";

const own = [
  ...["127.0.0.1", "127.9.9.9", "127.1", "127.0.1", "0.0.0.0", "0", "0.1.2.3", "2130706433", "0x7f000001", "0x7f.1"],
  ...["0177.0.0.1", "017700000001", "0X7F.0.0.1", "127.0.0.01", "localhost", "LOCALHOST", "localhost.", "a.localhost"],
  ...["::1", "[::1]", "::", "0:0:0:0:0:0:0:1", "0000::0001", "::ffff:127.0.0.1", "::ffff:7f00:1", "::FFFF:127.1.2.3"],
  ...["::127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:0:127.0.0.1", "ip6-localhost"],
  ...["127.0.0.1.", "localhost.localdomain", "::1%lo"],
];
const link = [
  "169.254.169.254",
  "169.254.1.1",
  "0xa9fea9fe",
  "2852039166",
  "0251.0376.0251.0376",
  "fe80::1",
  "[fe80::1]",
];
link.push("febf::1", "fe80::1%eth0", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe");
const metadata = ["metadata.google.internal", "metadata", "instance-data", "fd00:ec2::254", "100.100.100.200"];
metadata.push("168.63.129.16", "192.0.0.192", "fd20:ce::254", "METADATA.google.internal.");
const others = [
  ...["10.0.0.1", "192.168.1.1", "172.16.0.9", "8.8.8.8", "128.0.0.1", "126.255.255.255", "169.253.1.1", "169.255.0.1"],
  ...["vm1.example.org", "localhost.example.org", "notlocalhost", "desk-127", "fe-80", "metadata.example.org", "a1"],
  ...["2001:db8::1", "fd00::1", "fec0::1", "fe00::1", "64:ff9b::8.8.8.8", "2002:0808:0808::1", "::ffff:10.0.0.1"],
  ...[
    "1.2.3.4.5",
    "256.0.0.1",
    "127.0.0.256",
    "0x",
    "0xg",
    "08.0.0.1",
    "4294967296",
    ":::",
    "1:2:3:4:5:6:7:8:9",
    "::g",
  ].filter((text) => text !== "0x"),
];

describe("where a host lies", () => {
  for (const [what, hosts] of [
    ["is this machine itself", own],
    ["is link-local", link],
    ["is a cloud's metadata service", metadata],
    [undefined, others],
  ] as const) {
    it(`is told of every form of one that ${what ?? "is another machine, or no host at all"}`, () => {
      for (const host of hosts) assert.equal(findNearPlace(host), what, host);
    });
  }

  it("is the same for each whole number that means an IPv4 address, in each base", () => {
    for (let index = 0; index < 500; index += 1) {
      const number = (index * 8_589_935) % 2 ** 32;
      const dotted = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
      const forms = [String(number), `0x${number.toString(16)}`, `0${number.toString(8)}`];
      forms.push(
        dotted.map((part) => `0x${part.toString(16)}`).join("."),
        dotted.map((part) => `0${part.toString(8)}`).join("."),
      );
      forms.push(
        `::ffff:${dotted.join(".")}`,
        `[::ffff:${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}]`,
      );
      for (const form of forms)
        assert.equal(findNearPlace(form), findNearPlace(dotted.join(".")), `${form} ${dotted.join(".")}`);
    }
  });
});
