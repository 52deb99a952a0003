/** Computer records in a Samba domain: made, reused, moved, refused and deleted. Skipped by name where Samba can't be had. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Attribute, Change } from "ldapts";
import type { DirectoryAccess } from "../../provider/directory/access";
import { createComputerRecordKernel } from "../../provider/directory/computer-record-resource";
import { LoginRefusals } from "../../provider/directory/login-refusals";
import { Sessions } from "../../provider/directory/session";
import type { KernelContext, Properties } from "../../provider/resource-kernel";
import { CloudError, type CloudFailureClass } from "../../runtime/model/errors";
import { newSelfSigned } from "../support/self-signed";
import { removeFolder } from "../support/remove-folder";
import { closedOu, computerOu, DomainController, domainRoot, whyNoController } from "./domain-controller";

describe("computer records in a Samba domain", function () {
  this.timeout(180_000);
  let controller: DomainController;
  let root: string;
  let sessions: Sessions;
  let nowMs = Date.now();
  const warned: string[] = [];
  before(async function () {
    if (whyNoController() !== undefined) return this.skip();
    controller = await DomainController.start();
    root = mkdtempSync(join(tmpdir(), "headroom-logins-"));
  });
  beforeEach(() => {
    warned.length = 0;
    sessions = newSessions();
  });
  afterEach(async () => {
    await sessions?.close();
    await controller?.empty();
  });
  after(async () => {
    await controller?.stop();
    if (root !== undefined) removeFolder(root);
  });

  const newSessions = () => new Sessions({ refusals: new LoginRefusals(root), now: () => nowMs });
  const contextOf = (access: DirectoryAccess): KernelContext => ({
    owner: "urn:test",
    isPreview: false,
    signal: new AbortController().signal,
    directory: JSON.stringify(access),
    warn: (message) => warned.push(message),
  });
  const inputsOf = (nodeId: string, over: Properties = {}): Properties => ({
    ...{ nodeId, installation: "inst-1", zone: "z", pool: "p", config: "c", computerOu },
    ...{ deletesChildren: false, joinPassword: `Join1${nodeId}Password`, ...over },
  });
  const kernel = () => createComputerRecordKernel({ sessions });
  const create = async (nodeId: string, over?: Properties, access = controller.access()) =>
    (await kernel().create(inputsOf(nodeId, over), contextOf(access))).outputs;
  const remove = (outputs: Properties, access = controller.access()) =>
    kernel().delete(String(outputs["nodeId"]), outputs, contextOf(access));
  const canSignIn = (nodeId: string, password: string) =>
    controller.as(async () => true, `${nodeId.toUpperCase()}$@headroom.test`, password).catch(() => false);
  const refusedAs = (failureClass: CloudFailureClass, text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CloudError, String(error));
    assert.match(error.message, text);
    assert.equal(error.failureClass, failureClass, error.message);
    return true;
  };

  it("are there with the password of the script, carry whose they are, and go again", async () => {
    const outputs = await create("nmade01");

    assert.deepEqual(await controller.computers(), ["nmade01"]);
    assert.ok(await canSignIn("nmade01", "Join1nmade01Password"));
    const { searchEntries } = await controller.as((client) => client.search(String(outputs["dn"]), { scope: "base" }));
    assert.match(String(searchEntries[0]!["description"]), /^headroom-node=nmade01 headroom-installation=inst-1 /);
    assert.ok(!JSON.stringify(searchEntries).includes("Join1nmade01Password"));
    const read = await kernel().read("nmade01", outputs, contextOf(controller.access()));
    assert.equal(read?.outputs["guid"], outputs["guid"]);

    await remove(outputs);
    assert.deepEqual(await controller.computers(), []);
    await remove(outputs);
    assert.equal(await kernel().read("nmade01", outputs, contextOf(controller.access())), undefined);
  });

  it("are made once: asked again, the record and the password that its computer has set by then stay", async () => {
    const first = await create("nagain1");
    await controller.as((client) => client.modify(String(first["dn"]), passwordChange("Changed1ByTheComputer")));

    const second = await create("nagain1");
    assert.deepEqual([second["guid"], second["dn"]], [first["guid"], first["dn"]]);
    assert.ok(await canSignIn("nagain1", "Changed1ByTheComputer"));
    await remove(second);
  });

  it("that an earlier making of the node left are reused with the new password, enabled", async () => {
    const stale = await create("nstale1", { joinPassword: "Older1OneTimePassword" });
    const disabled = new Change({
      operation: "replace",
      modification: new Attribute({ type: "userAccountControl", values: ["4098"] }),
    });
    await controller.as((client) => client.modify(String(stale["dn"]), disabled));

    const fresh = await create("nstale1");
    assert.equal(fresh["guid"], stale["guid"]);
    assert.ok(await canSignIn("nstale1", "Join1nstale1Password"));
    await remove(fresh);
  });

  it("of others are never touched: without our mark, of another installation, or of another node", async () => {
    const marks = {
      nother1: undefined,
      nother2: "headroom-node=nother2 headroom-installation=inst-2",
      nother3: "headroom-node=nelse headroom-installation=inst-1",
    };
    for (const [nodeId, description] of Object.entries(marks)) {
      const dn = `CN=${nodeId},CN=Computers,${domainRoot}`;
      const own = { objectClass: "computer", sAMAccountName: `${nodeId.toUpperCase()}$`, userAccountControl: "4096" };
      await controller.as((client) => client.add(dn, { ...own, ...(description ? { description } : {}) }));

      await assert.rejects(
        create(nodeId),
        refusedAs("TRANSIENT", new RegExp(`^AdNameTaken: "CN=${nodeId},CN=Computers.*left alone`)),
      );
      await remove({ ...inputsOf(nodeId), dn, guid: "" });
      assert.match(warned.at(-1)!, /left alone/);
    }
    assert.equal((await controller.computers(`CN=Computers,${domainRoot}`)).length, 3);
  });

  it("are found when somebody has moved and renamed them, and no other one goes in their stead", async () => {
    const outputs = await create("nmoved1");
    await controller.as((client) => client.modifyDN(String(outputs["dn"]), `CN=renamed,CN=Computers,${domainRoot}`));
    const read = await kernel().read("nmoved1", outputs, contextOf(controller.access()));
    assert.match(String(read?.outputs["dn"]), /^CN=renamed,CN=Computers,/);
    await controller.as((client) => client.modifyDN(`CN=renamed,CN=Computers,${domainRoot}`, String(outputs["dn"])));
    await remove(outputs);
    assert.deepEqual(await controller.computers(), []);
  });

  it("with something below them go only where that is wanted, and say so", async () => {
    const below = async (dn: unknown) =>
      controller.as((client) => client.add(`CN=service,${String(dn)}`, { objectClass: "serviceConnectionPoint" }));
    const plain = await create("nleaf01");
    await below(plain["dn"]);
    await assert.rejects(remove(plain), refusedAs("CONFIG", /^AdNotEmpty: .*CN=nleaf01.*adRecursiveCleanup/));
    await remove({ ...plain, deletesChildren: true });
    assert.deepEqual(await controller.computers(), []);
  });

  it("are refused by class, in words that name what to do", async () => {
    const cases: readonly (readonly [string, Properties, Partial<DirectoryAccess>, CloudFailureClass, RegExp])[] = [
      [
        "a missing OU",
        { computerOu: `OU=Nowhere,${domainRoot}` },
        {},
        "CONFIG",
        /^AdOuMissing: there is no "OU=Nowhere/,
      ],
      ["no right there", { computerOu: closedOu }, {}, "CONFIG", /^AdNoRight: .*create computer objects in "OU=Closed/],
      ["a stranger's account", {}, { serviceAccountDn: "stranger@headroom.test" }, "CONFIG", /^AdNoRight/],
      ["a foreign certificate", {}, { tlsCa: newSelfSigned().cert }, "CONFIG", /^AdCertificate: .*tlsCa/],
      ["nobody there", {}, { urls: ["ldaps://127.0.0.1:1"] }, "TRANSIENT", /^AdUnreachable: .*ECONNREFUSED/],
      ["no name", { computerOu: "nothing" }, {}, "CONFIG", /^Ad(BadName|OuMissing)/],
    ];
    for (const [what, over, access, failureClass, text] of cases) {
      await assert.rejects(create("nrefuse", over, controller.access(access)), refusedAs(failureClass, text), what);
    }
    assert.deepEqual(await controller.computers(), []);
  });

  it("make no more than two tries with a wrong password, for all pools and processes, until it changes or rests", async () => {
    const wrong = controller.access({ serviceAccountPassword: "Wrong1Password" });
    const refused = refusedAs("CONFIG", /^AdLoginRefused: /);
    await Promise.all(Array.from({ length: 20 }, () => assert.rejects(create("nlogin1", {}, wrong), refused)));
    await assert.rejects(create("nlogin1", {}, wrong), refused);
    const opened = controller.relay.count;
    for (let turn = 0; turn < 3; turn += 1) {
      sessions = newSessions();
      await assert.rejects(
        create("nlogin1", {}, wrong),
        refusedAs("CONFIG", /was refused 2 times; it is not tried again before/),
      );
    }
    assert.equal(controller.relay.count, opened, "nobody was asked");
    nowMs += 31 * 60_000;
    await assert.rejects(create("nlogin1", {}, wrong), refused);
    assert.equal(controller.relay.count, opened + 1);
    await remove(await create("nlogin1"));
  });

  it("come from the next controller when the first does not answer, which is waited for once", async () => {
    const silent = createServer((socket) => void connections.push(socket));
    const connections: Socket[] = [];
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const dead = `ldaps://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const access = controller.access({ urls: [dead, controller.relay.url], connectionTimeout: 1 });
    const making = Promise.all(["nslow1", "nslow2", "nslow3"].map((nodeId) => create(nodeId, {}, access)));
    const made = await making.finally(() => silent.close());
    for (const socket of connections) socket.destroy();

    assert.equal(connections.length, 1);

    assert.deepEqual(
      made.map(({ controller: by }) => by),
      made.map(() => controller.relay.url),
    );
    for (const outputs of made) await remove(outputs, access);
    assert.deepEqual(await controller.computers(), []);
  });

  it("are there once when the answer to their making was lost", async () => {
    const access = controller.access();
    controller.relay.holdAnswers();
    const making = create("nlost01", {}, access);
    await controller.untilMade("nlost01");
    controller.relay.cut();
    controller.relay.release();
    const outputs = await making;

    assert.deepEqual(await controller.computers(), ["nlost01"]);
    await remove(outputs, access);
  });

  it("of two hundred nodes at once are all there, each with its own password, without a connection for each", async () => {
    const nodeIds = Array.from({ length: 200 }, (_, index) => `nmany${index}`);
    const opened = controller.relay.count;
    const all = await Promise.all(nodeIds.map((nodeId) => create(nodeId)));

    assert.ok(controller.relay.count - opened < 5, `${controller.relay.count - opened} connections`);
    assert.deepEqual(await controller.computers(), [...nodeIds].sort());
    assert.ok(await canSignIn("nmany199", "Join1nmany199Password"));
    await Promise.all(all.map((outputs) => remove(outputs)));
    assert.deepEqual(await controller.computers(), []);
  });
});

function passwordChange(password: string): Change {
  const values = [Buffer.from(`"${password}"`, "utf16le")];
  return new Change({ operation: "replace", modification: new Attribute({ type: "unicodePwd", values }) });
}
