import assert from "node:assert/strict";
import fc from "fast-check";
import { domainOf, formatName, parseName, type NamePart } from "../../runtime/model/distinguished-name";

const valueOf = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((text) => !text.includes("\0"));
const nameOf = fc.array(
  fc.record({ type: fc.constantFrom("CN", "OU", "DC", "O"), value: valueOf }, { noNullPrototype: true }),
  {
    minLength: 1,
    maxLength: 6,
  },
);

describe("a distinguished name", () => {
  it("is read as it was written, whatever signs its parts hold", () => {
    fc.assert(
      fc.property(nameOf, (parts) => assert.deepEqual(parseName(formatName(parts)), parts)),
      { numRuns: 500 },
    );
  });

  it("is read in each form that people and directories write", () => {
    const cases: readonly (readonly [string, readonly NamePart[]])[] = [
      ["ou=Desktops, dc=example ,DC=org", [part("OU", "Desktops"), part("DC", "example"), part("DC", "org")]],
      ["OU=Sales\\, EMEA,DC=a", [part("OU", "Sales, EMEA"), part("DC", "a")]],
      ["OU=Sales\\2C EMEA;DC=a", [part("OU", "Sales, EMEA"), part("DC", "a")]],
      ["CN=\\#1\\ ,DC=a", [part("CN", "#1 "), part("DC", "a")]],
      ["OU=B\\C3\\BCro,DC=a", [part("OU", "Büro"), part("DC", "a")]],
    ];
    for (const [text, parts] of cases) assert.deepEqual(parseName(text), parts, text);
  });

  it("is refused with the part that is none", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["OU=Sales, EMEA,DC=example,DC=org", /^" EMEA" is no part .*a comma inside a name is written "\\,"/],
      ["Desktops", /^"Desktops" is no part/],
      ["", /is no part/],
      ["OU=,DC=a", /^OU has no value/],
      ["OU=a+CN=b,DC=a", /holds "\+"; write "\\\+"/],
      ["OU=a<b,DC=a", /holds "<"/],
      ['OU="a",DC=a', /holds """/],
      ["OU=#1,DC=a", /begins with "#"/],
      ["OU=a\\x,DC=a", /a backslash that stands before nothing/],
      ["OU=a,DC=a,", /is no part/],
    ];
    for (const [text, problem] of cases) {
      const parsed = parseName(text);
      assert.ok("problem" in parsed, text);
      assert.match(parsed.problem, problem, text);
    }
  });

  it("tells the domain that it is in", () => {
    const domains = { "OU=a,DC=Example,DC=org": "example.org", "OU=a,O=b": "", "DC=corp": "corp" };
    for (const [text, domain] of Object.entries(domains)) {
      assert.equal(domainOf(parseName(text) as readonly NamePart[]), domain);
    }
  });
});

function part(type: string, value: string): NamePart {
  return { type, value };
}
