/** Workspaces over HTTP: what they are called, who may have them, labels, and how many sessions of a user may wait. */
import assert from "node:assert/strict";
import { NoCapacityError } from "../../runtime/model/errors";
import { Api } from "./harness";

const student = "Ubuntu 22.04 Student Edition";

describe("workspaces over HTTP", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    const doc = { pools: ["agents"], cores: 1, memory: "1GiB" };
    await put("workspace", { ...doc, name: "ubuntu", displayName: student });
    await put("workspace", { ...doc, name: "staff-only", allowedUsers: ["ann"], allowedGroups: ["staff"] });
  });
  afterEach(() => api.close());

  async function put(
    kind: "workspace" | "pool",
    doc: { readonly name: string; readonly [field: string]: unknown },
  ): Promise<void> {
    await api.client("operator").putDefinition({ kind, name: doc.name, doc, owner: "test" });
  }

  function ask(body: object) {
    return api.request("/api/v1/sessions", { method: "POST", key: api.keys.broker, body });
  }

  it("show the display name with each session, and tell who asks by it the name", async () => {
    const { status, body } = await ask({ workspace: student, userId: "ann" });
    assert.deepEqual([status, body["code"], body["path"]], [400, "config", "workspace"]);
    assert.match(String(body["message"]), /the display name of workspace "ubuntu"; use "ubuntu"$/);

    const session = await api.client("broker").requestSession({ workspace: "ubuntu", userId: "ann" });
    assert.deepEqual([session.workspace, session.displayName], ["ubuntu", student]);
    const [listed] = await api.client("viewer").sessions();
    assert.equal(listed?.displayName, student);
  });

  it("refuse who may not have a session, by reason, and explain the refusal; let in by user and by group", async () => {
    const refused = await ask({ workspace: "staff-only", userId: "eve", groups: ["students"] });
    assert.deepEqual([refused.status, refused.body["code"], refused.body["reason"]], [422, "noCapacity", "notAllowed"]);
    const explained = await api.client("viewer").explain("session", String(refused.body["sessionId"]));
    assert.match(explained.wouldChange.join(), /allowedUsers or allowedGroups of workspace "staff-only"/);

    const client = api.client("broker");
    const asClient = client.requestSession({ workspace: "staff-only", userId: "eve" });
    await assert.rejects(asClient, (error) => error instanceof NoCapacityError && error.reason === "notAllowed");
    for (const request of [{ userId: "ann" }, { userId: "bob", groups: ["students", "staff"] }]) {
      assert.equal((await ask({ workspace: "staff-only", ...request })).status, 201);
    }
  });

  it("take the groups of a request as a list of names, and nothing else", async () => {
    const bad: [unknown, string][] = [
      ["staff", "groups"],
      [[""], "groups[0]"],
      [["x".repeat(201)], "groups[0]"],
      [["staff", 7], "groups[1]"],
      [Array.from({ length: 201 }, (_, index) => `g${index}`), "groups"],
      [{ staff: true }, "groups"],
    ];
    for (const [groups, path] of bad) {
      const { status, body } = await ask({ workspace: "ubuntu", userId: "ann", groups });
      assert.deepEqual([status, body["path"]], [400, path], JSON.stringify(groups).slice(0, 40));
    }
  });

  it("refuse a session that labels let run nowhere, and show the labels of a static member", async () => {
    const member = { name: "m", zone: "eu", address: "10.0.0.1", cores: 1, memory: "1GiB", labels: ["gpu"] };
    await put("pool", { name: "agents", type: "dockerAgent", staticMembers: [member] });
    const node = await api.client("viewer").node("static:agents:m");
    assert.deepEqual(node.labels, ["gpu"]);
    await put("workspace", { name: "cad", pools: ["agents"], cores: 1, memory: "1GiB", includeLabels: ["gpu"] });

    const session = await api.client("broker").requestSession({ workspace: "cad", userId: "ann" });
    assert.equal(session.node?.nodeId, "static:agents:m");
  });
});
