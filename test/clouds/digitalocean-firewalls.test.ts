/** A firewall that is named applies to each Droplet before that exists; its tag is made first, whoever was there before. */
import assert from "node:assert/strict";
import { DigitalOceanApi } from "../../provider/clouds/digitalocean/api";
import { firewallTag, firewallTagKernel } from "../../provider/clouds/digitalocean/firewall-tag-resource";
import type { KernelContext } from "../../provider/resource-kernel";
import { classifyFailure } from "../../runtime/executor/failure-class";
import type { DesiredNode } from "../../runtime/model/state";
import { enginesHere } from "../executor/bench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { EmulatedDigitalOcean } from "./emulated-digitalocean";
import { EmulatedFirewalls } from "./emulated-firewalls";
import { NodeStack } from "./node-stack";
import { vmProviderOf } from "./registered";

const token = "token-of-K1";
const tag = firewallTag("agents");
const vm = vmProviderOf("digitalocean");

describe("a firewall of DigitalOcean, by its name", () => {
  let team: EmulatedFirewalls;
  let url: string;
  let before: string | undefined;
  beforeEach(async () => {
    const firewalls = ["web", "other", "agents", "db"].map((name, index) => ({ id: `f-${index}`, name, tags: [] }));
    team = new EmulatedFirewalls(token, firewalls);
    url = await team.listen();
    before = process.env["DIGITALOCEAN_API_URL"];
    process.env["DIGITALOCEAN_API_URL"] = url;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env["DIGITALOCEAN_API_URL"];
    else process.env["DIGITALOCEAN_API_URL"] = before;
    await team.close();
  });
  const context = (isPreview = false) => ({ isPreview, signal: new AbortController().signal }) as KernelContext;
  const create = (firewallName: string, over: object = {}) =>
    firewallTagKernel.create({ nodeId: "n1", token, firewallName, ...over }, context());
  const tagsOf = (name: string) => team.firewalls.flatMap((each) => (each.name === name ? each.tags : []));

  it("gets a tag that is made first, on whichever page it stands, and no other firewall does", async () => {
    const { id, outputs } = await create("agents");
    assert.equal(id, "f-2");
    assert.equal(outputs["tag"], tag);
    assert.deepEqual(tagsOf("agents"), [tag]);
    assert.deepEqual([...tagsOf("web"), ...tagsOf("other"), ...tagsOf("db")], []);
  });

  it("gets it once, whatever was there before and however many ask at once", async () => {
    team.tags.add(tag);
    await Promise.all(Array.from({ length: 8 }, () => create("agents")));
    assert.deepEqual(tagsOf("agents"), [tag]);
    team.requests.length = 0;
    await create("agents");
    assert.ok(
      team.requests.every((request) => request.startsWith("GET /v2/firewalls?")),
      team.requests.join(),
    );
  });

  it("is not touched by a preview, nor by a delete: other nodes have it too", async () => {
    await firewallTagKernel.create({ nodeId: "n1", token, firewallName: "agents" }, context(true));
    assert.deepEqual(team.requests, []);
    const { id, outputs } = await create("agents");
    await firewallTagKernel.delete(id, outputs, context());
    assert.deepEqual(tagsOf("agents"), [tag]);
  });

  for (const [what, arrange, name, told, failureClass] of [
    [
      "none of the name",
      () => undefined,
      "nobody",
      /DigitalOceanFirewall: firewallName "nobody": the team has no/,
      "CONFIG",
    ],
    [
      "two of the name",
      () => team.firewalls.push({ id: "f-9", name: "agents", tags: [] }),
      "agents",
      /has 2 firewalls of this name \(f-2, f-9\); rename all but one/,
      "CONFIG",
    ],
    [
      "a token that may not",
      () => (team.failing = { status: 403, message: "You are missing the required permission firewall:read" }),
      "agents",
      /GET http.*\/v2\/firewalls.*: 403 You are missing/,
      "CONFIG",
    ],
    [
      "too many requests",
      () => (team.failing = { status: 429, message: "Too many requests" }),
      "agents",
      /: 429 Too/,
      "TRANSIENT",
    ],
    ["an API that is down", () => (team.failing = { status: 503, message: "" }), "agents", /: 503$/, "TRANSIENT"],
  ] as const) {
    it(`fails its node with ${failureClass} for ${what}`, async () => {
      arrange();
      const error = await create(name).then(
        () => assert.fail("it is made"),
        (refusal: Error) => refusal,
      );
      assert.match(error.message, told);
      assert.ok(!error.message.includes(token));
      assert.equal(vm.classify(error.message) ?? classifyFailure(error.message), failureClass);
      assert.deepEqual(tagsOf("agents"), []);
    });
  }

  it("fails its node with TRANSIENT when nobody answers", async () => {
    await team.close();
    const error = await new DigitalOceanApi(token).firewallsNamed("agents").then(
      () => assert.fail("it is answered"),
      (refusal: Error) => refusal,
    );
    assert.match(error.message, /^no answer from DigitalOcean to GET http:\/\/127\.0\.0\.1:\d+\/v2\/firewalls/);
    assert.equal(vm.classify(error.message), "TRANSIENT");
  });

  it("applies to a Droplet when that is asked for, and stays when the node goes [embedded]", async () => {
    const engine = (await enginesHere()).find(({ kind }) => kind === "embedded")!;
    const folder = newOpenFolder("headroom-firewall-");
    const cloud = new EmulatedDigitalOcean();
    await cloud.cloud.listen();
    const environment = { PULUMI_DEBUG_PROVIDERS: cloud.cloud.debugProvider, DIGITALOCEAN_API_URL: url };
    try {
      const stack = await NodeStack.open({ engine, folder, cloud: { vm }, environment });
      const node = {
        ...{ nodeId: "n-a", zone: "home", pool: "agents", autoscaleConfig: "agents-do", vmProvider: "main" },
        ...{ kind: "digitalocean", osType: "linux", startupScript: "" },
        settings: { token, region: "nyc1", image: "ubuntu-24-04-x64", size: "c-2", firewallName: "agents" },
      } as DesiredNode;
      cloud.cloud.trouble = {
        refuse: () => (tagsOf("agents").includes(tag) ? undefined : "the Droplet is not protected"),
      };

      const { errors } = await stack.update([node]);

      assert.deepEqual([...errors], []);
      const [droplet] = cloud.droplets.values();
      assert.ok(droplet?.tags.includes(tag), "the Droplet has the firewall's tag");
      assert.ok(!stack.stateText().includes(token), "no token stands in the state");
      assert.deepEqual((await stack.update([node])).steps, []);
      await stack.destroy();
      assert.deepEqual(cloud.leftovers(), []);
      assert.deepEqual(tagsOf("agents"), [tag]);
    } finally {
      cloud.cloud.close();
      removeFolder(folder);
    }
  });
});
