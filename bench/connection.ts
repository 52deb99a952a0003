/**
 * One HTTP/1.1 connection that stays open, for load generators: they share the machine with what they load, so a request
 * is plain text written to a socket, and every answer is parsed.
 */
import { connect, type Socket } from "node:net";

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** One request at a time on one connection. */
export class Connection {
  private received = "";
  private settle: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    // The API answers in ASCII here, so that characters are bytes.
    socket.setEncoding("latin1").setNoDelay(true);
    socket.on("data", (text: string) => this.take(text));
    socket.on("close", () => this.settle?.reject(new Error("the connection was closed")));
    socket.on("error", (error) => this.settle?.reject(error));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Connection(socket.off("error", reject))));
    });
  }

  ask(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.settle = undefined;
    this.socket.destroy();
  }

  private take(text: string): void {
    this.received += text;
    const head = this.received.indexOf("\r\n\r\n");
    if (head === -1) return;
    const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(this.received)?.[1] ?? Number.NaN);
    const end = head + 4 + length;
    if (this.received.length < end) return;
    const { settle, received } = this;
    this.settle = undefined;
    this.received = "";
    if (!settle || received.length !== end || !received.startsWith("HTTP/1.1 ")) {
      settle?.reject(new Error(`not one HTTP answer: ${received.slice(0, 200)}`));
      return;
    }
    settle.resolve({ status: Number(received.slice(9, 12)), text: received.slice(head + 4) });
  }
}
