#!/usr/bin/env node
/**
 * The command `pulumi-resource-headroom`. Where NODE_COMPILE_CACHE names a folder, compiled modules are kept there, also
 * by Node versions that do not know the variable: an engine waits for the plugin to start.
 */
import * as nodeModule from "node:module";

const folder = process.env["NODE_COMPILE_CACHE"];
if (folder && !("enableCompileCache" in nodeModule)) {
  (require("../engine/script-cache") as typeof import("../engine/script-cache")).enableScriptCache(folder, "plugin");
}
require("./plugin-main");
