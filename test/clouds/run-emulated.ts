/** An emulated cloud, running for a suite. */
import type { EmulatedUnderTest, RunningEmulation } from "./cloud-under-test";
import type { Emulation } from "./emulation";

export async function runEmulated<E extends Emulation>(
  { emulate, refusals }: Pick<EmulatedUnderTest<E>, "emulate" | "refusals">,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningEmulation<E>> {
  const emulation = emulate();
  const { cloud } = emulation;
  await cloud.listen();
  return {
    emulation,
    environment: { ...environment, PULUMI_DEBUG_PROVIDERS: cloud.debugProvider },
    vms: () => emulation.vms(),
    records: () => emulation.records(),
    leftovers: () => emulation.leftovers(),
    violations: () => emulation.violations,
    ...(emulation.zones && { zones: emulation.zones }),
    refuse: (failureClass, node) => {
      cloud.refuseNode(node.nodeId, refusals[failureClass]);
      return node;
    },
    loseAnswer: (node) => {
      cloud.loseAnswerOf(node.nodeId);
      return node;
    },
    close: async () => cloud.close(),
  };
}
