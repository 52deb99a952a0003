/** What all streams of server-sent events have in common. */

export const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // A stream that has ended must not hold up the closing of the port.
  connection: "close",
  // Without it proxies of nginx hold events back.
  "x-accel-buffering": "no",
};

/** Comments that keep proxies and clients from closing a silent connection. */
export const heartbeatMs = 15_000;
export const heartbeat = ": still here\n\n";

/** A client that does not read this much is gone, or as good as that. */
export const unreadBytesMax = 256 * 1024;

/** One event; the data must be one line. */
export function eventText(id: string, event: string, data: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}

/**
 * Answers that will become streams in a moment, so that a limit holds for them too. One that never leaves, because the store
 * was lost while it waited to be durable, counts until the term ends, which it does then.
 */
export class OpeningStreams {
  private term: object | undefined;
  private readonly waiting = new Set<{ readonly key: string | undefined }>();

  /** @param term The leader that answers. Returns what to call when the stream is open. */
  begin(term: object, key?: string): () => void {
    if (term !== this.term) this.waiting.clear();
    this.term = term;
    const entry = { key };
    this.waiting.add(entry);
    return () => void this.waiting.delete(entry);
  }

  /** Of each, the name of its key. */
  keys(term: object): (string | undefined)[] {
    return term === this.term ? [...this.waiting].map(({ key }) => key) : [];
  }
}
