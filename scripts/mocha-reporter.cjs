// Mocha's spec output, plus the counts, the titles of what passed and was skipped and the failures as JSON in the file named by
// HEADROOM_TEST_COUNTS, for scripts/test.mjs. Written also before each test, so that a process that dies has named it.
"use strict";
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

const messageCharsMax = 3000;
const stackLinesMax = 30;
/** What a test closes at its end is closed within this. */
const endMsMax = 15_000;

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.HEADROOM_TEST_COUNTS;
    const passed = [];
    const failed = [];
    const skipped = [];
    const titleOf = (test) => test.titlePath().join(" › ");
    const write = (running) => {
      const { passes, failures, pending } = this.stats;
      if (file) writeFileSync(file, JSON.stringify({ passes, failures, pending, passed, failed, skipped, running }));
    };
    runner.on("pass", (test) => passed.push(titleOf(test)));
    runner.on("pending", (test) => skipped.push(titleOf(test)));
    runner.on("fail", (test, error) => failed.push({ title: titleOf(test), error: describeError(error) }));
    for (const event of ["hook", "test"]) runner.on(event, (test) => write(titleOf(test)));
    runner.once("end", () => {
      write();
      // Held back by nothing but what a test has left open.
      setTimeout(() => endNow(this.stats.failures), endMsMax).unref();
    });
  }
};

/** Mocha waits for whatever a test has left open; a run ends by itself all the same, and never as a success. */
function endNow(failures) {
  const open = process.getActiveResourcesInfo().join(", ");
  console.error(`${endMsMax / 1000} s after the last test this process is kept by what the tests left open: ${open}`);
  process.exit(Math.min(255, Math.max(1, failures)));
}

/** Message, stack and causes, each cut to what is worth reading at the end of a long log. */
function describeError({ name = "Error", message = "", stack = "", cause }) {
  const text = message.length > messageCharsMax ? `${message.slice(0, messageCharsMax)} …` : message;
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const causes = cause instanceof Error ? [`Caused by: ${describeError(cause)}`] : [];
  return [`${name}: ${text}`, ...frames.slice(0, stackLinesMax), ...causes].join("\n");
}
