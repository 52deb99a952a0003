/** Whatever rows a file has: an import or a refusal with its path, no secret in it, nothing lost in silence. */
import assert from "node:assert/strict";
import fc from "fast-check";
import ts from "typescript";
import { parse, stringify } from "yaml";
import { tables } from "../../runtime/kasm/tables";
import type { Column, Table } from "../../runtime/kasm/table";
import { saysNothing } from "../../runtime/import-kasm/convert";
import type { Import } from "../../runtime/import-kasm/import-kasm";
import { ConfigError } from "../../runtime/model/errors";
import { everything, fixtures, importText, programOf, textOf } from "./imported";

type RowOf = Record<string, unknown>;

/** What a column may hold: what it should, and what it should not. */
function anyValue({ form, isSecret }: Column, mayBeOdd: boolean): fc.Arbitrary<unknown> {
  if (isSecret) return fc.stringMatching(/^S3CR3T-[a-z0-9"'\\ ]{6,20}$/).map((text) => text.trim());
  const oddities = [0, -1, 1.5, "1e9", true, ["x"], { a: 1 }, "$request_host$", "${uuid:X}"];
  const odd = fc.constantFrom<unknown>(null, "", [], {}, ...(mayBeOdd ? oddities : []));
  const texts = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom("a b", "Zone \u00c4\u00d6 (1)", "\u65e5\u672c", "x".repeat(300), "`${a}` | \n\u001b[31m"),
  );
  switch (form) {
    case "flag":
      return fc.oneof(fc.boolean(), fc.constantFrom("true", "no", 0, 1), odd);
    case "count":
    case "bytes":
    case "mib":
    case "gib":
    case "seconds":
    case "minutes":
    case "hours":
    case "days":
      return fc.oneof(fc.nat(100), fc.nat(), fc.nat(90).map(String), odd);
    case "time":
      return fc.oneof(fc.constantFrom("08:00:00", "23:59", "24:30:00", "7:30"), odd);
    case "weekdays":
      return fc.oneof(
        fc.constantFrom<unknown>(["Monday"], "[1, 2]", "mon,tue", [0, 6], ...(mayBeOdd ? ["x"] : [])),
        odd,
      );
    case "list":
      return fc.oneof(fc.constantFrom<unknown>('["sg-1"]', ["sg-1", "sg-2"], "one,two"), odd);
    case "json":
      return fc.oneof(fc.constantFrom<unknown>('{"a": "b"}', { instance_config: { EbsOptimized: true } }), odd);
    case "entries":
      return fc.oneof(fc.constantFrom<unknown>('[{"key": "a", "value": "b"}]', [{ key: "a", value: "b" }]), odd);
    case "choice":
      return fc.oneof(
        fc.constantFrom("Docker Agent", "Server Pool", ...(mayBeOdd ? ["RDP", "KasmVNC", "x"] : [])),
        odd,
      );
    default:
      return fc.oneof(texts, texts, odd);
  }
}

const unknownColumns = fc.dictionary(
  fc.stringMatching(/^[a-z_]{3,12}$/),
  fc.oneof(fc.string({ maxLength: 10 }), fc.nat(), fc.constant(null)),
  { maxKeys: 2 },
);

function anyRow({ columns }: Table, mayBeOdd: boolean): fc.Arbitrary<RowOf> {
  const known = Object.entries(columns).map(([name, column]) => [name, anyValue(column, mayBeOdd)] as const);
  const row = fc.record(Object.fromEntries(known), { requiredKeys: [] });
  return fc.tuple(row, unknownColumns).map(([some, others]) => ({ ...others, ...some }));
}

/** A few tables. Half of the files have only values of the right form, so that many are imported as a whole. */
const anyFile: fc.Arbitrary<Record<string, RowOf[]>> = fc
  .tuple(fc.boolean(), fc.subarray([...tables], { minLength: 1, maxLength: 5 }))
  .chain(([mayBeOdd, some]) =>
    fc.record(
      Object.fromEntries(some.map((table) => [table.name, fc.array(anyRow(table, mayBeOdd), { maxLength: 2 })])),
    ),
  );

/** Undefined: refused, as it should be. */
function tryImport(text: string): Import | undefined {
  try {
    return importText(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, error instanceof Error ? error.stack : String(error));
    assert.ok(error.problems.length > 0 && !error.message.includes("S3CR3T"), error.message);
    return undefined;
  }
}

function assertSound(found: Import, text: string): void {
  const source = programOf(found);
  const { diagnostics } = ts.transpileModule(source, { reportDiagnostics: true });
  assert.deepEqual(
    diagnostics?.map(({ messageText }) => messageText),
    [],
    source,
  );
  const told = everything(found) + JSON.stringify([found.notCarried, found.asked, found.others]);
  assert.ok(!told.includes("S3CR3T"), `${text}\n${told}`);
  const shown = [...found.files]
    .flatMap(([file, content]) => (file.startsWith("scripts/") ? [] : [content]))
    .join("\n");
  assert.doesNotMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f]/);
}

describe("imports of any rows", () => {
  it("end with a sound program or a refusal, and never with a secret (property)", () => {
    let imports = 0;
    fc.assert(
      fc.property(anyFile, (file) => {
        const text = stringify(file);
        const found = tryImport(text);
        if (found === undefined) return;
        imports += 1;
        assertSound(found, text);
      }),
      { numRuns: 60 },
    );
    assert.ok(imports > 5, `${imports} imports`);
  });

  it("lose no cell in silence: it is refused, told, or changes what is written, unless it says what holds anyway (property)", () => {
    const bases = fixtures.map((fixture) => parse(textOf(fixture)) as Record<string, unknown>);
    const cells = bases.flatMap((base) =>
      Object.entries(base).flatMap(([name, rows]) => {
        const table = tables.find((one) => one.name === name);
        if (table === undefined || !Array.isArray(rows)) return [];
        return rows.flatMap((_row, index) =>
          Object.entries(table.columns).map(([column, of]) => ({ base, name, index, column, of })),
        );
      }),
    );
    const changed = fc.constantFrom(...cells).chain((cell) => fc.tuple(fc.constant(cell), anyValue(cell.of, true)));
    let seen = 0;
    fc.assert(
      fc.property(changed, ([{ base, name, index, column, of }, value]) => {
        if (saysNothing(value) || of.form === "id") return;
        const fileWith = (cell: RowOf): string => {
          const copy = structuredClone(base) as Record<string, RowOf[]>;
          const row = Object.entries(copy[name]![index]!).filter(([key]) => key !== column);
          copy[name]![index] = { ...(Object.fromEntries(row) as RowOf), ...cell };
          return stringify(copy);
        };
        const found = tryImport(fileWith({ [column]: value }));
        if (found === undefined) return;
        seen += 1;
        assertSound(found, fileWith({ [column]: value }));
        const isTold = found.notCarried.some(({ what }) => what === `${name}.${column}` || what === name);
        const isSeen = everything(found) !== everything(importText(fileWith({})));
        const isUsual = [false, 0, "0", "no", of.absent].includes(value as never) || /^(true|1)$/.test(String(value));
        assert.ok(isTold || isSeen || isUsual, `${name}[${index}].${column}: ${JSON.stringify(value)}`);
      }),
      { numRuns: 80 },
    );
    assert.ok(seen > 20, `${seen} seen`);
  });
});
