/** Types of records, and whose a record is that stands under a node's name. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { domainsOf, typeOfAddress } from "../../provider/frame/dns-names";
import { isLeftover, zoneProblem, type StandingRecord } from "../../provider/frame/dns-records";
import { classifyFailure } from "../../runtime/executor/failure-class";
import { CloudError } from "../../runtime/model/errors";

const name = "n1.labs.example.org";
const four = fc.ipV4();
const six = fc.ipV6();
const refusalOf = (standing: readonly StandingRecord[], address?: string): CloudError => {
  let refusal: unknown;
  try {
    isLeftover(name, standing, address);
  } catch (error) {
    refusal = error;
  }
  assert.ok(refusal instanceof CloudError, "it is refused");
  return refusal;
};

describe("records of nodes", () => {
  it("are A for IPv4 and AAAA for IPv6 (property)", () => {
    fc.assert(fc.property(four, (address) => assert.equal(typeOfAddress(address), "A")));
    fc.assert(fc.property(six, (address) => assert.equal(typeOfAddress(address), "AAAA")));
  });

  it("go into the zone with the longest name", () => {
    assert.deepEqual(domainsOf("a.b.example.org."), ["a.b.example.org", "b.example.org", "example.org"]);
  });

  it("are not hindered by nothing, nor by what no lookup of a host follows", () => {
    for (const address of [undefined, "192.0.2.1"]) {
      assert.equal(isLeftover(name, [], address), false);
      for (const type of ["TXT", "MX", "SRV", "CAA"]) {
        assert.equal(isLeftover(name, [{ type, values: ["something"] }], address), false, type);
      }
    }
  });

  it("are their own when they lead to their VM alone, however the address is written", () => {
    assert.equal(isLeftover(name, [{ type: "A", values: ["192.0.2.1"] }], "192.0.2.1"), true);
    assert.equal(isLeftover(name, [{ type: "aaaa", values: ["2001:DB8:0:0::1"] }], "2001:db8::1"), true);
    assert.equal(isLeftover(name, [{ type: "A", values: ["192.0.2.9"], isOwn: true }], "192.0.2.1"), true);
    assert.equal(isLeftover(name, [{ type: "A", values: ["192.0.2.9"], isOwn: true }]), true);
  });

  it("never take the place of somebody else's: refused with CONFIG, which names it (property)", () => {
    const foreign = fc.oneof(
      fc.record({ type: fc.constant("A"), values: fc.array(four, { minLength: 1, maxLength: 3 }) }),
      fc.record({ type: fc.constant("AAAA"), values: fc.array(six, { minLength: 1, maxLength: 3 }) }),
      fc.record({ type: fc.constant("CNAME"), values: fc.constant(["other.example.org"]) }),
    );
    const addresses = fc.option(fc.oneof(four, six), { nil: undefined });
    fc.assert(
      fc.property(fc.array(foreign, { minLength: 1, maxLength: 3 }), addresses, (standing, address) => {
        fc.pre(!standing.some(({ values }) => address !== undefined && values.length === 1 && values[0] === address));
        const refusal = refusalOf(standing, address);
        assert.equal(refusal.failureClass, "CONFIG");
        assert.equal(classifyFailure(`node n1: ${refusal.message}`), "CONFIG");
        for (const { type, values } of standing) {
          assert.ok(refusal.message.includes(`${type} ${values.join(", ")}`), refusal.message);
        }
        assert.ok(refusal.message.includes(`"${name}"`));
      }),
    );
  });

  it("are not their own beside another address, under another type, or before they have a VM", () => {
    refusalOf([{ type: "A", values: ["192.0.2.1", "192.0.2.2"] }], "192.0.2.1");
    refusalOf([{ type: "CNAME", values: ["192.0.2.1"] }], "192.0.2.1");
    refusalOf([{ type: "A", values: ["192.0.2.1"] }]);
    refusalOf(
      [
        { type: "A", values: ["192.0.2.1"] },
        { type: "AAAA", values: ["2001:db8::1"] },
      ],
      "192.0.2.1",
    );
  });

  it("without a zone are the user's to put right", () => {
    const problem = zoneProblem("labs.example.org", "there is none");
    assert.match(problem.message, /baseDomainName: got "labs\.example\.org"; there is none/);
    assert.equal(problem.failureClass, "CONFIG");
    assert.equal(classifyFailure(problem.message), "CONFIG");
  });
});
