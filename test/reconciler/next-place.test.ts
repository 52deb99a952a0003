/** Which of several places of a template a new node tries. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { withPlaceToTry } from "../../runtime/reconciler/next-place";
import type { ConfigState, Node, NodeStatus } from "../../runtime/model/state";

const field = "availabilityDomains";

interface Living {
  readonly place: string;
  readonly status: NodeStatus;
  readonly vmProvider?: string;
}

/** Nodes in the order of their birth. */
function placesFor(places: readonly string[], nodes: readonly Living[], failures = 0): string[] {
  const rows = nodes.map(
    ({ place, status, vmProvider = "flex" }, at) =>
      ({ vmProvider, status, createdAtMs: at, spec: { settings: { [field]: [place, "rest"] } } }) as unknown as Node,
  );
  const state = {
    autoscaleConfig: "agents",
    failures: { flex: { consecutiveFailures: failures } },
  } as unknown as ConfigState;
  const snapshot = {
    nodes: new Map(rows.map((node, at) => [String(at), node])),
    configStates: new Map(failures === 0 ? [] : [["agents", state]]),
  };
  const template = { region: "r", [field]: places };
  return withPlaceToTry(template, field, { autoscaleConfig: "agents", vmProvider: "flex", snapshot })[
    field
  ] as string[];
}

const abc = ["a", "b", "c"];

describe("the place that a node tries", () => {
  it("is the first as long as nothing is known", () => assert.deepEqual(placesFor(abc, []), abc));

  it("is the next after each failure, round and round", () => {
    const tried = [0, 1, 2, 3, 4].map((failures) => placesFor(abc, [], failures)[0]);
    assert.deepEqual(tried, ["a", "b", "c", "a", "b"]);
  });

  it("is that of the newest node that came up, and after a failure there the one behind it", () => {
    const nodes: Living[] = [
      { place: "c", status: "running" },
      { place: "b", status: "starting" },
      { place: "c", status: "failed" },
      { place: "a", status: "requested" },
      { place: "a", status: "running", vmProvider: "another" },
    ];
    assert.equal(placesFor(abc, nodes)[0], "b");
    assert.equal(placesFor(abc, nodes, 1)[0], "c");
  });

  it("is one of the definition as it is now, also where the last one came up in a place that was taken out", () => {
    assert.deepEqual(placesFor(abc, [{ place: "gone", status: "running" }]), abc);
  });

  it("leaves a template with one place, without places, or of a cloud without them as it is", () => {
    const sources = { autoscaleConfig: "x", vmProvider: "y", snapshot: { nodes: new Map(), configStates: new Map() } };
    for (const [template, name] of [
      [{ [field]: ["a"] }, field],
      [{ region: "r" }, field],
      [{ [field]: abc }, undefined],
    ] as const) {
      assert.equal(withPlaceToTry(template, name, sources), template);
    }
  });

  it("only turns the list: every place stays in it, and as many failures as places try each once (property)", () => {
    const lists = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(lists, fc.nat(20), fc.nat(4), (places, failures, at) => {
        const nodes: Living[] = [{ place: places[at % places.length]!, status: "running" }];
        const turned = placesFor(places, nodes, failures);
        assert.deepEqual([...turned].sort(), [...places].sort());
        const tried = places.map((_place, more) => placesFor(places, nodes, failures + more)[0]);
        assert.deepEqual(tried.sort(), [...places].sort());
      }),
    );
  });
});
