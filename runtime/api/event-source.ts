/** Reads server-sent events, as the HTML standard describes them. */

export interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Longest event that is read; a session is far below 100 kB. */
const eventCharactersMax = 1_000_000;

/** The events of a response, until it ends. `onBytes` is called for whatever arrives, comments too. */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  onBytes: () => void = () => undefined,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of body) {
    onBytes();
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? "";
    if (text.length > eventCharactersMax) throw new Error(`an event of more than ${eventCharactersMax} characters`);
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) yield event;
    }
  }
}

/** Undefined for comments and for blocks without data. */
function parseEvent(block: string): ServerEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split(/\r?\n/)) {
    const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === "") continue;
    const known = fields.get(name);
    fields.set(name, name === "data" && known !== undefined ? `${known}\n${value}` : value);
  }
  const data = fields.get("data");
  return data === undefined ? undefined : { id: fields.get("id"), event: fields.get("event") ?? "message", data };
}
