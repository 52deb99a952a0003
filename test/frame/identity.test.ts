/** Identities in every form of a place: read back for any node, within the limits of clouds, over whatever a user wrote. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import {
  asDescription,
  asFlatTags,
  asLabels,
  asTags,
  asVmName,
  identityKeysMax,
  inFields,
  type IdentityForm,
  type NodeIdentity,
} from "../../provider/frame/identity";
import type { Inputs } from "../../provider/frame/inputs";
import { nameSchema } from "../../runtime/model/config";

/** Every name that a user or we can give. */
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/);
const identity: fc.Arbitrary<NodeIdentity> = fc.record(
  { nodeId: name, installation: name, zone: name, pool: name, config: name },
  { requiredKeys: ["nodeId", "zone", "pool", "config"] },
);
const ofOther = { nodeId: "n-other", installation: "i-other", zone: "z", pool: "p", config: "c" };
const readable = ({ nodeId, installation }: NodeIdentity) => ({ nodeId, ...(installation && { installation }) });

/** Keys and values as users write them, among them those that are ours. */
const userTags = fc.dictionary(
  fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom("headroom-node", "headroom-installation", "Name", "__proto__"),
  ),
  fc.string({ maxLength: 20 }),
);
const userFlatTags = fc.array(
  fc.oneof(
    fc.stringMatching(/^[a-z0-9]{1,9}$/),
    fc.constantFrom("headroom-node:x", "Headroom-Node:x", "headroom-zone:x"),
  ),
);

interface Place {
  readonly what: string;
  readonly form: IdentityForm<never>;
  readonly user: fc.Arbitrary<unknown>;
  /** What the cloud takes there. */
  readonly limits: (placed: never) => void;
  /** Only the node is told by it. */
  readonly isNodeOnly?: true;
}

function place<Placed>(
  what: string,
  form: IdentityForm<Placed>,
  user: fc.Arbitrary<unknown>,
  limits: (placed: Placed) => void,
  isNodeOnly?: true,
): Place {
  return { what, form, user, limits, isNodeOnly } as unknown as Place;
}

const ours = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).filter(([key]) => key.startsWith("headroom-"));

const places: readonly Place[] = [
  place("tags", asTags({ nameKey: "Name" }), userTags, (placed) => {
    for (const [key, value] of ours(placed)) assert.ok(key.length <= 100 && value.length <= 255);
    assert.ok(ours(placed).length <= identityKeysMax);
  }),
  place("labels", asLabels(), fc.constant({}), (placed) => {
    for (const [key, value] of Object.entries(placed)) {
      assert.match(key, /^[a-z][a-z0-9_-]{0,62}$/, "of GCP");
      assert.match(value, /^[a-z0-9_-]{0,63}$/, "of GCP");
      assert.match(value, /^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$/, "of Kubernetes");
    }
  }),
  place("flat tags with colons", asFlatTags(":"), userFlatTags, (placed) => {
    for (const tag of placed) assert.match(tag, /^[A-Za-z0-9:_-]{1,255}$/, "of DigitalOcean");
    assert.deepEqual(placed, [...new Set(placed)].sort());
  }),
  place("flat tags with underscores", asFlatTags("_"), fc.constant(undefined), (placed) => {
    for (const tag of placed) assert.match(tag, /^[a-z0-9_][a-z0-9_\-+.]*$/, "of Proxmox VE");
  }),
  place(
    "a description",
    asDescription(400),
    fc.oneof(fc.string({ maxLength: 600 }), fc.constant("mine\nheadroom-node=n-x headroom-installation=i-x")),
    (placed) => assert.ok(placed.length <= 400, String(placed.length)),
  ),
  place(
    "a VM's name",
    asVmName(63),
    fc.string(),
    (placed) => assert.match(placed, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/),
    true,
  ),
];

describe("identity of a node", () => {
  it("is made of names as they may be", () => {
    fc.assert(fc.property(name, (text) => void nameSchema.parse(text)));
  });

  for (const { what, form, user, limits, isNodeOnly } of places) {
    const fits = identity.filter(({ nodeId }) => !isNodeOnly || !nodeId.endsWith("-"));

    it(`in ${what}: is read back for any node, whatever a user wrote there, within the cloud's limits (property)`, () => {
      fc.assert(
        fc.property(fits, user, (node, present) => {
          const placed = form.write(node, present);
          limits(placed);
          assert.deepEqual(form.read(placed), isNodeOnly ? { nodeId: node.nodeId } : readable(node));
          assert.deepEqual(form.write(node, placed), placed, "placed twice, it is the same");
        }),
      );
    });

    it(`in ${what}: nothing there is nobody's`, () => assert.deepEqual(form.read(undefined), {}));
  }

  it("in tags and flat tags: what a cloud is asked for is what its VM has, and no other's (property)", () => {
    fc.assert(
      fc.property(identity, identity, (node, other) => {
        for (const form of [asTags(), asLabels()]) {
          const has = (key: string, value: string | undefined) => form.write(node)[key] === value;
          for (const [key, value] of Object.entries(form.ofNode(node.nodeId))) assert.ok(has(key, value));
          const [[key, value]] = Object.entries(form.ofNode(other.nodeId)) as [[string, string]];
          assert.equal(has(key, value), node.nodeId === other.nodeId);
        }
        const flat = asFlatTags(":");
        const [tag = ""] = flat.ofNode(other.nodeId);
        assert.equal(flat.write(node).includes(tag), node.nodeId === other.nodeId);
        const [installation = ""] = flat.ofInstallation(other.nodeId);
        assert.equal(flat.write(node).includes(installation), node.installation === other.nodeId);
      }),
    );
  });

  it("keeps what else a user wrote", () => {
    assert.deepEqual(asTags().write(ofOther, { team: "labs" })["team"], "labs");
    assert.ok(asFlatTags(":").write(ofOther, ["labs"]).includes("labs"));
    assert.match(asDescription(400).write(ofOther, "for labs"), /^for labs\nheadroom-node=n-other/);
  });

  it("refuses a VM's name that the cloud would refuse", () => {
    const write = (nodeId: string) => asVmName(15).write({ ...ofOther, nodeId });
    assert.throws(() => write("n-"), /no dash at the end/);
    assert.throws(() => write("n123456789012345"), /at most 15 characters/);
    assert.equal(write("n12345678901234"), "n12345678901234");
  });

  describe("in a VM's inputs", () => {
    const placed = inFields(asTags(), "tags", "volumeTags");
    const tagsIn = (value: unknown): Inputs[] => {
      if (Array.isArray(value)) return value.flatMap(tagsIn);
      if (typeof value !== "object" || value === null) return [];
      return Object.entries(value).flatMap(([key, inner]) =>
        key === "tags" || key === "volumeTags" ? [inner as Inputs] : tagsIn(inner),
      );
    };

    it("wins at every depth: of the VM, its disks, its network interfaces (property)", () => {
      const tagged = fc.record({ size: fc.nat(), tags: userTags }, { requiredKeys: [] });
      const inputs = fc.record(
        { tags: userTags, volumeTags: userTags, disk: tagged, networkInterfaces: fc.array(fc.record({ ip: tagged })) },
        { requiredKeys: [] },
      );
      fc.assert(
        fc.property(inputs, identity, (given, node) => {
          const whole = placed(given, node);
          const found = tagsIn(whole);
          assert.ok(found.length >= 2, "the VM's own and those of its volumes");
          assert.equal(found.length, Math.max(2, tagsIn({ tags: {}, volumeTags: {}, ...given }).length));
          for (const tags of found) assert.deepEqual(asTags().read(tags as Record<string, string>), readable(node));
        }),
      );
    });

    it("is set deeper inside where that is the cloud's place", () => {
      const placedDeep = inFields(asLabels(), "metadata.labels", "spec.template.metadata.labels");
      const whole = placedDeep({ metadata: { name: "n1", labels: { a: "1" } }, spec: { running: true } }, ofOther);
      const labels = asLabels().write(ofOther);
      assert.deepEqual(whole, {
        metadata: { name: "n1", labels: { a: "1", ...labels } },
        spec: { running: true, template: { metadata: { labels } } },
      });
    });

    it("leaves everything else as it is, outputs of other resources too", () => {
      const output = pulumi.output("10.0.0.1");
      const inputs = { size: 1, list: [1, { a: null }, output], disk: { type: "ssd", output }, none: undefined };
      const { tags, volumeTags, ...rest } = placed(inputs, ofOther);
      assert.deepEqual(rest, inputs);
      assert.equal((rest as typeof inputs).list[2], output);
      assert.equal((rest as typeof inputs).disk.output, output);
      assert.deepEqual(tags, volumeTags);
    });

    it("takes what is known later as it is, at every depth", () => {
      class Later {
        readonly tags = { team: "mine" };
      }
      const later = new Later();
      const whole = placed({ size: later, disk: { type: later }, list: [later] }, ofOther);
      assert.equal(whole["size"], later);
      assert.equal((whole["disk"] as Inputs)["type"], later);
      assert.equal((whole["list"] as unknown[])[0], later);
    });
  });
});
