/** The port on which a server is probed follows its connection type, and what is told of its silence is true. */
import assert from "node:assert/strict";
import { desktopDoc, serverConfigDoc } from "../support/builders";
import { World } from "./world";

const minute = 60_000;
const ports = { rdp: 3389, ssh: 22, vnc: 5900, kasmvnc: 8443 } as const;

describe("a server that need not check in", () => {
  for (const connectionType of ["rdp", "ssh", "vnc", "kasmvnc"] as const) {
    it(`is probed on the port of its type ${connectionType}, and a silent one is told as that`, async () => {
      const configs = [serverConfigDoc({ connectionType, minimumAvailableSessions: 1 })];
      const world = await World.start({ configs, workspaces: [desktopDoc()] });
      world.isPortOpen = false;
      await world.clock.advance(9 * minute);
      const [node] = [...world.state.nodes.values()];
      assert.deepEqual([node?.status, node?.connectionPort], ["starting", ports[connectionType]]);

      await world.clock.advance(3 * minute);

      const decisions = await world.store.decisions({ subject: "node", subjectId: node!.nodeId, limit: 100 });
      const failed = decisions.find(({ event }) => event === "failed");
      assert.match(failed!.reason.text, new RegExp(`^port ${ports[connectionType]} of \\S+ did not answer within 10m`));
      assert.ok(!JSON.stringify(decisions).includes("check-in"), "nobody asked for one");
      await world.stop();
      assert.deepEqual(world.errors, []);
    });
  }
});
