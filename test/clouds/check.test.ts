/** What a worker tells of an account and of what a template names there, on every cloud and engine here. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { local, localSettingsSchema } from "../../provider/clouds/local";
import { environmentOf } from "../../provider/local-vm/local-rules";
import type { AccountCheck, AccountFinding } from "../../runtime/model/account-check";
import type { Settings } from "../../runtime/model/accounts";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import type { AccountBench } from "./account-bench";
import type { CheckCase } from "./cloud-under-test";
import { onEachCloud } from "./each-cloud";
import { vmProviderOf } from "./registered";

/** Where not all cases are run, each so-many-th of the cloud's table is. */
const stride = 4;

onEachCloud("the check of an account", "all", ({ kind, known, isWhole, open }) => {
  let bench: AccountBench;
  before(async function () {
    bench = await open(this);
  });
  beforeEach(() => {
    bench.cloud.endTrouble();
    bench.useKey("K1");
  });
  after(() => bench?.close());

  const allIsWell: CheckCase = { name: "all is well", finds: [] };
  for (const [index, oneCase] of [allIsWell, ...known.checks].entries()) {
    const { name, arrange, template, finds, size = known.size, isNobody } = oneCase;
    if (!isWhole && index % stride !== 0) {
      it.skip(`tells: ${name} (with HEADROOM_CLOUDS=all)`);
      continue;
    }
    it(`tells: ${name}`, async () => {
      arrange?.(bench.cloud);
      const before = bench.cloud.cloud.journal.length;

      const check = await checked(bench, { ...bench.template, ...template });

      assert.deepEqual(
        check.findings.map(({ kind: found, field }) => [found, field]),
        finds.map(([found, field]) => [found, field]),
        JSON.stringify(check.findings),
      );
      for (const [index, [, , says]] of finds.entries()) assert.match(check.findings[index]!.text, says);
      assert.deepEqual(check.size, size === "unknown" ? undefined : size);
      assert.equal(check.identity?.owner, isNobody ? undefined : bench.cloud.access.home);
      assertNoSecret(check);
      assert.equal(bench.cloud.cloud.journal.length, before, "a check changes nothing");
    });
  }

  it("tells whose other keys are, whatever account was known before", async () => {
    const { other } = bench.cloud.access;
    bench.cloud.access.giveTo("K7", other);
    bench.useKey("K7");

    const { identity } = await checked(bench, bench.template);

    assert.equal(identity?.owner, other);
    assert.ok(identity.name.length > 0);
  });

  function assertNoSecret(check: AccountCheck): void {
    const { secretFields } = vmProviderOf(kind);
    const credentials = known.credentials("K1");
    const secrets = secretFields.map((field) => String(credentials[field] ?? "")).filter((value) => value.length > 2);
    assert.ok(secrets.length > 0);
    for (const secret of secrets) assert.ok(!JSON.stringify(check).includes(secret));
  }
});

async function checked(bench: AccountBench, template: Settings): Promise<AccountCheck> {
  const answer = await bench.ask({ kind: "check", template });
  return answer.kind === "check" ? answer.check : assert.fail(JSON.stringify(answer));
}

describe("the check of local VMs", () => {
  let folder: string;
  beforeEach(() => (folder = newOpenFolder("headroom-check-")));
  afterEach(() => {
    delete process.env["HEADROOM_LOCAL_RULES"];
    removeFolder(folder);
  });

  const findings = async (root: string): Promise<readonly AccountFinding[]> =>
    (await local.vm.check(localSettingsSchema.parse({ root }), {})).findings;

  it("finds nothing at a folder that is there, or that can be made", async () => {
    assert.deepEqual(await findings(folder), []);
    assert.deepEqual(await findings(join(folder, "a", "b")), []);
  });

  it("tells of a file in the place of a folder, also further up", async () => {
    writeFileSync(join(folder, "file"), "");
    for (const root of [join(folder, "file"), join(folder, "file", "below")]) {
      const [found, ...others] = await findings(root);
      assert.deepEqual([found?.kind, found?.field, others], ["wrong", "root", []]);
      assert.match(found!.text, /^root ".*file.*" is no folder/);
    }
  });

  it("tells of a folder that may not be written", async function () {
    if (process.getuid?.() === 0) return this.skip();
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o555);
    assert.match((await findings(join(folder, "closed", "vms")))[0]!.text, /may not write.*EACCES/);
  });

  it("tells of a folder that the runtime does not allow", async () => {
    const rules = { isAllowed: true, roots: [join(folder, "allowed")] };
    Object.assign(process.env, { HEADROOM_LOCAL_RULES: environmentOf(rules)["HEADROOM_LOCAL_RULES"] });
    assert.match((await findings(join(folder, "elsewhere")))[0]!.text, /must be in .*allowed/);
  });
});
