/** What a probe tells of a port, and of which it tells nothing. */
import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Server } from "node:net";
import { probeTcp } from "../../runtime/reconciler/tcp-probe";

describe("a probe", () => {
  let server: Server;
  let port: number;
  let connections = 0;
  before(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => (connections = 0));

  it("of a node that may be on this machine tells whether somebody listens", async () => {
    for (const address of ["127.0.0.1", "localhost", `127.0.0.1:${port}`]) {
      assert.equal(await probeTcp(address, port, { mayBeNear: true }), true, address);
    }
    assert.equal(await probeTcp("127.0.0.9", port, { mayBeNear: true }), false);
  });

  it("of another tells nothing of this machine, in no form and by no name, and does not even ask", async () => {
    const forms = [
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "[::ffff:127.0.0.1]",
      "0.0.0.0",
      "::1",
    ];
    forms.push("localhost", "LOCALHOST", "localhost.", `127.0.0.1:${port}`, "169.254.169.254");
    for (const address of forms) assert.equal(await probeTcp(address, port, { mayBeNear: false }), false, address);
    assert.equal(connections, 0);
  });
});
