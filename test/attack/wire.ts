/** What an attacker has: a socket, and bytes that no client would send. */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Ends what the other end would keep open for ever; far beyond its own time-outs in these tests. */
const deadlineMs = 30_000;

/** Sends the bytes as they are, Latin-1, and resolves with all that came back when the other end has closed. */
export function speak(port: number, bytes: string | Buffer, { isTls = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = isTls
      ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
      : connect(port, "127.0.0.1");
    let text = "";
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error("the other end keeps the connection")));
    socket.on("data", (data) => (text += data.toString("latin1")));
    // A reset after the answer is a way to close, too.
    socket.on("error", (error) => (text += `\n[${error.message}]`));
    socket.on("close", () => resolve(text));
    socket.once(isTls ? "secureConnect" : "connect", () =>
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes),
    );
  });
}

/** The statuses of all answers in what came back. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}

/** Lines of a head with the empty one behind it. */
export function head(...lines: readonly string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}
