/** The forecast of demand: what it keeps free, and that only the past decides. */
import assert from "node:assert/strict";
import { advise, emptyForecast, observe } from "../../runtime/planner/forecast/forecast";
import type { ForecastOptions } from "../../runtime/planner/forecast/forecast-types";

const options: ForecastOptions = {
  timeZone: "Europe/Berlin",
  objectiveShare: 0.05,
  withinSeconds: 0,
  declaredSessions: 4,
  declaredBackoffSeconds: 900,
  bootSecondsAssumed: 300,
};
const empty = { free: 0, coming: 0, waiting: 0, busy: 0 };

describe("forecast", () => {
  it("keeps the declared standby while it knows nothing", () => {
    const state = emptyForecast();
    observe(state, { kind: "arrival", atMs: 1_700_000_000_000 }, options);

    const advice = advise(state, 1_700_000_060_000, empty, options);

    assert.deepEqual([advice.freeSessions, advice.backoffSeconds, advice.reason], [4, 900, "learning"]);
  });
});
