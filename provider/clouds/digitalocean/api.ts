/** DigitalOcean's REST API, for what its Pulumi provider has no function or resource for: firewalls by name, and their tags. */
import { z } from "zod";

const firewallSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  tags: z.array(z.string()).nullish(),
});
export type Firewall = z.output<typeof firewallSchema>;

const firewallsSchema = z.looseObject({
  firewalls: z.array(firewallSchema),
  links: z.looseObject({ pages: z.looseObject({ next: z.string().optional() }).optional() }).nullish(),
});

/** The API gives no more at once. */
const perPage = 200;
/** A team may have far fewer firewalls. */
const pagesMax = 100;
const answerMsMax = 30_000;

export class DigitalOceanApi {
  private readonly root = (process.env["DIGITALOCEAN_API_URL"] ?? "https://api.digitalocean.com").replace(/\/$/, "");

  constructor(
    private readonly token: string,
    private readonly signal?: AbortSignal,
  ) {}

  async firewallsNamed(name: string): Promise<Firewall[]> {
    const found: Firewall[] = [];
    for (let page = 1; page <= pagesMax; page += 1) {
      const answer = await this.send("GET", `/v2/firewalls?per_page=${perPage}&page=${page}`);
      const { firewalls, links } = firewallsSchema.parse(answer.body);
      found.push(...firewalls.filter((firewall) => firewall.name === name));
      if (links?.pages?.next === undefined) return found;
    }
    throw new Error(`the team has more than ${pagesMax * perPage} firewalls`);
  }

  /** Afterwards the team has the tag. */
  async makeTag(name: string): Promise<void> {
    const { status } = await this.send("POST", "/v2/tags", { name }, [422]);
    // It is refused when it is there, and in the same way when the name is none.
    if (status === 422) await this.send("GET", `/v2/tags/${encodeURIComponent(name)}`);
  }

  /** Afterwards the firewall applies to all Droplets with the tag, which the team must have. */
  async tagFirewall(id: string, tag: string): Promise<void> {
    await this.send("POST", `/v2/firewalls/${encodeURIComponent(id)}/tags`, { tags: [tag] });
  }

  /** @param also Statuses that are answers as well. */
  private async send(
    method: "GET" | "POST",
    path: string,
    body?: unknown,
    also: readonly number[] = [],
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const url = `${this.root}${path}`;
    const timeout = AbortSignal.timeout(answerMsMax);
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: this.signal ? AbortSignal.any([this.signal, timeout]) : timeout,
    }).catch((cause: unknown) => {
      // The message of `fetch` alone says nothing.
      const { message } = ((cause as Error).cause ?? cause) as Error;
      throw new Error(`no answer from DigitalOcean to ${method} ${url}: ${message}`, { cause });
    });
    const text = await response.text();
    if (response.ok || also.includes(response.status)) return { status: response.status, body: bodyIn(text) };
    // In the words of the Pulumi provider, so that failures of both are read alike.
    throw new Error(`${method} ${url}: ${response.status} ${saidIn(text)}`.trim());
  }
}

function bodyIn(text: string): unknown {
  return text === "" ? undefined : JSON.parse(text);
}

function saidIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}
