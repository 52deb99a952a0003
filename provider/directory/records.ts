/**
 * Computer records of nodes in one directory. A record is ours when its description carries our installation and its node's
 * id, in the form that VMs carry them; whatever carries something else belongs to somebody and is left alone.
 *
 *   none of that name ──────────────▶ made, with the node's password
 *   the node's own, of this making ─▶ as it is: its VM may have joined already, and changed the password
 *   the node's own, of an older one ▶ reused: enabled, with the node's password
 *   anybody else's ─────────────────▶ refused, with where it is
 */
import { createHash } from "node:crypto";
import { Attribute, AndFilter, Change, Control, EqualityFilter, OrFilter, SubstringFilter } from "ldapts";
import type { Entry, Filter, SearchOptions } from "ldapts";
import { escapedValue } from "../../runtime/model/distinguished-name";
import { asDescription, identityKeys, type NodeIdentity } from "../frame/identity";
import { domainRootOf, type DirectoryAccess } from "./access";
import { directoryFailure, failureOf, ldapCodeOf, type Asked } from "./failures";
import type { Session } from "./session";

/** Active Directory takes so many characters of a description. */
const description = asDescription(1024);
/** Behind the identity: which making of a node's record it is. */
const makingKey = "headroom-making";
/** Workstation: an account of a computer that is a member of the domain. */
const workstationTrust = "4096";
/** Deletes an object with all that is below it. */
const treeDelete = "1.2.840.113556.1.4.805";
/** Objects of one answer when many are listed; controllers give at most 1,000. */
const pageSize = 500;

/** What a record is made from. */
export interface WantedRecord {
  readonly identity: NodeIdentity;
  readonly computerOu: string;
  readonly joinPassword: string;
}

export interface FoundRecord {
  readonly dn: string;
  /** In hex, as the directory holds it: it stays the same when the record is moved or renamed. */
  readonly guid: string;
  readonly description: string;
  readonly nodeId: string | undefined;
  readonly installation: string | undefined;
}

export class Records {
  constructor(
    private readonly session: Session,
    private readonly access: DirectoryAccess,
  ) {}

  /** The record of this node, made if there is none. Doing it again does no harm. */
  async ensure(wanted: WantedRecord): Promise<FoundRecord> {
    const { nodeId } = wanted.identity;
    const found = await this.named(nodeId);
    if (found !== undefined) return this.reuse(found, wanted);
    try {
      await this.add(wanted);
    } catch (error) {
      if (ldapCodeOf(error) !== 68) throw failureOf(error, this.asked("add", dnOf(wanted), wanted.computerOu));
      // Somebody was faster, or it stands where this account may not look.
      const other = await this.named(nodeId);
      if (other !== undefined) return this.reuse(other, wanted);
      throw failureOf(error, this.asked("add", dnOf(wanted), wanted.computerOu));
    }
    const made = await this.named(nodeId);
    if (made !== undefined) return made;
    throw directoryFailure(
      "AdNotYetThere",
      `"${dnOf(wanted)}" was made on ${this.session.controller} and is not found`,
    );
  }

  /** The record with this objectGUID, wherever it is by now, else the one with the node's name. */
  async find(nodeId: string, guid?: string): Promise<FoundRecord | undefined> {
    const name = new EqualityFilter({ attribute: "sAMAccountName", value: accountNameOf(nodeId) });
    if (guid === undefined) return this.named(nodeId);
    const id = new EqualityFilter({ attribute: "objectGUID", value: Buffer.from(guid, "hex") });
    const found = await this.search(domainRootOf(this.access), new OrFilter({ filters: [id, name] }));
    return found.find((record) => record.guid === guid) ?? found[0];
  }

  /** Every record of this installation below the search base. */
  async list(installation: string): Promise<FoundRecord[]> {
    const filter = new AndFilter({
      filters: [
        new EqualityFilter({ attribute: "objectClass", value: "computer" }),
        new SubstringFilter({ attribute: "description", any: [`${identityKeys.installation}=${installation}`] }),
      ],
    });
    const found = await this.search(this.access.searchBase, filter);
    return found.filter((record) => record.installation === installation);
  }

  async delete(record: FoundRecord, deletesChildren: boolean): Promise<void> {
    const controls = deletesChildren ? [new Control(treeDelete, { critical: true })] : [];
    try {
      await this.session.client.del(record.dn, controls);
    } catch (error) {
      if (ldapCodeOf(error) === 32) return;
      throw failureOf(error, this.asked("delete", record.dn, parentOf(record.dn)));
    }
  }

  private named(nodeId: string): Promise<FoundRecord | undefined> {
    const name = new EqualityFilter({ attribute: "sAMAccountName", value: accountNameOf(nodeId) });
    return this.search(domainRootOf(this.access), name).then(([record]) => record);
  }

  private async search(base: string, filter: Filter): Promise<FoundRecord[]> {
    const attributes = ["objectGUID", "description"];
    const binary = { explicitBufferAttributes: ["objectGUID"] };
    const options: SearchOptions = { scope: "sub", filter, attributes, ...binary, paged: { pageSize } };
    try {
      const { searchEntries } = await this.session.client.search(base, options);
      return searchEntries.map(recordOf);
    } catch (error) {
      throw failureOf(error, this.asked("search", base));
    }
  }

  private async add(wanted: WantedRecord): Promise<void> {
    const { identity } = wanted;
    const texts: Readonly<Record<string, readonly string[]>> = {
      objectClass: ["top", "person", "organizationalPerson", "user", "computer"],
      cn: [identity.nodeId],
      sAMAccountName: [accountNameOf(identity.nodeId)],
      userAccountControl: [workstationTrust],
      description: [markOf(wanted)],
    };
    const attributes = Object.entries(texts).map(([type, values]) => new Attribute({ type, values: [...values] }));
    await this.session.client.add(dnOf(wanted), [...attributes, passwordOf(wanted)]);
  }

  private async reuse(found: FoundRecord, wanted: WantedRecord): Promise<FoundRecord> {
    const { nodeId, installation } = wanted.identity;
    const isOurs = found.nodeId === nodeId && found.installation === installation;
    if (!isOurs) {
      const owner =
        found.nodeId === undefined
          ? "does not say that it is ours"
          : `is of node ${found.nodeId} of installation ${found.installation ?? "none"}`;
      throw directoryFailure(
        "AdNameTaken",
        `"${found.dn}" has the name of node ${nodeId} and ${owner}; it is left alone`,
      );
    }
    if (makingIn(found.description) === makingOf(wanted)) return found;
    const changes = [
      passwordOf(wanted),
      new Attribute({ type: "userAccountControl", values: [workstationTrust] }),
      new Attribute({ type: "description", values: [markOf(wanted)] }),
    ].map((modification) => new Change({ operation: "replace", modification }));
    try {
      await this.session.client.modify(found.dn, changes);
    } catch (error) {
      throw failureOf(error, this.asked("modify", found.dn, parentOf(found.dn)));
    }
    return { ...found, description: markOf(wanted) };
  }

  private asked(operation: Asked["operation"], subject: string, computerOu?: string): Asked {
    const { controller } = this.session;
    return { operation, subject, controller, ...(computerOu === undefined ? {} : { computerOu }) };
  }
}

/** Names of computers in the domain end so. */
function accountNameOf(nodeId: string): string {
  return `${nodeId.toUpperCase()}$`;
}

function dnOf({ identity, computerOu }: Pick<WantedRecord, "identity" | "computerOu">): string {
  return `CN=${escapedValue(identity.nodeId)},${computerOu}`;
}

/** Without its first part, for sentences. */
function parentOf(dn: string): string {
  return dn.replace(/^(?:\\.|[^\\,])*,/, "");
}

/** In UTF-16 and in quotes, as Active Directory wants it. */
function passwordOf({ joinPassword }: Pick<WantedRecord, "joinPassword">): Attribute {
  return new Attribute({ type: "unicodePwd", values: [Buffer.from(`"${joinPassword}"`, "utf16le")] });
}

function markOf(wanted: WantedRecord): string {
  return `${description.write(wanted.identity)} ${makingKey}=${makingOf(wanted)}`;
}

/** A node's password is made once, at its birth: a record with another one is of an earlier making. It does not tell the password. */
function makingOf({ joinPassword }: Pick<WantedRecord, "joinPassword">): string {
  return createHash("sha256").update(`${makingKey} ${joinPassword}`).digest("hex").slice(0, 12);
}

function makingIn(text: string): string | undefined {
  return new RegExp(`(?:^| )${makingKey}=(\\w+)`).exec(text)?.[1];
}

function recordOf(entry: Entry): FoundRecord {
  const text = [entry["description"] ?? []].flat().map(String).join("\n");
  const guid = [entry["objectGUID"] ?? []].flat()[0];
  const { nodeId, installation } = description.read(text);
  return {
    dn: entry.dn,
    guid: Buffer.isBuffer(guid) ? guid.toString("hex") : "",
    description: text,
    nodeId,
    installation,
  };
}
