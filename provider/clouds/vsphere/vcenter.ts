/** A session at one vCenter: who it is, what is in its inventory, and what may be done there. */
import { elementOf, Raw, SoapClient, type Parameter, type Reference, type VCenterAccess } from "./soap";
import { childOf, childrenOf, textOf, type XmlElement } from "./xml";

/** A managed object with those of its properties that were asked for and are set. */
export interface ManagedObject {
  readonly reference: Reference;
  readonly properties: ReadonlyMap<string, XmlElement>;
  /** Properties that this account may not read. */
  readonly denied: readonly string[];
}

export interface VCenterIdentity {
  /** Of this vCenter alone, also when it gets another address. */
  readonly instanceUuid: string;
  /** E.g. `VMware vCenter Server 8.0.2`. */
  readonly fullName: string;
}

/** Every vCenter has this one, and nothing can be asked before a session is begun there. */
const sessionManager: Reference = { type: "SessionManager", value: "SessionManager" };
const serviceInstance: Reference = { type: "ServiceInstance", value: "ServiceInstance" };

export class VCenter {
  private constructor(
    private readonly soap: SoapClient,
    private readonly content: XmlElement,
    private readonly sessionKey: string,
  ) {}

  /** Begins a session, which ends when `work` has. */
  static async with<Result>(
    access: VCenterAccess,
    work: (vcenter: VCenter) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const soap = new SoapClient(access, signal);
    try {
      const { username: userName, password } = access;
      const [session] = await soap.call("Login", sessionManager, { userName, password });
      const [content] = await soap.call("RetrieveServiceContent", serviceInstance);
      if (content === undefined) throw new Error("vCenter does not say what it is");
      const vcenter = new VCenter(soap, content, textOf(session, "key") ?? "");
      try {
        return await work(vcenter);
      } finally {
        // A session that nobody ends stays for half an hour, and vCenter has only so many.
        await soap.call("Logout", sessionManager).catch(() => undefined);
      }
    } finally {
      soap.close();
    }
  }

  identity(): VCenterIdentity {
    const about = childOf(this.content, "about");
    const [instanceUuid, fullName = "a server without a name"] = [
      textOf(about, "instanceUuid"),
      textOf(about, "fullName"),
    ];
    if (textOf(about, "apiType") !== "VirtualCenter" || instanceUuid === undefined) {
      throw new Error(`"${fullName}" is no vCenter: VMs can't be cloned by a single host`);
    }
    return { instanceUuid, fullName };
  }

  get rootFolder(): Reference {
    return this.managerOf("rootFolder");
  }

  call(method: string, self: Reference, parameters: Readonly<Record<string, Parameter>> = {}): Promise<XmlElement[]> {
    return this.soap.call(method, self, parameters);
  }

  managerOf(name: string): Reference {
    return referenceOf(childOf(this.content, name), `vCenter has no ${name}`);
  }

  /**
   * Every object of these types below a folder or datacenter, however deep.
   *
   * @param paths Properties by type.
   */
  async list(root: Reference, paths: Readonly<Record<string, readonly string[]>>): Promise<ManagedObject[]> {
    const type = Object.keys(paths);
    const [made] = await this.call("CreateContainerView", this.managerOf("viewManager"), {
      ...{ container: root, type, recursive: true },
    });
    const view = referenceOf(made, "vCenter made no view");
    const traversal = "<type>ContainerView</type><path>view</path><skip>false</skip>";
    const objects = `${elementOf("obj", view)}<skip>true</skip><selectSet xsi:type="TraversalSpec">${traversal}</selectSet>`;
    return this.retrieve(paths, `<objectSet>${objects}</objectSet>`);
  }

  /** Properties of these objects. */
  async read(references: readonly Reference[], paths: readonly string[]): Promise<ManagedObject[]> {
    const types = [...new Set(references.map(({ type }) => type))];
    const objects = references.map((reference) => `<objectSet>${elementOf("obj", reference)}</objectSet>`);
    return this.retrieve(Object.fromEntries(types.map((type) => [type, paths])), objects.join(""));
  }

  /** The VM with this BIOS UUID, in whatever datacenter; undefined = there is none that this account may see. */
  async vmByUuid(uuid: string): Promise<Reference | undefined> {
    const [found] = await this.call("FindByUuid", this.managerOf("searchIndex"), { uuid, vmSearch: true });
    return found && referenceOf(found, "vCenter found nothing");
  }

  /** Those of these privileges that this session lacks on an object. */
  async lacking(entity: Reference, privileges: readonly string[]): Promise<string[]> {
    const parameters = { entity, sessionId: this.sessionKey, privId: privileges };
    const [answer] = await this.call("HasPrivilegeOnEntities", this.managerOf("authorizationManager"), parameters);
    const granted = childrenOf(answer, "privAvailability").filter((each) => textOf(each, "isGranted") === "true");
    const has = new Set(granted.map((each) => textOf(each, "privId")));
    return privileges.filter((privilege) => !has.has(privilege));
  }

  private async retrieve(
    paths: Readonly<Record<string, readonly string[]>>,
    objects: string,
  ): Promise<ManagedObject[]> {
    const properties = Object.entries(paths).map(([type, pathSet]) => {
      return `<propSet>${elementOf("type", type)}${elementOf("pathSet", pathSet)}</propSet>`;
    });
    const collector = this.managerOf("propertyCollector");
    const specSet = new Raw(`${properties.join("")}${objects}`);
    let [page] = await this.call("RetrievePropertiesEx", collector, { specSet, options: new Raw("") });
    const found: ManagedObject[] = [];
    for (;;) {
      found.push(...childrenOf(page, "objects").map(objectOf));
      const token = textOf(page, "token");
      if (token === undefined) return found;
      [page] = await this.call("ContinueRetrievePropertiesEx", collector, { token });
    }
  }
}

export function referenceOf(element: XmlElement | undefined, missing: string): Reference {
  const type = element?.attributes["type"];
  if (element === undefined || type === undefined) throw new Error(missing);
  return { type, value: element.text };
}

function objectOf(element: XmlElement): ManagedObject {
  const properties = childrenOf(element, "propSet").flatMap((each) => {
    const [name, value] = [textOf(each, "name"), childOf(each, "val")];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return {
    reference: referenceOf(childOf(element, "obj"), "vCenter told of an object without its name"),
    properties: new Map(properties),
    denied: childrenOf(element, "missingSet").flatMap((each) => textOf(each, "path") ?? []),
  };
}
