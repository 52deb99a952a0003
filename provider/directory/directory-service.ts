/** What is asked of a directory about its computer records, in the form in which clouds are asked about their VMs. */
import { computerRecordType } from "../../runtime/executor/stack-state";
import { CloudError, messageOf } from "../../runtime/model/errors";
import type { AccountFinding } from "../../runtime/model/account-check";
import type { AskedService } from "../vm-provider";
import { directoryAccess, directoryAccessSchema, parseAccess } from "./access";
import { LoginRefusals } from "./login-refusals";

/** A record is known by its node's id: that is its id in stacks too. */
export const directoryService: AskedService = {
  ...directoryAccess,
  settings: directoryAccessSchema,
  vmType: computerRecordType,

  async listVms({ installationId }, settings) {
    const records = await withRecords(settings, (all) => all.list(installationId));
    return records.map(({ nodeId, installation }) => ({
      vmId: nodeId ?? "",
      ...(nodeId === undefined ? {} : { nodeId }),
      ...(installation === undefined ? {} : { installation }),
    }));
  },

  async check(settings) {
    try {
      await withRecords(settings, async () => undefined);
      return { findings: [] };
    } catch (error) {
      return { findings: [findingOf(error)] };
    }
  },
};

function findingOf(error: unknown): AccountFinding {
  const text = messageOf(error);
  const isWrong = error instanceof CloudError && error.failureClass === "CONFIG";
  const field = text.startsWith("AdCertificate") ? "tlsCa" : text.startsWith("AdLogin") ? "serviceAccountDn" : "urls";
  return { kind: isWrong ? "wrong" : "passing", field, text };
}

type RecordsModule = typeof import("./records");

async function withRecords<T>(
  settings: unknown,
  work: (records: InstanceType<RecordsModule["Records"]>) => Promise<T>,
): Promise<T> {
  // The client is loaded where a directory is asked, and nowhere else.
  const [{ Records }, { Sessions }] = await Promise.all([import("./records.js"), import("./session.js")]);
  const sessions = new Sessions({ refusals: new LoginRefusals(), now: () => Date.now() });
  try {
    const access = parseAccess(settings, "the settings of the directory");
    return await work(new Records(await sessions.get(access), access));
  } finally {
    await sessions.close();
  }
}
