/** One vCenter's SOAP interface: a session, and calls of methods in it. */
import { Agent, request } from "node:https";
import { childOf, escaped, parseXml, textOf, type XmlElement } from "./xml";

/** How to get into one vCenter. */
export interface VCenterAccess {
  /** Name or address, without scheme and port. */
  readonly vcenterAddress: string;
  readonly vcenterPort: number;
  /** With its domain, e.g. `headroom@vsphere.local`. */
  readonly username: string;
  /** Secret. */
  readonly password: string;
  /** False: any certificate is taken. */
  readonly verifySsl: boolean;
}

/** A managed object, as vCenter names it. */
export interface Reference {
  /** E.g. `VirtualMachine`. */
  readonly type: string;
  /** E.g. `vm-42`. */
  readonly value: string;
}

/** A parameter of a method: text stays text, a list comes several times, `Raw` is XML already. */
export type Parameter = string | number | boolean | Reference | Raw | undefined | readonly Parameter[];
export class Raw {
  constructor(
    /** XML between the element's tags. */
    readonly content: string,
    /** `xsi:type` of the element. */
    readonly type?: string,
  ) {}
}

/** A VM's properties may come in some hundred kilobytes; lists come in pages. */
const answerBytesMax = 64 * 1024 * 1024;
const answerMsMax = 60_000;
/** Requests of one session at the same time; more wait. */
const parallelMax = 4;
/** Every vCenter since 6.5 takes it. */
const version = "urn:vim25/6.5";

/** vCenter refused a call, or gave no answer. */
export class VCenterError extends Error {
  constructor(
    /** Name of the fault, e.g. `NoPermission`; empty = there was no answer. */
    readonly fault: string,
    /** In vCenter's own words, or the network's. */
    readonly reason: string,
    method: string,
    /** What else the fault tells. */
    readonly detail?: XmlElement,
  ) {
    super(
      fault === ""
        ? `no answer from vCenter to ${method}: ${reason}`
        : `vCenter refused ${method}: ${fault}: ${reason}`,
    );
    this.name = "VCenterError";
  }
}

export class SoapClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: parallelMax });
  private cookie: string | undefined;

  constructor(
    private readonly access: VCenterAccess,
    private readonly signal?: AbortSignal,
  ) {}

  /** @returns What stands below `returnval`; empty = the method returns nothing. */
  async call(
    method: string,
    self: Reference,
    parameters: Readonly<Record<string, Parameter>> = {},
  ): Promise<XmlElement[]> {
    const inner = Object.entries(parameters).map(([name, value]) => elementOf(name, value));
    const body = `<${method} xmlns="urn:vim25">${elementOf("_this", self)}${inner.join("")}</${method}>`;
    const { status, text, reason } = await this.exchange(envelope(body));
    if (status === 0) throw new VCenterError("", reason, method);
    const answer = bodyOf(text);
    if (answer === undefined) throw new VCenterError("", `HTTP ${status} without a SOAP message`, method);
    if (answer.name === "Fault") throw faultOf(answer, method);
    return answer.children.filter(({ name }) => name === "returnval");
  }

  /** Idle connections must not keep a process alive. */
  close(): void {
    this.agent.destroy();
  }

  private exchange(body: string): Promise<{ readonly status: number; readonly reason: string; readonly text: string }> {
    const { vcenterAddress, vcenterPort, verifySsl } = this.access;
    const headers = {
      "content-type": "text/xml; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      soapaction: version,
      ...(this.cookie === undefined ? {} : { cookie: this.cookie }),
    };
    return new Promise((resolve) => {
      const fail = (error: Error & { code?: string }): void => {
        const reason = error.code === undefined ? error.message : `${error.message} (${error.code})`;
        resolve({ status: 0, reason, text: "" });
      };
      const sent = request(
        {
          ...{ host: vcenterAddress.replace(/^\[(.*)\]$/, "$1"), port: vcenterPort, path: "/sdk", method: "POST" },
          ...{ headers, agent: this.agent, rejectUnauthorized: verifySsl, timeout: answerMsMax },
          ...(this.signal ? { signal: this.signal } : {}),
        },
        (response) => {
          const [cookie] = response.headers["set-cookie"] ?? [];
          if (cookie !== undefined) this.cookie = cookie.split(";")[0]!;
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > answerBytesMax) response.destroy(new Error(`the answer has more than ${answerBytesMax} bytes`));
            else chunks.push(chunk);
          });
          response.on("error", fail);
          response.on("end", () => {
            const { statusCode = 0, statusMessage = "" } = response;
            resolve({ status: statusCode, reason: statusMessage, text: Buffer.concat(chunks).toString("utf8") });
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`timeout after ${answerMsMax / 1000} s`)));
      sent.on("error", fail);
      sent.end(body);
    });
  }
}

export function elementOf(name: string, value: Parameter): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return (value as readonly Parameter[]).map((each) => elementOf(name, each)).join("");
  if (value instanceof Raw) {
    const type = value.type === undefined ? "" : ` xsi:type="${escaped(value.type)}"`;
    return `<${name}${type}>${value.content}</${name}>`;
  }
  if (typeof value === "object" && "value" in value) {
    return `<${name} type="${escaped(value.type)}">${escaped(value.value)}</${name}>`;
  }
  return `<${name}>${escaped(String(value))}</${name}>`;
}

const namespaces =
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

export function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope ${namespaces}><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
}

/** Undefined = it is no SOAP message. */
function bodyOf(text: string): XmlElement | undefined {
  try {
    const message = parseXml(text.replace(/^\ufeff/, "").trim());
    return childOf(message, "Body")?.children[0];
  } catch {
    return undefined;
  }
}

function faultOf(fault: XmlElement, method: string): VCenterError {
  const detail = childOf(fault, "detail")?.children[0];
  const name = detail?.attributes["xsi:type"]?.replace(/^.*:/, "") ?? detail?.name.replace(/Fault$/, "") ?? "Fault";
  const privilege = textOf(detail, "privilegeId");
  const object = childOf(detail, "object");
  const where = object === undefined ? "" : ` on ${object.attributes["type"] ?? "object"} ${object.text}`;
  const lacking = privilege === undefined ? "" : ` (${privilege}${where})`;
  return new VCenterError(name, `${(textOf(fault, "faultstring") ?? "").trim()}${lacking}`, method, detail);
}
