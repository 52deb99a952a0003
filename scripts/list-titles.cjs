// Mocha reporter for --dry-run: one title per line.
"use strict";
module.exports = class TitleList {
  constructor(runner) {
    const print = (test) => console.log(test.titlePath().join(" › "));
    runner.on("pass", print);
    runner.on("pending", print);
  }
};
