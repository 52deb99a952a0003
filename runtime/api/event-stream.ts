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
