/**
 * The engine's address. It is there before the server behind it is loaded, so that programs and plugins can be started
 * with it at once; who connects early waits for {@link EnginePort.serve}.
 */
import { type AddressInfo, createServer, type Socket } from "node:net";

export class EnginePort {
  private readonly waiting = new Set<Socket>();
  private accept = (socket: Socket): void => void this.waiting.add(socket);
  private readonly server = createServer({ pauseOnConnect: true }, (socket) => {
    // A caller that goes away is no concern of the operation.
    socket.on("error", () => undefined);
    this.accept(socket);
  });

  get address(): string {
    const { port } = this.server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(0, "127.0.0.1", () => resolve());
    });
  }

  /** Hands over every connection, those that wait included. */
  serve(connect: (socket: Socket) => void): void {
    this.accept = (socket) => {
      connect(socket);
      socket.resume();
    };
    this.waiting.forEach(this.accept);
    this.waiting.clear();
  }

  close(): void {
    for (const socket of this.waiting) socket.destroy();
    this.server.close();
  }
}
