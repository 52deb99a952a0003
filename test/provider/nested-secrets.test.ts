/** Secrets in the items of a list, such as the passwords of a pool's static members, stay secrets on the way to the engine. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { withSecretConnection, withSecretMembers } from "../../components/connection";
import type { StaticMemberArgs } from "../../components/arguments";
import { packageSchema } from "../../provider/kernel/schema";
import { marksOfPaths, toWire } from "../../provider/kernel/property-values";
import { secretConnectionFields } from "../../runtime/model/connection";
import { secretFields } from "../../runtime/model/config";

const mark = "the-secret-mark";
const machine = { name: "m1", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" };
const secrets = { connectionPassword: mark, connectionPrivateKey: mark, connectionInfo: { deep: [mark] } };

/** What is left when every value that is wrapped as a secret is taken away. */
function inClear(wire: unknown): string {
  return JSON.stringify(wire, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value ? "wrapped" : value,
  );
}

describe("secrets of static members", () => {
  it("are wrapped in each member, and nothing else is", () => {
    const doc = { name: "desks", staticMembers: [machine, { ...machine, name: "m2", ...secrets }, machine] };

    const wire = toWire(doc, marksOfPaths(secretFields.pool!));

    const clear = inClear(wire);
    assert.ok(!clear.includes(mark), clear);
    assert.ok(clear.includes('"name":"m2"') && clear.includes('"connectionPassword":"wrapped"'));
    assert.equal(clear.split("wrapped").length - 1, 3);
  });

  it("are secrets of the package's schema, like those of an autoscale config", () => {
    const { types, resources } = JSON.parse(packageSchema({ version: "1.0.0" })) as {
      types: Record<string, { properties?: Record<string, { secret?: boolean }> }>;
      resources: Record<string, { inputProperties: Record<string, { secret?: boolean }> }>;
    };
    const [, member] = Object.entries(types).find(
      ([, { properties = {} }]) => "maxSimultaneousSessions" in properties,
    )!;
    const config = resources["headroom:index:AutoscaleConfig"]!.inputProperties;
    for (const [field, property] of Object.entries(member.properties!)) {
      const isSecret = (secretConnectionFields as readonly string[]).includes(field);
      assert.equal(property.secret ?? false, isSecret, field);
      if (isSecret) assert.equal(config[field]?.secret, true, field);
    }
  });

  it("are secret outputs in a program, however the members are handed over", async () => {
    const member: StaticMemberArgs = { ...machine, ...secrets };
    const plain = withSecretMembers([member, Promise.resolve(member), pulumi.output(member)]);
    const whole = withSecretMembers(pulumi.output([member]));
    const members: unknown[] = [...(plain as unknown[]), whole];
    for (const [index, one] of members.entries()) {
      const found = await secretOutputsIn(one);
      assert.equal(found, 3, `member ${index} of ${members.length}`);
    }
    assert.equal(withSecretMembers(undefined), undefined);
    const { connectionUsername, connectionPassword } = withSecretConnection({ connectionUsername: "a", ...secrets });
    assert.equal(connectionUsername, "a");
    assert.equal(await pulumi.isSecret(connectionPassword as unknown as pulumi.Output<string>), true);
  });
});

/** Secret outputs in a value; an output's own value is looked into. */
async function secretOutputsIn(value: unknown): Promise<number> {
  if (pulumi.Output.isInstance(value)) {
    if (await pulumi.isSecret(value)) return 1;
    return secretOutputsIn(await (value as unknown as { promise(): Promise<unknown> }).promise());
  }
  const inner = await Promise.resolve(value);
  if (typeof inner !== "object" || inner === null) return 0;
  const counts = await Promise.all(Object.values(inner).map(secretOutputsIn));
  return counts.reduce((sum, count) => sum + count, 0);
}
