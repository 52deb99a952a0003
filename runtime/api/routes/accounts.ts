/** Whether each account can still make a VM. */
import { vmProvidersOf } from "../../model/config";
import { circuitOf } from "../../planner/lifecycle/failures";
import { accountsSchema, type AccountsView } from "../account-contracts";
import type { Leader } from "../backend";
import { viewAccounts, viewDirectories } from "../explain/account";
import { route, type Route } from "../route";
import { viewOrphans } from "./orphans";

type AccountDetail = AccountsView["accounts"][number];

const list = route({
  method: "get",
  path: "/api/v1/accounts",
  access: "viewer",
  summary: "Each VM provider config: what its cloud said, its instances, circuits and sweeps; what directories said",
  responses: { 200: accountsSchema },
  async handle(_input, context) {
    const leader = context.leader();
    const accounts = viewAccounts(leader).map((account) => ({ ...account, ...detailsOf(account.vmProvider, leader) }));
    return { status: 200, body: { nowMs: leader.clock.now(), accounts, directories: viewDirectories(leader) } };
  },
});

type Details = Omit<AccountDetail, keyof ReturnType<typeof viewAccounts>[number]>;

function detailsOf(vmProvider: string, { ledger, clock, work }: Leader): Details {
  const { state } = ledger;
  const { maxInstances, hourlyCost } = state.vmProviderConfigs.get(vmProvider)!;
  const configs = [...state.autoscaleConfigs.values()].filter((config) => vmProvidersOf(config).includes(vmProvider));
  const circuits = configs.flatMap(({ name }) => {
    const failures = state.configStates.get(name)?.failures?.[vmProvider];
    return failures ? [{ autoscaleConfig: name, circuit: circuitOf(failures, clock.now()), ...failures }] : [];
  });
  const lastReadyAtMs = Math.max(
    ...[...state.nodes.values()].map((node) => (node.vmProvider === vmProvider ? (node.runningSinceMs ?? -1) : -1)),
    -1,
  );
  const swept = (work?.sweeps() ?? [])
    .filter(({ definition }) => definition === vmProvider)
    .map((each) => each.sweptAtMs);
  const isSwept = swept.length > 0 && swept.every((atMs) => atMs !== undefined);
  return {
    ...{
      instances: state.instancesOf(vmProvider),
      maxInstances,
      configs: configs.map(({ name }) => name).sort(),
      circuits,
    },
    ...(hourlyCost === undefined ? {} : { hourlyCost }),
    ...(lastReadyAtMs < 0 ? {} : { lastReadyAtMs }),
    ...(isSwept ? { sweptAtMs: Math.min(...swept.map((atMs) => atMs ?? 0)) } : {}),
    orphans: viewOrphans(state).filter((orphan) => orphan.vmProvider === vmProvider && !orphan.isComputerRecord).length,
  };
}

export const accountRoutes: readonly Route[] = [list];
