/** Whoever writes a name in Kasm's spelling, or with a slip of the hand, is told the one that is meant. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { tables } from "../../runtime/kasm/tables";
import type { Target } from "../../runtime/kasm/table";
import { agentAutoscaleConfigSchema, serverAutoscaleConfigSchema } from "../../runtime/model/autoscale-config";
import { definitionKinds, definitionSchemas, findProblems, type DefinitionKind } from "../../runtime/model/config";
import { fieldNamesAt } from "../../runtime/model/schema-fields";
import { hintOfChoice, hintOfField } from "../../runtime/model/spelling";
import { cloudCatalog, registry } from "../../provider/registry";

const catalog = cloudCatalog();

/** Every schema that users write fields of, by what it is called. */
const schemas = {
  ...definitionSchemas,
  "autoscaleConfig of agents": agentAutoscaleConfigSchema,
  "autoscaleConfig of servers": serverAutoscaleConfigSchema,
  ...Object.fromEntries(Object.entries(registry.vm).map(([kind, { settings }]) => [`VMs of ${kind}`, settings])),
  ...Object.fromEntries(Object.entries(registry.dns).map(([kind, { settings }]) => [`records of ${kind}`, settings])),
};

const camelCase = (column: string): string =>
  column.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/** Every column that some field of a definition, or of the settings of a cloud that is here, takes. */
const columns = tables.flatMap(({ target, cloud, columns: all }) =>
  Object.entries(all).flatMap(([column, { field }]) =>
    target === undefined || field === undefined ? [] : [{ target, cloud, column, field }],
  ),
);

/** Documents in which the field stands under a foreign name, where it would be known under its own; with its path. */
function misnamed(target: Target, cloud: string | undefined, field: string, written: string): [string, object][] {
  const outer = field.split(".")[0]!;
  const settings =
    cloud === undefined ? undefined : (target === "vmProviderConfig" ? registry.vm : registry.dns)[cloud];
  const base = { name: "one", ...(cloud === undefined ? {} : { kind: cloud }) };
  const maxInstances = target === "vmProviderConfig" ? { maxInstances: 1 } : {};
  return (["dockerAgent", "server"] as const).flatMap((type): [string, object][] => {
    const tag = target === "autoscaleConfig" ? { type } : {};
    const own = fieldNamesAt(definitionSchemas[target], [], tag);
    const inside = settings === undefined ? [] : fieldNamesAt(settings.settings, [], {});
    const isKnown = (names: readonly string[]): boolean => names.includes(outer) && !names.includes(written);
    if (isKnown(own)) return [[written, { ...base, ...tag, ...maxInstances, [written]: 1 }]];
    if (!isKnown(inside)) return [];
    return [[`settings.${written}`, { ...base, ...maxInstances, settings: { [written]: 1 } }]];
  });
}

describe("fields in Kasm's spelling", () => {
  it("are refused with the name of the field that is meant: every column, as it is written there and in camel case", () => {
    let asked = 0;
    for (const { target, cloud, column, field } of columns) {
      for (const written of new Set([column, camelCase(column)])) {
        for (const [path, doc] of misnamed(target, cloud, field, written)) {
          asked += 1;
          const problem = findProblems(target, doc, catalog).find((found) => found.path === path);
          assert.equal(problem?.message, `unknown field; here it is ${field}`, `${target}: ${path}`);
        }
      }
    }
    assert.ok(asked > 100, `${asked} asked`);
  });

  const named: Readonly<Record<string, [DefinitionKind, string]>> = {
    agentCoresOverride: ["autoscaleConfig", "coresOverride"],
    agent_cores_override: ["autoscaleConfig", "coresOverride"],
    standby_memory_mb: ["autoscaleConfig", "standbyMemory"],
    StandbyMemoryMB: ["autoscaleConfig", "standbyMemory"],
    "Downscale Backoff": ["autoscaleConfig", "downscaleBackoff"],
    image_id: ["stagingConfig", "workspace"],
    num_sessions: ["stagingConfig", "sessions"],
    active_start_time: ["schedule", "start"],
    server_pool_type: ["pool", "type"],
  };
  for (const [written, [kind, field]] of Object.entries(named)) {
    it(`tell of ${written} that it is ${field}`, () => {
      const problems = findProblems(kind, { type: "dockerAgent", [written]: 1 }, catalog);
      assert.deepEqual(
        problems.filter(({ path }) => path === written).map(({ message }) => message),
        [`unknown field; here it is ${field}`],
      );
    });
  }
});

describe("fields with a slip of the hand", () => {
  it("are told which field is meant, whatever letter is missing, doubled, wrong or swapped", () => {
    let right = 0;
    let asked = 0;
    for (const schema of Object.values(schemas)) {
      const fields = fieldNamesAt(schema, [], {});
      for (const field of fields.filter(({ length }) => length >= 6)) {
        for (let at = 1; at < field.length; at += 1) {
          const [before, letter, after] = [field.slice(0, at), field[at]!, field.slice(at + 1)];
          const slips = [before + after, before + letter + letter + after, `${before}q${after}`];
          if (after !== "") slips.push(before + after[0] + letter + after.slice(1));
          for (const slip of slips.filter((text) => text !== field)) {
            asked += 1;
            const hint = hintOfField(slip, fields);
            if (hint === `; did you mean ${field}?` || hint === `; here it is ${field}`) right += 1;
          }
        }
      }
    }
    // Where two fields are equally near nobody is told anything, as with `standbyCores` and `standbyStores`.
    assert.ok(right / asked > 0.97, `${right} of ${asked}`);
  });

  it("never lead to a field that is not there, nor does what is near nothing lead anywhere (property)", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-zA-Z]{0,20}$/), { maxLength: 12 });
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), names, (unknown, fields) => {
        const hint = hintOfField(unknown, fields);
        const name = /^; (?:here it is|did you mean) ([a-zA-Z]+)\.?[a-zA-Z]*\??$/.exec(hint)?.[1];
        assert.ok(hint === "" || fields.includes(name!), `${unknown}: ${hint}`);
      }),
    );
    for (const far of ["colour", "surprise", "x", "", "constructor", "__proto__", "toString", "a".repeat(100_000)]) {
      assert.equal(hintOfField(far, Object.keys(definitionSchemas.zone.shape)), "", far.slice(0, 20));
    }
  });

  it("are told at any depth: inside lists, settings and nested objects", () => {
    const member = { name: "pc", zone: "eu", address: "10.0.0.1", cores: 1, memory: "1GiB", connectionPrt: 22 };
    const cases: [DefinitionKind, object, string, string][] = [
      [
        "pool",
        { name: "p", type: "server", staticMembers: [member] },
        "staticMembers[0].connectionPrt",
        "connectionPort",
      ],
      ["stagingConfig", { permissions: { gampad: true } }, "permissions.gampad", "gamepad"],
      ["autoscaleConfig", { type: "server", startupScript: { txt: "", texts: "" } }, "startupScript.texts", "text"],
      [
        "vmProviderConfig",
        { name: "v", kind: "local", maxInstances: 1, settings: { memroy: "1GiB" } },
        "settings.memroy",
        "memory",
      ],
    ];
    for (const [kind, doc, path, field] of cases) {
      const found = findProblems(kind, doc, catalog).find((problem) => problem.path === path);
      assert.equal(found?.message, `unknown field; did you mean ${field}?`, path);
    }
  });
});

describe("choices in Kasm's spelling", () => {
  const choices: Readonly<Record<string, [string, readonly string[]]>> = {
    KasmVNC: ["kasmvnc", serverAutoscaleConfigSchema.shape.connectionType.unwrap().options],
    RDP: ["rdp", serverAutoscaleConfigSchema.shape.connectionType.unwrap().options],
    "Least Load": ["leastLoad", definitionSchemas.zone.shape.loadStrategy.unwrap().options],
    least_load: ["leastLoad", definitionSchemas.zone.shape.loadStrategy.unwrap().options],
    most_kasms: ["mostSessions", definitionSchemas.zone.shape.loadStrategy.unwrap().options],
    least_kasms: ["leastSessions", definitionSchemas.zone.shape.loadStrategy.unwrap().options],
    fewest_sessions: ["leastSessions", definitionSchemas.zone.shape.loadStrategy.unwrap().options],
    "Docker Agent": ["dockerAgent", definitionSchemas.pool.shape.type.options],
    "Server Pool": ["server", definitionSchemas.pool.shape.type.options],
    Server: ["server", definitionSchemas.pool.shape.type.options],
    "Static Credentials": ["static", ["static", "dynamic", "sso", "smartcard", "promptUser"]],
    "Dynamic User Accounts": ["dynamic", ["static", "dynamic", "sso", "smartcard", "promptUser"]],
    SSO_CREATE_USER: ["dynamic", ["static", "dynamic", "sso", "smartcard", "promptUser"]],
    "SSO User Accounts": ["sso", ["static", "dynamic", "sso", "smartcard", "promptUser"]],
    SSO_USERNAME: ["sso", ["static", "dynamic", "sso", "smartcard", "promptUser"]],
    "Authenticate with Smartcard": ["smartcard", ["static", "dynamic", "sso", "smartcard", "promptUser"]],
    "Prompt User": ["promptUser", ["static", "dynamic", "sso", "smartcard", "promptUser"]],
    Wednesday: ["wed", ["mon", "tue", "wed"]],
    WINDOWS: ["windows", ["linux", "windows"]],
  };
  for (const [written, [meant, allowed]] of Object.entries(choices)) {
    it(`tell of ${written} that it is ${meant}`, () => {
      assert.equal(hintOfChoice(written, allowed), `; here it is "${meant}"`);
    });
  }

  it("are told where they are refused, also the type of a config and the kind of a cloud", () => {
    const messageOf = (kind: DefinitionKind, doc: object, path: string): string =>
      findProblems(kind, doc, catalog).find((problem) => problem.path === path)!.message;

    assert.match(
      messageOf("autoscaleConfig", { type: "server", connectionType: "KasmVNC" }, "connectionType"),
      /^got "KasmVNC"; .*"kasmvnc"\|"rdp".*; here it is "kasmvnc"$/,
    );
    assert.match(
      messageOf("autoscaleConfig", { type: "Docker Agent" }, "type"),
      /^got "Docker Agent"; .*; here it is "dockerAgent"$/,
    );
    assert.match(messageOf("zone", { loadStrategy: "least_laod" }, "loadStrategy"), /; did you mean "leastLoad"\?$/);
    assert.match(messageOf("schedule", { days: ["mon", "Friday"] }, "days[1]"), /^got "Friday"; .*; here it is "fri"$/);
    const vms = { name: "v", kind: "AWS", maxInstances: 1 };
    assert.match(messageOf("vmProviderConfig", vms, "kind"), /^got "AWS"; this version knows .*; here it is "aws"$/);
  });

  it("lead to a choice that is allowed, or nowhere (property)", () => {
    const kinds = fc.uniqueArray(fc.stringMatching(/^[a-z][a-zA-Z]{0,15}$/), { maxLength: 8 });
    fc.assert(
      fc.property(fc.anything(), kinds, (value, allowed) => {
        const named = /"(.*)"/.exec(hintOfChoice(value, allowed))?.[1];
        assert.ok(named === undefined || allowed.includes(named));
      }),
    );
  });
});

describe("tables of Kasm's", () => {
  it("become kinds of definitions that there are", () => {
    const targets = tables.flatMap(({ target }) => target ?? []);
    assert.deepEqual(
      [...new Set(targets)].filter((target) => !definitionKinds.includes(target)),
      [],
    );
  });
});
