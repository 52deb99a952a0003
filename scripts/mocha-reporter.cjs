// Mocha's spec output, plus the counts and the titles of what passed as JSON in the file named by HEADROOM_TEST_COUNTS,
// for scripts/test.mjs.
"use strict";
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const passed = [];
    runner.on("pass", (test) => passed.push(test.titlePath().join(" › ")));
    runner.once("end", () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.HEADROOM_TEST_COUNTS;
      if (file) writeFileSync(file, JSON.stringify({ passes, failures, pending, passed }));
    });
  }
};
