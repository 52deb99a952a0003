/** Why an autoscale config has the nodes it has, and what holds it back. */
import type { ExplanationView } from "../../runtime/api/contracts";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { linkTo } from "../model/place";
import { Answered } from "../parts/answered";
import { Explained } from "../parts/explained";
import { HistoryChart } from "../parts/history-chart";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";
import { Moment } from "../parts/time";
import { Waits } from "../parts/waits";

export function ConfigPage({ id }: { id: string }) {
  const { live } = useApp();
  const reading = useAnswer<ExplanationView>(`/api/v1/explain/config/${encodeURIComponent(id)}`, {
    topics: ["node", "session", "definition"],
    everyMs: 5_000,
  });
  const present = live.status.value?.configs.find(({ autoscaleConfig }) => autoscaleConfig === id);
  return (
    <PageFrame title={`Autoscale config ${id}`} question={reading.body?.summary}>
      {present && (
        <p>
          <a class="chip" href={linkTo("pools", present.pool, { config: id })}>
            Its nodes
          </a>
          <a class="chip" href={linkTo("schedules", undefined, { config: id })}>
            Its schedules
          </a>
          <a class="chip" href={linkTo("decisions", undefined, { config: id })}>
            What it decided
          </a>
        </p>
      )}
      {present?.failures.map(({ vmProvider, circuit, retryAtMs, last }) => (
        <p key={vmProvider} class="refusal">
          Circuit of {vmProvider}: <StateMark state={circuit} />. {last.message}. It tries again at{" "}
          <Moment atMs={retryAtMs} />.
        </p>
      ))}
      <Answered reading={reading}>{(explanation) => <Explained explanation={explanation} />}</Answered>
      <Waits config={id} />
      <HistoryChart of={{ config: id }} label="Capacity" />
    </PageFrame>
  );
}
