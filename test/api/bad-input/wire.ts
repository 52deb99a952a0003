/** HTTP by hand over one socket: whatever bytes a caller may send, and an answer before the deadline or none at all. */
import { connect, type Socket } from "node:net";

/** A request as bytes; a client library would refuse to send many of these. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer;
  /** Sends only this many bytes of the body and then ends the connection. */
  readonly cutAfter?: number;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class Wire {
  private socket: Socket | undefined;
  private received = Buffer.alloc(0);
  private wake: () => void = () => undefined;
  private isOver = true;

  constructor(
    private readonly port: number,
    private readonly deadlineMs = 10_000,
  ) {}

  /** Undefined = the connection was closed without an answer. */
  async send(request: WireRequest): Promise<WireAnswer | undefined> {
    const socket = await this.open();
    this.received = Buffer.alloc(0);
    const { body = Buffer.alloc(0), cutAfter } = request;
    socket.write(Buffer.concat([headOf(request), body.subarray(0, cutAfter ?? body.length)]));
    // A body in chunks that never end is an unfinished request: this caller hangs up, as one that died would.
    const isUnfinished = cutAfter !== undefined || request.headers.some(([name]) => name === "transfer-encoding");
    if (isUnfinished) socket.end();
    const answer = await this.read(request.method === "HEAD").catch((error: unknown) => {
      this.close();
      throw error;
    });
    const isStream = answer !== undefined && isEventStream(answer.headers);
    const closes = answer?.headers["connection"] === "close" || isUnfinished || isUnframed(request);
    if (answer === undefined || closes || isStream || this.isOver) this.close();
    return answer;
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private async open(): Promise<Socket> {
    if (this.socket && !this.isOver) return this.socket;
    const socket = connect(this.port, "127.0.0.1");
    this.isOver = false;
    this.socket = socket;
    const over = (): void => {
      if (this.socket !== socket) return;
      this.isOver = true;
      this.wake();
    };
    socket.on("error", over).on("close", over).on("end", over);
    socket.on("data", (data) => {
      if (this.socket !== socket) return;
      this.received = Buffer.concat([this.received, data]);
      this.wake();
    });
    await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", () => resolve()));
    return socket;
  }

  private async read(isHead: boolean): Promise<WireAnswer | undefined> {
    const end = Date.now() + this.deadlineMs;
    for (;;) {
      const answer = parseAnswer(this.received, isHead);
      if (answer?.status === 100) {
        this.received = this.received.subarray(this.received.indexOf("\r\n\r\n") + 4);
        continue;
      }
      if (answer) return answer;
      if (this.isOver) return undefined;
      const leftMs = end - Date.now();
      if (leftMs <= 0) throw new Error(`no answer within ${this.deadlineMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** The server may still wait for a body that never comes, so nothing more can be said on this connection. */
function isUnframed({ headers, path }: WireRequest): boolean {
  const framing = ["content-length", "transfer-encoding", "expect", "upgrade", "connection"];
  return /\s/.test(path) || headers.some(([name]) => framing.includes(name.toLowerCase()));
}

function isEventStream(headers: Readonly<Record<string, string>>): boolean {
  return headers["content-type"]?.startsWith("text/event-stream") ?? false;
}

function headOf({ method, path, headers, body }: WireRequest): Buffer {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const length = body && !given.has("content-length") && !given.has("transfer-encoding");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(given.has("host") ? [] : ["host: 127.0.0.1"]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(length ? [`content-length: ${body.length}`] : []),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "utf8");
}

function parseAnswer(received: Buffer, isHead: boolean): WireAnswer | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [first = "", ...lines] = received.subarray(0, headEnd).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const status = Number(first.split(" ")[1]);
  // A stream of events has no end; its head is the answer.
  if (isEventStream(headers)) return { status, headers, body: "" };
  const length = isHead ? 0 : Number(headers["content-length"] ?? 0);
  if (headers["transfer-encoding"] === "chunked" && !isHead) {
    const end = received.indexOf("0\r\n\r\n", headEnd);
    return end < 0 ? undefined : { status, headers, body: unchunk(received.subarray(headEnd + 4, end)) };
  }
  if (received.length < headEnd + 4 + length) return undefined;
  return { status, headers, body: received.subarray(headEnd + 4, headEnd + 4 + length).toString("utf8") };
}

/** The text of a chunked body; the runtime's chunks hold no line of their own that looks like a length. */
function unchunk(bytes: Buffer): string {
  return bytes
    .toString("utf8")
    .replace(/^[0-9a-f]+\r\n/gm, "")
    .replace(/\r\n$/gm, "");
}
