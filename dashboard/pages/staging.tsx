/** Why a staging config has the sessions it has. */
import type { ExplanationView } from "../../runtime/api/contracts";
import { useAnswer } from "../data/use-answer";
import { Answered } from "../parts/answered";
import { Explained } from "../parts/explained";
import { PageFrame } from "../parts/page";

export function StagingPage({ id }: { id: string }) {
  const reading = useAnswer<ExplanationView>(`/api/v1/explain/staging/${encodeURIComponent(id)}`, {
    topics: ["session", "definition"],
    everyMs: 5_000,
  });
  return (
    <PageFrame title={`Staging config ${id}`} question={reading.body?.summary}>
      <Answered reading={reading}>{(explanation) => <Explained explanation={explanation} />}</Answered>
    </PageFrame>
  );
}
