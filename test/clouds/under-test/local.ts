import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findLocalLeftovers, findLocalVms } from "../../../provider/local-vm/find-local-vms";
import { typeOfAddress } from "../../../provider/frame/dns-names";
import { removeVm } from "../../../provider/local-vm/vm-resource";
import type { DesiredNode } from "../../../runtime/model/state";
import type { CloudUnderTest } from "../cloud-under-test";

/** No plugin of somebody else's stands between: these VMs are real, and make their own trouble by the setting `faults`. */
export const underTest: CloudUnderTest = {
  template: (folder) => ({ root: join(folder, "local"), bootTime: "0s", cores: 1, memory: "1GiB" }),
  credentials: () => ({}),
  dns: { settings: (folder) => ({ root: join(folder, "local") }), baseDomainName: "labs.example.org", zones: [] },
  edit: (template, number) => ({ ...template, cores: 8 + number }),
  sentScript: { linux: (script) => script },

  async start(folder) {
    const root = join(folder, "local");
    const withFaults = (node: DesiredNode, faults: object) => ({ ...node, settings: { ...node.settings, faults } });
    return {
      environment: {},
      vms: () =>
        findLocalVms(root).map(({ nodeId, vmId, address, folder: place }) => ({
          nodeId,
          id: vmId,
          script: readFileSync(join(place, "startup.sh"), "utf8"),
          address: String(address),
        })),
      records: () =>
        findLocalLeftovers(root)
          .filter((what) => what.startsWith("dns/"))
          .map((what) => JSON.parse(readFileSync(join(root, what), "utf8")) as { name: string; address: string }),
      zones: {
        records: () =>
          findLocalLeftovers(root)
            .filter((what) => what.startsWith("dns/"))
            .map((what) => JSON.parse(readFileSync(join(root, what), "utf8")) as LocalRecord)
            .map(({ name, address, ttlSeconds }) => ({
              ...{ name, ttlSeconds, values: [address] },
              type: /^[0-9a-f.:]+$/.test(address) ? typeOfAddress(address) : ("CNAME" as const),
            })),
        makeByHand({ name, values: [address = ""], ttlSeconds }) {
          mkdirSync(join(root, "dns"), { recursive: true });
          const record = { name, address, ttlSeconds, nodeId: "n-foreign", root };
          writeFileSync(join(root, "dns", `${name}.json`), JSON.stringify(record));
        },
      },
      leftovers: () => findLocalLeftovers(root),
      violations: () => [],
      refuse: (refuseClass, node) => withFaults(node, { refuseEvery: 1, refuseClass }),
      loseAnswer: (node) => withFaults(node, { loseAnswerEvery: 1 }),
      close: async () => void (await Promise.all(findLocalVms(root).map(({ vmId }) => removeVm(root, vmId)))),
    };
  },
};

interface LocalRecord {
  readonly name: string;
  readonly address: string;
  readonly ttlSeconds: number;
}
