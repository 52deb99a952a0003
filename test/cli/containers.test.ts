/** Two runtimes in containers of their own on one data folder. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { itInContainers, killContainer, runInContainer } from "../support/container";
import { until } from "../support/until";
import { withFolder } from "./headroom";

const entry = join(__dirname, "..", "..", "runtime", "cli", "main.js");

describe("headroom serve in containers", function () {
  this.timeout(240_000);

  itInContainers("refuses a data folder that a runtime in another container uses, and leaves it alone", async () => {
    await withFolder(async (folder) => {
      const args = ["serve", "--port", "0", "--engine", "embedded", "--data-folder", join(folder, "data")];
      const start = () => {
        const container = runInContainer(entry, args);
        const heard = { text: "" };
        for (const stream of [container.stdout!, container.stderr!]) {
          stream.on("data", (chunk: Buffer) => (heard.text += chunk.toString()));
        }
        return { container, heard };
      };
      const first = start();
      try {
        await until("the first one runs", () => /http:\/\/127/.test(first.heard.text));
        const second = start();
        const [code] = (await once(second.container, "close")) as [number];

        assert.equal(code, 3);
        assert.match(
          second.heard.text,
          /^headroom: another runtime of this machine uses the data folder .*--data-folder\n$/,
        );
        assert.equal(first.container.exitCode, null);
      } finally {
        await killContainer(first.container);
      }
      const third = start();
      try {
        await until("the next one takes over from a killed container", () => /http:\/\/127/.test(third.heard.text));
      } finally {
        await killContainer(third.container);
      }
    });
  });
});
