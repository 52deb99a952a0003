/** vCenter's SOAP interface over HTTPS, as far as nodes need it, in front of emulated vCenters. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { envelope } from "../../provider/clouds/vsphere/soap";
import { childOf, childrenOf, escaped, parseXml, textOf, type XmlElement } from "../../provider/clouds/vsphere/xml";
import { newSelfSigned } from "../support/self-signed";
import type { EmulatedVCenter, EmulatedVm } from "./emulated-vcenter";
import { VimFault, type EmulatedVCenterUsers } from "./emulated-vcenter-users";

interface Session {
  readonly key: string;
  readonly vcenter: EmulatedVCenter;
  readonly views: Map<string, { readonly container: string; readonly types: readonly string[] }>;
  readonly pages: Map<string, string[]>;
}

/** Fewer than vCenter's, so that lists have several pages. */
const pageObjects = 100;
const bodyBytesMax = 4 * 1024 * 1024;

export class EmulatedVim {
  /** Methods in their order. */
  readonly calls: string[] = [];
  readonly certificate = newSelfSigned();
  /** What a call is refused with in the place of an answer. */
  refuses: (method: string) => VimFault | undefined = () => undefined;
  /** The connection breaks when the call has been carried out. */
  losesAnswer: (method: string) => boolean = () => false;
  /** A host in the place of a vCenter. */
  apiType: "VirtualCenter" | "HostAgent" = "VirtualCenter";
  private readonly sessions = new Map<string, Session>();
  private readonly server: Server;

  constructor(
    private readonly users: EmulatedVCenterUsers,
    private readonly vcenterOf: (owner: string) => EmulatedVCenter,
  ) {
    this.server = createServer(this.certificate, (request, response) => void this.serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Sessions that nobody has ended. */
  get openSessions(): number {
    return this.sessions.size;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("content-type", "text/xml; charset=utf-8");
    try {
      const method = childOf(parseXml(await bodyOf(request)), "Body")?.children[0];
      if (method === undefined) throw new VimFault("InvalidRequest", "no method");
      this.calls.push(method.name);
      const refusal = this.refuses(method.name);
      if (refusal !== undefined) throw refusal;
      const cookie = /vmware_soap_session="?([^";]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
      const answer = this.answer(method, cookie, response);
      if (this.losesAnswer(method.name)) return void request.socket.destroy();
      response.end(envelope(`<${method.name}Response xmlns="urn:vim25">${answer}</${method.name}Response>`));
    } catch (error) {
      const { message } = error as Error;
      const [fault, detail] = error instanceof VimFault ? [error.fault, error.detail] : ["SystemError", ""];
      const inner = `<${fault}Fault xmlns="urn:vim25" xsi:type="${fault}">${detail}</${fault}Fault>`;
      response.statusCode = 500;
      response.end(
        envelope(
          `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escaped(message)}</faultstring><detail>${inner}</detail></soapenv:Fault>`,
        ),
      );
    }
  }

  private answer(method: XmlElement, cookie: string, response: ServerResponse): string {
    if (method.name === "Login") return this.login(method, response);
    const session = this.sessions.get(cookie);
    if (session === undefined) throw new VimFault("NotAuthenticated", "The session is not authenticated.");
    switch (method.name) {
      case "Logout":
        this.sessions.delete(cookie);
        return "";
      case "RetrieveServiceContent":
        return this.content(session);
      case "CreateContainerView":
        return newView(method, session);
      case "RetrievePropertiesEx":
        return page(session, retrieve(method, session, this.users));
      case "ContinueRetrievePropertiesEx":
        return page(session, session.pages.get(textOf(method, "token") ?? "") ?? []);
      case "FindByUuid": {
        const vm = session.vcenter.vmByUuid(textOf(method, "uuid") ?? "");
        return vm === undefined ? "" : `<returnval type="VirtualMachine">${vm.id}</returnval>`;
      }
      case "HasPrivilegeOnEntities":
        return this.privileges(method, session);
      case "StartProgramInGuest":
        return startProgram(method, vmIn(method, session));
      case "ListProcessesInGuest":
        return listProcesses(method, vmIn(method, session));
      default:
        throw new VimFault("InvalidRequest", `this emulation has no method ${method.name}`);
    }
  }

  private login(method: XmlElement, response: ServerResponse): string {
    const key = this.users.login(textOf(method, "userName") ?? "", textOf(method, "password") ?? "");
    const id = randomUUID();
    const vcenter = this.vcenterOf(this.users.ownerOf(key));
    this.sessions.set(id, { key, vcenter, views: new Map(), pages: new Map() });
    response.setHeader("set-cookie", `vmware_soap_session="${id}"; Path=/; HttpOnly; Secure;`);
    return `<returnval><key>${id}</key><userName>${escaped(key)}</userName></returnval>`;
  }

  private content({ vcenter }: Session): string {
    const manager = (name: string, type: string, id = type) => `<${name} type="${type}">${id}</${name}>`;
    const about = `<about><name>VMware vCenter Server</name><fullName>VMware vCenter Server 8.0.2</fullName><apiType>${this.apiType}</apiType><instanceUuid>${vcenter.instanceUuid}</instanceUuid></about>`;
    return `<returnval>${manager("rootFolder", "Folder", "group-d1")}${manager("propertyCollector", "PropertyCollector", "propertyCollector")}${manager("viewManager", "ViewManager")}${about}${manager("authorizationManager", "AuthorizationManager")}${manager("searchIndex", "SearchIndex")}${manager("guestOperationsManager", "GuestOperationsManager", "guestOperationsManager")}</returnval>`;
  }

  private privileges(method: XmlElement, { key, vcenter }: Session): string {
    const entity = childOf(method, "entity");
    if (entity !== undefined && !vcenter.items.has(entity.text) && !vcenter.vms.has(entity.text)) {
      throw new VimFault(
        "ManagedObjectNotFound",
        "The object has already been deleted or has not been completely created",
      );
    }
    const answers = childrenOf(method, "privId").map(
      ({ text }) =>
        `<privAvailability><privId>${text}</privId><isGranted>${this.users.has(key, text)}</isGranted></privAvailability>`,
    );
    return `<returnval><entity type="${entity?.attributes["type"]}">${entity?.text}</entity>${answers.join("")}</returnval>`;
  }
}

function newView(method: XmlElement, { views }: Session): string {
  const id = `session[view]${views.size}`;
  views.set(id, {
    container: textOf(method, "container") ?? "",
    types: childrenOf(method, "type").map(({ text }) => text),
  });
  return `<returnval type="ContainerView">${id}</returnval>`;
}

const kinds: Readonly<Record<string, readonly string[]>> = {
  ComputeResource: ["ClusterComputeResource"],
  Folder: ["StoragePod"],
  Network: ["DistributedVirtualPortgroup", "OpaqueNetwork"],
};
const isKind = (actual: string, asked: string) => actual === asked || (kinds[asked]?.includes(actual) ?? false);

function retrieve(method: XmlElement, session: Session, users: EmulatedVCenterUsers): string[] {
  const spec = childOf(method, "specSet");
  const paths = childrenOf(spec, "propSet").map((each) => ({
    type: textOf(each, "type") ?? "",
    names: childrenOf(each, "pathSet").map(({ text }) => text),
  }));
  const objects = childrenOf(spec, "objectSet").flatMap((each) => {
    const object = childOf(each, "obj");
    const view = session.views.get(object?.text ?? "");
    return view === undefined
      ? [{ type: object?.attributes["type"] ?? "", id: object?.text ?? "" }]
      : inView(session.vcenter, view);
  });
  const canRead = users.has(session.key, "System.Read");
  return objects.map(({ type, id }) => {
    const names =
      paths.find((each) => isKind(type, each.type) && each.type === type)?.names ??
      paths.find((each) => isKind(type, each.type))?.names ??
      [];
    return objectXml(type, id, names, session.vcenter, canRead);
  });
}

function inView(vcenter: EmulatedVCenter, { container, types }: { container: string; types: readonly string[] }) {
  const items = [...vcenter.items.values()].filter((item) => vcenter.isBelow(item.parent, container));
  const vms = [...vcenter.vms.values()].filter((vm) => vcenter.isBelow(vm.parent, container));
  const all = [...items, ...vms.map(({ id }) => ({ id, type: "VirtualMachine" }))];
  return all.filter(({ type }) => types.some((asked) => isKind(type, asked)));
}

function objectXml(
  type: string,
  id: string,
  names: readonly string[],
  vcenter: EmulatedVCenter,
  canRead: boolean,
): string {
  const vm = vcenter.vms.get(id);
  const properties = names.map((name) => {
    const isHidden = !canRead && /^config\./.test(name);
    if (isHidden) return `<missingSet><path>${name}</path><fault><fault xsi:type="NoPermission"/></fault></missingSet>`;
    const value = vm === undefined ? itemValue(vcenter, id, name) : vmValue(vcenter, vm, name);
    return value === "" ? "" : `<propSet><name>${name}</name>${value}</propSet>`;
  });
  const [sets, missing] = [
    properties.filter((each) => !each.startsWith("<missing")),
    properties.filter((each) => each.startsWith("<missing")),
  ];
  return `<objects><obj type="${type}">${id}</obj>${sets.join("")}${missing.join("")}</objects>`;
}

const textValue = (value: string) => `<val xsi:type="xsd:string">${escaped(value)}</val>`;
const referenceValue = (type: string, id: string) =>
  `<val type="${type}" xsi:type="ManagedObjectReference">${id}</val>`;

function itemValue(vcenter: EmulatedVCenter, id: string, name: string): string {
  if (name === "processManager") return referenceValue("GuestProcessManager", "guestOperationsProcessManager");
  const item = vcenter.items.get(id);
  if (item === undefined)
    throw new VimFault(
      "ManagedObjectNotFound",
      `The object '${id}' has already been deleted or has not been completely created`,
    );
  if (name === "name") return textValue(item.name);
  if (name === "parent")
    return item.parent === undefined ? "" : referenceValue(vcenter.items.get(item.parent)!.type, item.parent);
  if (name === "summary.freeSpace") return textValue(String((vcenter.freeGib.get(id) ?? 0) * 2 ** 30));
  return item.properties[name] ?? "";
}

function vmValue(vcenter: EmulatedVCenter, vm: EmulatedVm, name: string): string {
  if (name === "name") return textValue(vm.name);
  if (name === "parent") return referenceValue("Folder", vm.parent);
  if (vm.isBeingMade) return "";
  switch (name) {
    case "config.uuid":
      return textValue(vm.uuid);
    case "config.annotation":
      return textValue(vm.annotation);
    case "config.template":
      return textValue(String(vm.isTemplate));
    case "config.files.vmPathName":
      return textValue(`[${vcenter.items.get(vm.datastores[0]!)?.name}] ${vm.name}/${vm.name}.vmx`);
    case "config.extraConfig":
      return `<val xsi:type="ArrayOfOptionValue">${Object.entries(vm.guest.guestInfo)
        .map(
          ([key, value]) =>
            `<OptionValue xsi:type="OptionValue"><key>${escaped(key)}</key><value xsi:type="xsd:string">${escaped(value)}</value></OptionValue>`,
        )
        .join("")}</val>`;
    case "runtime.host":
      return referenceValue("HostSystem", vm.host);
    case "datastore":
      return `<val xsi:type="ArrayOfManagedObjectReference">${vm.datastores.map((id) => `<ManagedObjectReference type="Datastore">${id}</ManagedObjectReference>`).join("")}</val>`;
    case "snapshot":
      return snapshotsValue(vm);
    case "guest.net":
      return `<val xsi:type="ArrayOfGuestNicInfo">${vm.guest.net()}</val>`;
    case "guest.toolsRunningStatus":
      return textValue(vm.guest.hasTools ? "guestToolsRunning" : "guestToolsNotRunning");
    default:
      return "";
  }
}

function snapshotsValue({ snapshots }: EmulatedVm): string {
  if (snapshots.length === 0) return "";
  const one = (id: string, name: string, inner = "") =>
    `<snapshot type="VirtualMachineSnapshot">${id}</snapshot><name>${escaped(name)}</name>${inner}`;
  const roots = snapshots.map(({ name, children }, index) => {
    const below = Array.from(
      { length: children },
      (_, child) => `<childSnapshotList>${one(`snapshot-${index}-${child}`, `${name} ${child}`)}</childSnapshotList>`,
    );
    return `<rootSnapshotList>${one(`snapshot-${index}`, name, below.join(""))}</rootSnapshotList>`;
  });
  return `<val xsi:type="VirtualMachineSnapshotInfo"><currentSnapshot type="VirtualMachineSnapshot">snapshot-0</currentSnapshot>${roots.join("")}</val>`;
}

function page({ pages }: Session, objects: string[]): string {
  if (objects.length === 0) return "";
  const rest = objects.slice(pageObjects);
  const token = `page-${pages.size}`;
  if (rest.length > 0) pages.set(token, rest);
  return `<returnval>${rest.length > 0 ? `<token>${token}</token>` : ""}${objects.slice(0, pageObjects).join("")}</returnval>`;
}

function vmIn(method: XmlElement, { vcenter }: Session): EmulatedVm {
  const vm = vcenter.vms.get(textOf(method, "vm") ?? "");
  if (vm === undefined) throw new VimFault("ManagedObjectNotFound", "The object has already been deleted");
  return vm;
}

function startProgram(method: XmlElement, vm: EmulatedVm): string {
  const [auth, spec] = [childOf(method, "auth"), childOf(method, "spec")];
  if (auth?.attributes["xsi:type"] !== "NamePasswordAuthentication")
    throw new VimFault("InvalidRequest", "auth has no type");
  const program = { programPath: textOf(spec, "programPath") ?? "", arguments: textOf(spec, "arguments") ?? "" };
  const pid = vm.guest.run(program, textOf(auth, "username") ?? "", textOf(auth, "password") ?? "");
  return `<returnval>${pid}</returnval>`;
}

function listProcesses(method: XmlElement, vm: EmulatedVm): string {
  const pid = textOf(method, "pids") ?? "";
  const process = vm.guest.processes.get(pid);
  if (process === undefined) return "";
  const end =
    process.exitCode === undefined
      ? ""
      : `<endTime>2026-01-01T00:00:00Z</endTime><exitCode>${process.exitCode}</exitCode>`;
  return `<returnval><name>sh</name><pid>${pid}</pid><owner>root</owner><cmdLine>sh</cmdLine><startTime>2026-01-01T00:00:00Z</startTime>${end}</returnval>`;
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) reject(new Error("too large"));
      else chunks.push(chunk);
    });
    request.on("error", reject);
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
}
