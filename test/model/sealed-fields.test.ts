/** Every secret field of every kind of definition is found where it stands, whatever kinds and fields there are. */
import assert from "node:assert/strict";
import { cloudCatalog } from "../../provider/registry";
import type { Account } from "../../runtime/model/accounts";
import type { NodeSecrets } from "../../runtime/model/connection-rows";
import { definitionKinds, secretFields, type DefinitionKind } from "../../runtime/model/config";
import { sealedFields, type FieldPath } from "../../runtime/model/sealed-fields";
import type { Node, StoredDefinition } from "../../runtime/model/state";
import { documentReader } from "../../runtime/model/unreadable";
import { documentsOf } from "../support/secret-documents";

const catalog = cloudCatalog({ isAllowed: true, roots: [] });
const pathsOf = sealedFields(catalog);

function definition(kind: DefinitionKind, doc: Readonly<Record<string, unknown>>): StoredDefinition {
  return { kind, name: String(doc["name"]), doc, owner: "test", updatedAtMs: 1 };
}

/** As JSON, in any order. */
function valuesAt(row: object, paths: readonly FieldPath[]): string[] {
  const valueAt = (path: FieldPath): unknown =>
    path.reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], row);
  return paths.map((path) => JSON.stringify(valueAt(path))).sort();
}

describe("sealed fields", () => {
  const documents = documentsOf(catalog);

  for (const { kind, doc, planted } of documents) {
    const what = `${kind} ${String(doc["kind"] ?? doc["type"] ?? "")}`.trim();
    it(`lead to each secret of a document (${what}), and to nothing else`, () => {
      assert.deepEqual(documentReader(catalog)(kind, doc), [], "the document is a good one");
      const row = definition(kind, doc);

      const found = valuesAt(row, pathsOf("definition", row));

      assert.deepEqual(found, planted.map((value) => JSON.stringify(value)).sort());
    });
  }

  it("were tried with every secret field that there is", () => {
    for (const kind of definitionKinds) {
      const tried = documents.filter((document) => document.kind === kind).flatMap(({ fields }) => fields);
      for (const field of secretFields[kind] ?? []) assert.ok(tried.includes(field), `${kind}: ${field}`);
    }
  });

  it("lead to all of a document that this version can't read, and to all settings of a cloud that it does not know", () => {
    const odd = definition("pool", { name: "a", ofTheFuture: "x" });
    const strange = definition("vmProviderConfig", {
      name: "a",
      kind: "moon",
      maxInstances: 1,
      settings: { key: "x" },
    });

    assert.deepEqual(pathsOf("definition", odd), [["doc"]]);
    assert.deepEqual(pathsOf("definition", strange), [["doc"]]);
    const spec = { kind: "moon", settings: { key: "x" }, startupScript: "x" };
    assert.deepEqual(pathsOf("node", { spec } as unknown as Node), [
      ["spec", "startupScript"],
      ["spec", "settings"],
    ]);
  });

  it("lead to a node's script and to what its frozen settings have of secrets, as older versions froze them", () => {
    const spec = {
      ...{ kind: "aws", startupScript: "script", settings: { region: "eu-west-1", secretAccessKey: "k" } },
      dns: { kind: "digitalocean", settings: { token: "t" } },
    };
    assert.deepEqual(valuesAt({ spec }, pathsOf("node", { spec } as unknown as Node)).sort(), [
      '"k"',
      '"script"',
      '"t"',
    ]);
    assert.deepEqual(pathsOf("node", {} as Node), [], "a static member");
  });

  it("lead to how to get into an account, and not to which one it is", () => {
    const account = { identity: { owner: "1" }, settings: { a: 1 }, confirmed: { b: 2 } } as unknown as Account;
    assert.deepEqual(pathsOf("account", account), [["settings"], ["confirmed"]]);
  });

  it("lead to what lets somebody into a server", () => {
    const secrets = { nodeId: "n-1", connectionPassword: "p", connectionInfo: { key: "i" } };
    const key = {
      userId: "ann",
      privateKey: "k",
      passphrase: "f",
      publicKey: "public",
      fingerprint: "x",
      updatedAtMs: 1,
    };
    const account = { accountId: "a", sessionId: "s", nodeId: "n", userName: "ann", password: "p" };

    assert.deepEqual(valuesAt(secrets, pathsOf("nodeSecrets", secrets as unknown as NodeSecrets)), [
      '"p"',
      '{"key":"i"}',
    ]);
    assert.deepEqual(valuesAt(key, pathsOf("userKey", key)), ['"f"', '"k"']);
    assert.deepEqual(valuesAt(account, pathsOf("sessionAccount", account)), ['"p"']);
  });
});
