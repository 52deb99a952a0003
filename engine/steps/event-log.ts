/**
 * Where engine events go: to the Automation API (`--event-log tcp://HOST:PORT`) or into a file.
 * The rule kept: a listener that has gone away never stops the operation.
 */
import { appendFileSync } from "node:fs";
import type { ClientWritableStream } from "@grpc/grpc-js";
import { EventsClient } from "@pulumi/pulumi/proto/events_grpc_pb";
import { EventRequest } from "@pulumi/pulumi/proto/events_pb";
import { dial } from "../providers/rpc";

/** Where engine events go. */
export interface EventLog {
  write(event: object): void;
  close(): Promise<void>;
}

/** How long a listener that does not answer may hold up the end. */
const closeMs = 2000;

export function openEventLog(target: string): EventLog {
  if (!target.startsWith("tcp://")) {
    return { write: (event) => appendFileSync(target, `${JSON.stringify(event)}\n`), close: () => Promise.resolve() };
  }
  const client = dial(EventsClient, target.slice("tcp://".length));
  let hear: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => (hear = resolve));
  const stream: ClientWritableStream<EventRequest> = client.streamEvents(() => hear());
  stream.on("error", () => hear());
  return {
    write: (event) => void stream.write(new EventRequest().setEvent(JSON.stringify(event))),
    close: async () => {
      stream.end();
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([heard, new Promise((resolve) => (timer = setTimeout(resolve, closeMs)))]);
      clearTimeout(timer);
      client.close();
    },
  };
}
