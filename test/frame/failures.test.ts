/** Failure classes by the code at its place, whatever words stand around it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { classifyByCode, networkTroubles } from "../../provider/frame/failures";

const codes = {
  CAPACITY: ["Insufficient*Capacity", "Unsupported"],
  QUOTA: ["*LimitExceeded"],
  CONFIG: ["Invalid*", "*.NotFound"],
  TRANSIENT: ["RequestLimitExceeded", "Unavailable", "InvalidState*"],
} as const;
const classify = classifyByCode({
  place: /\bapi error ([a-z]\w*(?:\.\w+)*)/,
  codes,
  sentences: { TRANSIENT: networkTroubles },
});

const byCode: readonly (readonly [string, ReturnType<typeof classify>])[] = [
  ["InsufficientInstanceCapacity", "CAPACITY"],
  ["InsufficientCapacity", "CAPACITY"],
  ["insufficienthostcapacity", "CAPACITY"],
  ["Unsupported", "CAPACITY"],
  ["UnsupportedOperation", undefined],
  ["VcpuLimitExceeded", "QUOTA"],
  ["RequestLimitExceeded", "TRANSIENT"],
  ["InvalidAMIID.NotFound", "CONFIG"],
  ["Subnet.NotFound", "CONFIG"],
  ["InvalidStateTransition", "TRANSIENT"],
  ["Unavailable", "TRANSIENT"],
  ["MyVcpuLimitExceededTest", undefined],
  ["SomethingNew", undefined],
];

describe("failure classes", () => {
  for (const [code, failureClass] of byCode) {
    it(`${code} is ${failureClass ?? "not known"}`, () => {
      assert.equal(classify(`creating VM: api error ${code}: some prose`), failureClass);
    });
  }

  it("do not come from words elsewhere, such as a user's names (property)", () => {
    const known = fc.constantFrom(
      "Unavailable",
      "VcpuLimitExceeded",
      "InvalidThing",
      "connection reset",
      "timeout",
      "Unsupported",
    );
    const around = fc.constantFrom('image "', "creating ", "(", "tag 'a ", "error: ", "api: ");
    fc.assert(
      fc.property(known, around, fc.boolean(), (word, before, isCoded) => {
        const text = `${before}${word}" is there: ${isCoded ? "api error SomethingNew: " : ""}${word} of somebody`;
        assert.equal(classify(text), undefined, text);
      }),
    );
  });

  it("are those of the code, whatever the message says beside it (property)", () => {
    const known = byCode.filter(([, failureClass]) => failureClass !== undefined);
    const prose = fc.constantFrom(...byCode.map(([code]) => code), "i/o timeout", "no capacity", "quota exceeded");
    fc.assert(
      fc.property(fc.constantFrom(...known), prose, prose, ([code, failureClass], before, after) => {
        assert.equal(classify(`making ${before}: api error ${code}: ${after}`), failureClass);
      }),
    );
  });

  it("are those of the innermost code that is known, whatever is around it (property)", () => {
    const known = byCode.filter(([, failureClass]) => failureClass !== undefined);
    const outer = fc.array(fc.constantFrom(...byCode), { maxLength: 3 });
    fc.assert(
      fc.property(outer, fc.constantFrom(...known), fc.boolean(), (around, [code, failureClass], hasUnknown) => {
        const text = [...around.map(([each]) => each), code, ...(hasUnknown ? ["SomethingNew"] : [])]
          .map((each) => `making it: api error ${each}: it failed`)
          .join(" because ");
        assert.equal(classify(text), failureClass, text);
      }),
    );
  });

  describe("of one code with several meanings", () => {
    const told = classifyByCode({
      place: /\bapi error ([a-z]\w*(?:\.\w+)*)/,
      codes,
      exceptions: [
        { code: "InvalidValue", says: /made a moment ago/, failureClass: "TRANSIENT" },
        { code: "InvalidValue", operation: /\bStartSpot\b/, says: /price/, failureClass: "CAPACITY" },
        { code: "*", says: /can't boot this image/, failureClass: "CONFIG" },
      ],
    });
    for (const [text, expected] of [
      ["Run: api error InvalidValue: something is wrong", "CONFIG"],
      ["Run: api error InvalidValue: it was made a moment ago", "TRANSIENT"],
      ["Run: api error InvalidOther: it was made a moment ago", "CONFIG"],
      ["StartSpot: api error InvalidValue: the price is low", "CAPACITY"],
      ["Run: api error InvalidValue: the price is low", "CONFIG"],
      ["StartSpot: api error Unavailable: the price is low", "TRANSIENT"],
      ["Run: api error Unsupported: the size can't boot this image", "CONFIG"],
      ["Run: api error Unsupported: no room", "CAPACITY"],
      // Beside each code only what belongs to it counts.
      ["StartSpot: api error Unavailable: then Run: api error InvalidValue: the price is low", "CONFIG"],
      ["Run: api error InvalidOther: it was made a moment ago; Run: api error InvalidValue: no", "CONFIG"],
    ] as const) {
      it(`${expected}: ${text}`, () => assert.equal(told(text), expected));
    }
  });

  for (const [text, isPassing] of [
    ["Post https://ec2: dial tcp 10.0.0.1:443: i/o timeout", true],
    ["read tcp 10.0.0.1:5000->52.94.0.1:443: read: connection reset by peer", true],
    ["dial tcp [::1]:443: connect: connection refused", true],
    ["dial tcp: lookup a.example on 10.0.0.2:53: read udp 10.0.0.1:1->10.0.0.2:53: i/o timeout", true],
    ["net/http: TLS handshake timeout", true],
    ["waiting for VM (i-1) to become ready: timeout while waiting for state to become 'running'", true],
    ["image 'connection reset by peer' not found", false],
    ["the moon is full", false],
  ] as const) {
    it(`${isPassing ? "know" : "do not know"} the network's: ${text}`, () => {
      assert.equal(classify(text), isPassing ? "TRANSIENT" : undefined);
    });
  }
});
