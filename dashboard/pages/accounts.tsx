/** Can each account still make a VM? */
import type { AccountView } from "../../runtime/api/account-contracts";
import { useAnswer } from "../data/use-answer";
import { formatNumber } from "../model/clock-text";
import { linkTo } from "../model/place";
import { Answered, Empty } from "../parts/answered";
import { Bar } from "../parts/bar";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";
import { Table, type Column } from "../parts/table";
import { Moment } from "../parts/time";

type Account = AccountView & {
  readonly instances?: number;
  readonly maxInstances?: number;
  readonly hourlyCost?: number;
  readonly lastReadyAtMs?: number;
  readonly circuits?: readonly {
    readonly autoscaleConfig: string;
    readonly circuit: string;
    readonly retryAtMs: number;
  }[];
};

export function AccountsPage() {
  const reading = useAnswer<{ accounts: readonly Account[] }>("/api/v1/accounts", {
    topics: ["node", "definition"],
    everyMs: 10_000,
  });
  return (
    <PageFrame title="Accounts" question="Can each account still make a VM?">
      <section class="card">
        <h2>VM provider configs</h2>
        <Answered reading={reading}>
          {({ accounts }) =>
            accounts.length === 0 ? (
              <Empty>No VM provider config is declared yet.</Empty>
            ) : (
              <Table caption="Accounts" items={accounts} columns={columns} keyOf={({ vmProvider }) => vmProvider} />
            )
          }
        </Answered>
      </section>
    </PageFrame>
  );
}

const columns: readonly Column<Account>[] = [
  { title: "Check", cell: ({ state }) => <StateMark state={state} /> },
  {
    title: "VM provider config",
    cell: ({ vmProvider }) => <a href={linkTo("nodes", undefined, { vmProvider })}>{vmProvider}</a>,
  },
  { title: "Kind", cell: ({ kind }) => kind },
  {
    title: "VMs",
    cell: ({ instances, maxInstances }) =>
      instances === undefined || maxInstances === undefined ? (
        "–"
      ) : (
        <span class="with-bar">
          {instances} of {maxInstances}
          <Bar value={instances} max={maxInstances} label={`${instances} of ${maxInstances} VMs`} />
        </span>
      ),
  },
  { title: "One costs per hour", isNumber: true, cell: ({ hourlyCost }) => formatNumber(hourlyCost) },
  {
    title: "Last VM ready",
    cell: ({ lastReadyAtMs }) => (lastReadyAtMs === undefined ? "–" : <Moment atMs={lastReadyAtMs} />),
  },
  {
    title: "Asked",
    cell: ({ checkedAtMs }) => (checkedAtMs === undefined ? "not yet" : <Moment atMs={checkedAtMs} />),
  },
  { title: "Account", cell: ({ owner, principal }) => (owner === undefined ? "–" : `${owner} as ${principal ?? "?"}`) },
  {
    title: "What is wrong",
    isWide: true,
    cell: ({ troubles, unchecked, circuits = [] }) => (
      <>
        {troubles.map((text) => (
          <p key={text}>{text}</p>
        ))}
        {circuits
          .filter(({ circuit }) => circuit !== "closed")
          .map(({ autoscaleConfig, circuit, retryAtMs }) => (
            <p key={autoscaleConfig}>
              Circuit of <a href={linkTo("configs", autoscaleConfig)}>{autoscaleConfig}</a>:{" "}
              <StateMark state={circuit} />, next try <Moment atMs={retryAtMs} />
            </p>
          ))}
        {unchecked.map((text) => (
          <p key={text} class="quiet">
            {text}
          </p>
        ))}
      </>
    ),
  },
];
