import assert from "node:assert/strict";
import { judgeLock, type LockFacts, type LockVerdict } from "../../runtime/executor/lock-judgement";

const here: LockFacts = { host: "now", engine: undefined, holder: "nobody", fencedHosts: [], isBackendOurs: false };
const ours = (pid: number, host: string, isAlive = false) => ({ engine: { pid, host, isAlive } });
const lock = (pid: number, host: string | undefined) => ({ pid, host });

const cases: readonly (readonly [LockVerdict, string, ReturnType<typeof lock>, Partial<LockFacts>])[] = [
  ["stale", "its process is gone", lock(7, "now"), {}],
  ["stale", "its number is now that of our service or a worker", lock(7, "now"), { holder: "other" }],
  ["stale", "its number is now that of an engine of another lane of ours", lock(7, "now"), { holder: "ours" }],
  ["held", "an engine of this lane lives", lock(7, "now"), { holder: "ourLane", ...ours(7, "now", true) }],
  ["foreign", "somebody's own `pulumi up` lives here", lock(7, "now"), { holder: "foreignEngine" }],
  [
    "foreign",
    "somebody's own `pulumi up` has the number of a dead engine of ours, whatever the backend",
    lock(7, "now"),
    { holder: "foreignEngine", ...ours(7, "now"), isBackendOurs: true },
  ],
  ["stale", "the host was renamed, the engine was ours", lock(7, "before"), ours(7, "before")],
  ["held", "the host was renamed, the engine is ours and lives", lock(7, "before"), ours(7, "before", true)],
  [
    "stale",
    "a container started with another name, and its number is anybody's",
    lock(7, "pod-1"),
    { ...ours(7, "pod-1"), holder: "foreignEngine" },
  ],
  ["foreign", "another host has the same number", lock(7, "other"), ours(7, "now")],
  ["foreign", "another host, a backend that others reach", lock(7, "other"), {}],
  ["stale", "another host once, a data folder that is ours alone now", lock(7, "other"), { isBackendOurs: true }],
  ["stale", "its machine's engines of this lane are dead for certain", lock(7, "other"), { fencedHosts: ["other"] }],
  ["foreign", "a third machine", lock(7, "third"), { fencedHosts: ["other"] }],
  [
    "held",
    "an engine of this lane lives on this machine, which lost a worker",
    lock(7, "now"),
    { holder: "ourLane", fencedHosts: ["now"] },
  ],
  ["foreign", "it can't be read, and a machine was lost", lock(0, undefined), { fencedHosts: ["other"] }],
  ["foreign", "it can't be read, a backend that others reach", lock(0, undefined), {}],
  ["stale", "it can't be read, a data folder that is ours alone", lock(0, undefined), { isBackendOurs: true }],
];

describe("lock on a lane's stack", () => {
  for (const [verdict, what, of, facts] of cases) {
    it(`is ${verdict}: ${what}`, () => assert.equal(judgeLock(of, { ...here, ...facts }), verdict));
  }
});
