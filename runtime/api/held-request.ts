/**
 * A request that a replica holds until a leader answers it. A small body is kept whole, so that the request can be sent
 * again; a large one passes through as it comes, once.
 */
import type { IncomingMessage } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { RequestError } from "./error-answers";

/** Bodies up to this are kept; those of sessions and nodes are far below it. Unit: bytes. */
const keptBytesMax = 64 * 1024;

export class HeldRequest {
  private passing: PassThrough | undefined;

  private constructor(
    readonly request: IncomingMessage,
    private readonly kept: readonly Buffer[],
    /** The whole body; undefined = there is more than was kept. */
    readonly body: Buffer | undefined,
  ) {}

  /** Resolves when the body is there, or as much of it as is kept. */
  static async read(request: IncomingMessage): Promise<HeldRequest> {
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    const hasBody = encoding !== undefined || Number(length ?? 0) > 0;
    if (!hasBody) return new HeldRequest(request, [], Buffer.alloc(0));
    const { kept, isWhole } = await readFirst(request);
    return new HeldRequest(request, kept, isWhole ? Buffer.concat(kept) : undefined);
  }

  /** False once a body that is not kept has begun to pass through. */
  get canBeSent(): boolean {
    return this.passing === undefined;
  }

  /** The body from its beginning. */
  stream(): Readable {
    if (this.body !== undefined) return Readable.from(this.body.length === 0 ? [] : [this.body]);
    const passing = new PassThrough();
    this.passing = passing;
    for (const chunk of this.kept) passing.write(chunk);
    this.request.once("error", (error) => passing.destroy(error));
    return this.request.pipe(passing);
  }

  /** Throws away what was not read, so that the caller's connection can be used again. */
  release(): void {
    if (this.body !== undefined) return;
    if (this.passing) this.request.unpipe(this.passing);
    this.request.resume();
  }

  /** The request as the API reads it, when this replica leads by now. */
  asRequest(): IncomingMessage {
    const { headers, rawHeaders, method, url, socket } = this.request;
    return Object.assign(this.stream(), { headers, rawHeaders, method, url, socket }) as unknown as IncomingMessage;
  }
}

function readFirst(request: IncomingMessage): Promise<{ kept: Buffer[]; isWhole: boolean }> {
  return new Promise((resolve, reject) => {
    const kept: Buffer[] = [];
    let size = 0;
    const done = (isWhole: boolean): void => {
      request.off("data", take).off("end", end).off("error", fail);
      resolve({ kept, isWhole });
    };
    const take = (chunk: Buffer): void => {
      kept.push(chunk);
      size += chunk.length;
      if (size <= keptBytesMax) return;
      request.pause();
      done(false);
    };
    const end = (): void => done(true);
    const fail = (): void => reject(new RequestError(400, "config", "the body broke off"));
    request.on("data", take).once("end", end).once("error", fail);
  });
}
