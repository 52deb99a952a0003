/** Whether budgets and prices fit together; nothing of it is refused, since either may be declared first. */
import { describeScope, isInScope, type Budget } from "./budget";
import { vmProvidersOf, type VmProviderConfig } from "./config";
import type { Declared } from "./declared";
import type { Problem } from "./errors";
import { currenciesOf } from "./node-cost";

/** What of a budget's scope it can't count, for whoever previews and for `headroom budgets`. */
export function budgetWarnings(
  budget: Budget,
  declared: Pick<Declared, "autoscaleConfig" | "vmProviderConfig">,
): Problem[] {
  const inScope = vmProvidersInScope(budget, declared);
  const isPriced = ({ hourlyCost }: VmProviderConfig): boolean => hourlyCost !== undefined;
  const priced = inScope.filter(isPriced);
  if (priced.length === 0) {
    const names = inScope.map(({ name }) => `"${name}"`).join(", ");
    const why = names === "" ? "no autoscale config is in it" : `hourlyCost is not set on VM provider config ${names}`;
    const message = `nothing in its scope (${describeScope(budget)}) has a price: ${why}; it counts nothing and is never reached`;
    return [{ path: "amount", message }];
  }
  const foreign = priced.filter(({ currency }) => currency !== budget.currency);
  const warnings: Problem[] = foreign.map(({ name, currency }) => ({
    path: "currency",
    message: `is ${shown(budget.currency)}; VM provider config "${name}" is priced in ${shown(currency)}, which is not counted`,
  }));
  const unpriced = inScope.filter((provider) => !isPriced(provider)).map(({ name }) => `"${name}"`);
  if (unpriced.length === 0) return warnings;
  const message = `VM provider config ${unpriced.join(", ")} in its scope has no hourlyCost: its nodes are not counted`;
  return [...warnings, { path: "amount", message }];
}

/** What a price leaves uncounted: budgets that count this VM provider config in another currency, or that it has none for. */
export function priceWarnings(vmProvider: VmProviderConfig, declared: Declared): Problem[] {
  const [currency] = currenciesOf([vmProvider]);
  return [...declared.budget.values()].flatMap((budget): Problem[] => {
    if (!vmProvidersInScope(budget, declared).some(({ name }) => name === vmProvider.name)) return [];
    const name = `budget "${budget.name}"`;
    if (currency === undefined) {
      return [{ path: "hourlyCost", message: `is not set: ${name} can't count its nodes` }];
    }
    if (currency === (budget.currency ?? "")) return [];
    const message = `is ${shown(vmProvider.currency)}; ${name} is in ${shown(budget.currency)} and does not count it`;
    return [{ path: "currency", message }];
  });
}

/** By name. */
function vmProvidersInScope(
  budget: Budget,
  { autoscaleConfig, vmProviderConfig }: Pick<Declared, "autoscaleConfig" | "vmProviderConfig">,
): VmProviderConfig[] {
  const names = new Set<string>();
  for (const config of autoscaleConfig.values()) {
    for (const vmProvider of vmProvidersOf(config)) {
      if (isInScope(budget, { ...config, autoscaleConfig: config.name, vmProvider })) names.add(vmProvider);
    }
  }
  return [...names].sort().flatMap((name) => vmProviderConfig.get(name) ?? []);
}

function shown(currency: string | undefined): string {
  return currency ?? "no named currency";
}
