/** LDAP configs, and server configs whose nodes get computer records in Active Directory. */
import assert from "node:assert/strict";
import type { DefinitionKind } from "../../runtime/model/config";
import type { DesiredNode } from "../../runtime/model/state";
import { sealedFields } from "../../runtime/model/sealed-fields";
import { viewNode } from "../../runtime/api/views";
import { withAccounts } from "../../runtime/executor/lane-accounts";
import {
  catalog,
  ldapDoc,
  serverConfigDoc,
  agentConfigDoc,
  tester,
  vmProviderDoc,
  type ServerConfigDoc,
} from "../support/builders";
import { World } from "../reconciler/world";
import { check } from "./refused";

const joining = (doc: Partial<ServerConfigDoc> = {}): ServerConfigDoc =>
  serverConfigDoc({
    ...{ createAdComputerRecord: true, ldapConfig: "corp", adComputerOu: "OU=Desktops,DC=example,DC=org" },
    startupScript: { text: "join {domain} {ad_join_credential} {server_hostname}" },
    ...doc,
  });

async function problemsWith(kind: DefinitionKind, doc: object, ldap = ldapDoc()): Promise<string[]> {
  const world = new World();
  await world.declare({ ldapConfigs: [ldap], configs: [] });
  return check(world, kind, doc).map(({ path, message }) => `${path}: ${message}`);
}

describe("an LDAP config", () => {
  it("is refused without TLS, with whatever is no controller, and with what is no login, each with its path", async () => {
    const cases: readonly (readonly [Parameters<typeof ldapDoc>[0], RegExp])[] = [
      [{ urls: ["ldap://dc1.example.org"] }, /^urls\[0\]: got "ldap:.*"; .*over TLS alone: use "ldaps:\/\/", port 636/],
      [{ urls: ["LDAP://dc1.example.org:389"] }, /over TLS alone/],
      [
        { urls: ["ldaps://dc1.example.org", "dc2.example.org"] },
        /^urls\[1\]: .*use "ldaps:\/\/" and a domain controller/,
      ],
      [{ urls: ["https://dc1.example.org"] }, /use "ldaps:\/\/"/],
      [{ urls: ["ldaps://"] }, /use a host/],
      [{ urls: ["ldaps://user:pass@dc1"] }, /use a host/],
      [{ urls: ["ldaps://dc1.example.org/DC=example"] }, /use a host/],
      [{ urls: ["ldaps://dc1:99999"] }, /use a host/],
      [{ urls: [] }, /^urls: /],
      [{ searchBase: "example.org" }, /^searchBase: .*is no part of a name/],
      [{ searchBase: "OU=Desktops" }, /^searchBase: .*names no domain/],
      [{ serviceAccountDn: "headroom" }, /^serviceAccountDn: .*use "CN=headroom/],
      [{ serviceAccountDn: "" }, /^serviceAccountDn: /],
      [{ serviceAccountDn: "CN=a, b,DC=example,DC=org" }, /^serviceAccountDn: /],
      [{ serviceAccountPassword: "" }, /^serviceAccountPassword: got a secret/],
      [{ tlsCa: "/etc/ssl/ca.pem" }, /^tlsCa: .*text of certificates in PEM/],
      [{ connectionTimeout: "0s" }, /^connectionTimeout: .*from "1s" to "300s"/],
      [{ answerTimeout: "1h" }, /^answerTimeout: /],
    ];
    for (const [over, problem] of cases) {
      const [first, ...others] = await problemsWith("ldapConfig", ldapDoc(over));
      assert.match(first ?? "nothing", problem, JSON.stringify(over));
      assert.deepEqual(others, [], JSON.stringify(over));
    }
    for (const login of ["a@example.org", "EXAMPLE\\a", "CN=a\\, b,OU=c,DC=example,DC=org"]) {
      assert.deepEqual(await problemsWith("ldapConfig", ldapDoc({ serviceAccountDn: login })), []);
    }
    for (const url of [
      "ldaps://dc1",
      "ldaps://10.0.0.1:636",
      "LDAPS://dc1.example.org/",
      "ldaps://[2001:db8::1]:636",
    ]) {
      assert.deepEqual(await problemsWith("ldapConfig", ldapDoc({ urls: [url] })), [], url);
    }
  });

  it("stays while a config uses it, and in the domain of the OUs there", async () => {
    const world = new World();
    await world.declare({ ldapConfigs: [ldapDoc()], configs: [joining()] });

    const moved = check(world, "ldapConfig", ldapDoc({ searchBase: "DC=other,DC=org" }));
    assert.match(
      moved[0]!.message,
      /autoscale config "servers": got "OU=Desktops.* domain example\.org; .* domain other\.org/,
    );
    assert.equal(moved[0]!.path, "searchBase");
    const deletion = world.broker.deleteDefinition({ kind: "ldapConfig", name: "corp", owner: tester });
    await assert.rejects(deletion, /ldapConfig "corp" is still used by autoscaleConfig "servers"/);
  });
});

describe("a server config with computer records", () => {
  it("is refused when what it needs is missing, elsewhere, or contradicts", async () => {
    const cases: readonly (readonly [object, RegExp])[] = [
      [joining({ ldapConfig: undefined }), /^ldapConfig: .*required with createAdComputerRecord/],
      [joining({ adComputerOu: undefined }), /^adComputerOu: .*required with createAdComputerRecord/],
      [joining({ ldapConfig: "nope" }), /^ldapConfig: "nope" is not a declared ldapConfig; declared: corp/],
      [
        joining({ adComputerOu: "OU=Desktops,DC=other,DC=org" }),
        /^adComputerOu: .*domain other\.org; LDAP config "corp" is of domain example\.org/,
      ],
      [
        joining({ adComputerOu: "OU=Sales, EMEA,DC=example,DC=org" }),
        /^adComputerOu: .*a comma inside a name is written/,
      ],
      [joining({ adComputerOu: "OU=Desktops" }), /^adComputerOu: .*names no domain/],
      [{ ...agentConfigDoc(), createAdComputerRecord: true }, /^createAdComputerRecord: unknown field/],
    ];
    for (const [doc, problem] of cases) {
      const problems = await problemsWith("autoscaleConfig", doc);
      assert.ok(
        problems.some((text) => problem.test(text)),
        `${JSON.stringify(doc)}: ${problems.join("; ")}`,
      );
    }
    assert.deepEqual(await problemsWith("autoscaleConfig", joining()), []);
    assert.deepEqual(
      await problemsWith("autoscaleConfig", joining({ adComputerOu: "CN=Computers,dc=Example,dc=ORG" })),
      [],
    );
  });

  it("is the only one whose script may name the domain or the password of a record", async () => {
    for (const variable of ["domain", "ad_join_credential"]) {
      const server = serverConfigDoc({ startupScript: { text: `join {${variable}}` } });
      const agent = agentConfigDoc({ startupScript: { text: `{manager_token} {${variable}}` } });
      const [first] = await problemsWith("autoscaleConfig", server);
      assert.match(first!, new RegExp(`^startupScript\\.text: \\{${variable}\\} .*without createAdComputerRecord`));
      const [other] = await problemsWith("autoscaleConfig", agent);
      assert.match(other!, /for a docker agent, which gets none/);
    }
    const raw = { text: "echo {domain}", raw: true };
    assert.deepEqual(await problemsWith("autoscaleConfig", serverConfigDoc({ startupScript: raw })), []);
  });
});

describe("a node with a computer record", () => {
  async function firstNode(doc = joining({ minNodes: 1 })): Promise<{ world: World; spec: DesiredNode }> {
    const world = await World.start({ ldapConfigs: [ldapDoc()], vmProviders: [vmProviderDoc()], configs: [doc] });
    const [node] = world.state.nodes.values();
    return { world, spec: node!.spec! };
  }

  it("has its OU, its directory's account and a password of its own from birth, and its script joins with them", async () => {
    const { world, spec } = await firstNode(joining({ minNodes: 3 }));
    const account = world.state.accountOf("directory", "corp")!;
    const { joinPassword, ...record } = spec.computerRecord!;

    assert.deepEqual(record, {
      account: account.accountId,
      computerOu: "OU=Desktops,DC=example,DC=org",
      deletesChildren: false,
    });
    assert.equal(spec.startupScript, `join example.org ${joinPassword} ${spec.nodeId}`);
    const passwords = [...world.state.nodes.values()].map((node) => node.spec!.computerRecord!.joinPassword);
    assert.equal(new Set(passwords).size, 3);
    for (const password of passwords) assert.match(password, /^(?=.*[a-z])(?=.*[A-Z])(?=.*[2-9])[a-zA-Z2-9]{24}$/);
    assert.match(spec.nodeId, /^(?=.{1,15}$)[a-z][a-z0-9]*$/, "a name that NetBIOS and DNS take");
    assert.deepEqual(account.identity, { domain: "example.org" });
  });

  it("shows its password to nobody, and keeps it sealed", async () => {
    const { world, spec } = await firstNode();
    const node = world.state.nodes.get(spec.nodeId)!;
    const shown = JSON.stringify(viewNode(node, world.state, catalog));

    assert.ok(shown.includes("OU=Desktops"));
    assert.ok(!shown.includes(spec.computerRecord!.joinPassword));
    const sealed = sealedFields(catalog)("node", node).map((path) => path.join("."));
    assert.ok(sealed.includes("spec.computerRecord.joinPassword"), sealed.join());
  });

  it("is made and deleted with the directory's login of now, not with that of its birth", async () => {
    const { world, spec } = await firstNode();
    await world.declare({
      ldapConfigs: [ldapDoc({ serviceAccountPassword: "a newer one", urls: ["ldaps://dc9.example.org"] })],
    });

    const { accounts } = withAccounts(world.state, [], [spec]);
    const { settings } = accounts[spec.computerRecord!.account]!;
    assert.deepEqual(
      [settings["serviceAccountPassword"], settings["urls"]],
      ["a newer one", ["ldaps://dc9.example.org"]],
    );
  });
});
