/** `npm run demo`: says at once that it has begun; the runtime and Pulumi's SDK take a moment to load. */
console.error("Headroom demo: loading ...");
const { run } = require("./play") as typeof import("./play");
run();
