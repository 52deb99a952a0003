/** Which account a definition's credentials lead to, and how long the rows of accounts stay. */
import assert from "node:assert/strict";
import { cloudCatalog } from "../../provider/registry";
import {
  accountsAfterCheck,
  accountsAfterDelete,
  accountsAfterPut,
  tidyAccounts,
} from "../../runtime/broker/account-rows";
import type { Account } from "../../runtime/model/accounts";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { aNode, rowChanges } from "../support/builders";

const catalog = cloudCatalog();
const home = "111111111111";
const other = "222222222222";
const role = (owner: string) => ({ assumeRoleArn: `arn:aws:iam::${owner}:role/headroom` });

class Accounts {
  readonly state = new HotState();
  private nowMs = 1000;

  /** As the broker does: the account's rows come from the state before, in the same commit. */
  put(settings: object, kind: "aws" | "local" = "aws"): Account {
    const all = kind === "aws" ? { region: "us-east-1", amiId: "ami-00000000", ...settings } : settings;
    const doc = {
      name: "main",
      kind,
      maxInstances: 10,
      orphans: "report" as const,
      billingGranularity: "second" as const,
      billingMinimum: 0,
      settings: all as Record<string, unknown>,
    };
    const changes = accountsAfterPut("vmProviderConfig", doc, this.context());
    const declared = { ...doc, billingMinimum: "0s" };
    const row = {
      ...({ kind: "vmProviderConfig", name: "main" } as const),
      ...{ doc: declared, owner: "t", updatedAtMs: this.nowMs },
    };
    this.state.apply([...changes, { kind: "put", table: "definition", row }]);
    return this.current();
  }

  check(owner: string, asked = this.current()): Account {
    this.state.apply(accountsAfterCheck(asked, owner, this.context()));
    return this.current();
  }

  delete(): void {
    this.state.apply(accountsAfterDelete("vmProviderConfig", "main", this.context()));
    this.state.apply([{ kind: "delete", table: "definition", id: "vmProviderConfig/main" }]);
  }

  tidy(): Change[] {
    const changes = tidyAccounts(this.context());
    this.state.apply(changes);
    return changes;
  }

  current(): Account {
    return this.state.accountOf("vm", "main")!;
  }

  /** A node that was born in this account. */
  bear(nodeId: string, account: string | undefined): void {
    const spec = { vmProvider: "main", kind: "aws", ...(account === undefined ? {} : { account }) };
    const node = aNode({ nodeId, vmProvider: "main" });
    this.state.apply(
      rowChanges({ nodes: [{ ...node, spec: { ...node.spec, ...spec } as NonNullable<typeof node.spec> }] }),
    );
  }

  private context() {
    this.nowMs += 1;
    return { snapshot: this.state, catalog, nowMs: this.nowMs };
  }
}

describe("accounts", () => {
  it("hold how to get in and nothing of the template", () => {
    const accounts = new Accounts();

    const row = accounts.put({ accessKeyId: "K1", secretAccessKey: "s", profile: "p" });

    assert.deepEqual(row.settings, { accessKeyId: "K1", secretAccessKey: "s", profile: "p" });
    assert.deepEqual(row.identity, { partition: "aws" });
  });

  const same: readonly (readonly [string, object, object])[] = [
    ["another key", { accessKeyId: "K1" }, { accessKeyId: "K2" }],
    ["a profile instead of a key", { accessKeyId: "K1" }, { profile: "labs" }],
    ["another template", { accessKeyId: "K1" }, { accessKeyId: "K1", amiId: "ami-11111111", tags: { a: "b" } }],
    ["another region", { accessKeyId: "K1" }, { accessKeyId: "K1", region: "eu-central-1" }],
    ["another role of the same account", role(home), { assumeRoleArn: `arn:aws:iam::${home}:role/second` }],
    ["a key instead of a role", role(home), { accessKeyId: "K1" }],
  ];
  for (const [what, before, after] of same) {
    it(`${what} stays the same account, with the newest credentials`, () => {
      const accounts = new Accounts();
      const first = accounts.put(before);

      const second = accounts.put(after);

      assert.equal(second.accountId, first.accountId);
      assert.equal(accounts.state.accounts.size, 1);
      const template = ["region", "amiId", "tags"];
      const credentials = Object.fromEntries(Object.entries(after).filter(([name]) => !template.includes(name)));
      assert.deepEqual(second.settings, credentials);
    });
  }

  const different: readonly (readonly [string, object, object])[] = [
    ["a role in another account", role(home), role(other)],
    ["a role where only a key was known", { accessKeyId: "K1" }, role(home)],
    ["another partition", { accessKeyId: "K1" }, { accessKeyId: "K1", region: "cn-north-1" }],
  ];
  for (const [what, before, after] of different) {
    it(`${what} is an account of its own; the old one keeps its credentials while a node is in it`, () => {
      const accounts = new Accounts();
      const first = accounts.put(before);
      accounts.bear("n1", first.accountId);

      const second = accounts.put(after);

      assert.notEqual(second.accountId, first.accountId);
      assert.deepEqual(accounts.state.accounts.get(first.accountId)?.settings, first.settings);
      accounts.tidy();
      assert.ok(accounts.state.accounts.has(first.accountId), "still needed");
      accounts.state.apply([{ kind: "delete", table: "node", id: "n1" }]);
      accounts.tidy();
      assert.deepEqual([...accounts.state.accounts.keys()], [second.accountId]);
      assert.equal(accounts.put(before).isCurrent, true);
    });
  }

  it("a role in the account that the cloud told of a key is the same account", () => {
    const accounts = new Accounts();
    const first = accounts.put({ accessKeyId: "K1" });
    accounts.check(home);

    assert.equal(accounts.put(role(home)).accountId, first.accountId);
    assert.notEqual(accounts.put(role(other)).accountId, first.accountId);
  });

  it("a key that turns out to be another account's leaves the nodes the last one that was theirs", () => {
    const accounts = new Accounts();
    const first = accounts.put({ accessKeyId: "K1" });
    accounts.bear("n1", first.accountId);
    accounts.check(home);
    accounts.put({ accessKeyId: "X1" });
    assert.equal(accounts.current().identity["owner"], home, "until it is asked only the known account is allowed");

    const second = accounts.check(other);

    assert.notEqual(second.accountId, first.accountId);
    assert.deepEqual(second.settings, { accessKeyId: "X1" });
    assert.equal(second.identity["owner"], other);
    const left = accounts.state.accounts.get(first.accountId);
    assert.deepEqual([left?.settings, left?.identity["owner"], left?.isCurrent], [{ accessKeyId: "K1" }, home, false]);
  });

  it("an answer about credentials that were edited meanwhile counts for nothing", () => {
    const accounts = new Accounts();
    const asked = accounts.put({ accessKeyId: "K1" });
    accounts.put({ accessKeyId: "K2" });

    assert.deepEqual(accounts.check(other, asked).identity, { partition: "aws" });
  });

  it("a definition that is removed leaves its account to its nodes, and a new one of the name takes it over", () => {
    const accounts = new Accounts();
    const first = accounts.put({ accessKeyId: "K1" });
    accounts.bear("n1", first.accountId);
    accounts.delete();
    assert.equal(accounts.state.accountOf("vm", "main"), undefined);
    accounts.tidy();
    assert.deepEqual(accounts.state.accounts.get(first.accountId)?.settings, { accessKeyId: "K1" });

    const again = accounts.put({ accessKeyId: "K2" });

    assert.equal(again.accountId, first.accountId);
    assert.deepEqual(again.settings, { accessKeyId: "K2" });
  });

  it("rows that an older version did not write are made, once, and nodes without an account keep them", () => {
    const accounts = new Accounts();
    const first = accounts.put({ accessKeyId: "K1" });
    accounts.bear("n1", undefined);
    accounts.state.apply([{ kind: "delete", table: "account", id: first.accountId }]);

    accounts.tidy();

    assert.equal(accounts.current().accountId, first.accountId);
    assert.deepEqual(accounts.tidy(), []);
    accounts.delete();
    assert.deepEqual(accounts.tidy(), [], "the node may still need it");
  });
});
