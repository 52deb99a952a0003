/**
 * `headroom:directory:ComputerRecord`: the computer record of one node in Active Directory. It is there before the VM, whose
 * script joins by its password, and goes after it. Its id is the node's: so it is found again after a crash, whatever is
 * known of it. How to get into the directory comes with the plugin's configuration, which is always that of now.
 */
import { computerRecordType } from "../../runtime/executor/stack-state";
import { ConfigError } from "../../runtime/model/errors";
import { checkWithUnknowns, unknownOutputs } from "../local-vm/kernel-checks";
import type { KernelContext, Properties, ResourceKernel } from "../resource-kernel";
import { parseAccess, type DirectoryAccess } from "./access";
import { computerRecordInputsSchema } from "./computer-record-inputs";
import { ldapCodeOf } from "./failures";
import { LoginRefusals } from "./login-refusals";
import { Records, type FoundRecord } from "./records";
import { Sessions } from "./session";

const outputNames = [...Object.keys(computerRecordInputsSchema.shape), "dn", "guid", "controller"];

export interface KernelOptions {
  readonly sessions: Sessions;
}

/** Of one process; its connections end with it. */
export function createComputerRecordKernel(
  { sessions }: KernelOptions = { sessions: new Sessions({ refusals: new LoginRefusals(), now: () => Date.now() }) },
): ResourceKernel {
  async function ensure(properties: Properties, context: KernelContext): Promise<Properties> {
    const inputs = computerRecordInputsSchema.parse(properties);
    const { computerOu, joinPassword, nodeId, installation, zone, pool, config } = inputs;
    const identity = { nodeId, zone, pool, config, ...(installation === undefined ? {} : { installation }) };
    const access = accessIn(context);
    const { record, controller } = await again(sessions, access, undefined, (records) =>
      records.ensure({ identity, computerOu, joinPassword }),
    );
    context.log?.(`computer record ${record.dn}`);
    return { ...inputs, dn: record.dn, guid: record.guid, controller };
  }

  return {
    type: computerRecordType,
    secretInputs: ["joinPassword"],
    check: async (news) => checkWithUnknowns(computerRecordInputsSchema, news),
    // One that a recovery wrote into the state without asking the directory has no inputs there: it is looked after.
    diff: async (_id, olds) => ({ changes: olds["nodeId"] === undefined, replaces: [] }),
    async create(properties, context) {
      if (context.isPreview) return { id: "", outputs: unknownOutputs(properties, outputNames) };
      return { id: String(properties["nodeId"]), outputs: await ensure(properties, context) };
    },
    async read(id, olds, context) {
      const found = await findOwn(sessions, id, olds, context);
      if (found === undefined) return undefined;
      const { dn, guid, nodeId, installation } = found.record;
      const outputs = { ...olds, nodeId, dn, guid, ...(installation === undefined ? {} : { installation }) };
      return { id, inputs: olds, outputs };
    },
    async update(_id, olds, news, context) {
      if (context.isPreview) return { outputs: unknownOutputs(news, outputNames) };
      return { outputs: olds["nodeId"] === undefined || olds["dn"] === undefined ? await ensure(news, context) : olds };
    },
    async delete(id, olds, context) {
      const found = await findOwn(sessions, id, olds, context);
      if (found === undefined) return;
      await found.records.delete(found.record, olds["deletesChildren"] === true);
    },
  };
}

/** The node's record, if it is still ours; asked of the controller that made it, where that is one of the directory's. */
async function findOwn(
  sessions: Sessions,
  nodeId: string,
  olds: Properties,
  context: KernelContext,
): Promise<{ readonly record: FoundRecord; readonly records: Records } | undefined> {
  const access = accessIn(context);
  const { guid, installation, controller } = olds;
  const pinned = access.urls.find((url) => url === controller);
  const { record, records } = await again(sessions, access, pinned, (session) =>
    session.find(nodeId, typeof guid === "string" && guid !== "" ? guid : undefined),
  );
  if (record === undefined) return undefined;
  // One that nobody has stands in a state by its id alone.
  const isOurs = installation === record.installation || olds["nodeId"] === undefined;
  if (record.nodeId === nodeId && isOurs) return { record, records };
  context.warn?.(`"${record.dn}" does not say any more that it is of node ${nodeId}; it is left alone`);
  return undefined;
}

/**
 * Once more on a new connection, to the same controller, when the first one was lost: what was asked may have been done, and
 * another controller may not know it yet.
 */
async function again<T>(
  sessions: Sessions,
  access: DirectoryAccess,
  pinned: string | undefined,
  work: (records: Records) => Promise<T>,
): Promise<{ readonly record: T; readonly records: Records; readonly controller: string }> {
  const first = await sessions.get(access, pinned);
  const records = new Records(first, access);
  try {
    return { record: await first.turns.take(() => work(records)), records, controller: first.controller };
  } catch (error) {
    if (!isLost(error)) throw error;
    sessions.drop(first);
    const second = await sessions.get(access, first.controller);
    const others = new Records(second, access);
    const record = await second.turns.take(() => work(others));
    return { record, records: others, controller: second.controller };
  }
}

function isLost(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  return cause !== undefined && ldapCodeOf(cause) === undefined;
}

function accessIn({ directory }: KernelContext): DirectoryAccess {
  if (directory === undefined) {
    throw new ConfigError("a computer record needs a Pulumi provider with the settings of its directory");
  }
  return parseAccess(JSON.parse(directory), "the settings of the directory");
}
