/** What the engine of a lane's last update wrote, its end. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useAnswer } from "../data/use-answer";
import { Answered, Empty } from "./answered";
import { Moment } from "./time";

interface OutputView {
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly modifiedAtMs: number }[];
  readonly text?: string;
  readonly isCut?: boolean;
}

interface Props {
  readonly laneId: string;
  /** Lines that tell of it stand out. */
  readonly nodeId?: string;
  /** Of the update that is shown first; absent = the newest. */
  readonly revision?: string;
}

export function EngineOutput({ laneId, nodeId, revision }: Props) {
  const isOpen = useSignal(nodeId === undefined);
  return (
    <section class="card">
      <h2>Engine output</h2>
      <details open={isOpen.value} onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
        <summary>
          Of {revision === undefined ? "the newest update" : `revision ${revision}`} of lane {laneId}
        </summary>
        {isOpen.value && (
          <Output
            laneId={laneId}
            {...(nodeId === undefined ? {} : { nodeId })}
            {...(revision === undefined ? {} : { revision })}
          />
        )}
      </details>
    </section>
  );
}

function Output({ laneId, nodeId, revision }: Props) {
  const file = useSignal<string | undefined>(undefined);
  const query = file.value === undefined ? "" : `?file=${encodeURIComponent(file.value)}`;
  const reading = useAnswer<OutputView>(`/api/v1/lanes/${encodeURIComponent(laneId)}/output${query}`, {
    topics: ["lane"],
    everyMs: 5_000,
  });
  const files = reading.body?.files ?? [];
  useEffect(() => {
    if (revision === undefined || file.value !== undefined) return;
    // Names say the revision: `00000007-r12-up.log`.
    file.value = files.findLast(({ name }) => name.includes(`-r${revision}-`))?.name;
  }, [files.length]);
  const isGone = revision !== undefined && files.length > 0 && file.value === undefined;
  return (
    <Answered reading={reading}>
      {({ files, text, isCut }) => (
        <>
          {files.length > 1 && (
            <label>
              Update{" "}
              <select
                value={file.value ?? files.at(-1)!.name}
                onChange={(event) => (file.value = event.currentTarget.value)}
              >
                {files.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
          )}
          {isGone && <Empty>What revision {revision} wrote is not kept any more; this is the newest.</Empty>}
          {text === undefined ? (
            <Empty>Its output is not on the machine that answers.</Empty>
          ) : (
            <>
              {isCut && <p class="quiet">Only its end.</p>}
              <pre tabIndex={0} aria-label={`Output of lane ${laneId}`}>
                {marked(text, nodeId)}
              </pre>
            </>
          )}
          {files.length > 0 && (
            <p class="quiet">
              Written <Moment atMs={files.at(-1)!.modifiedAtMs} />
            </p>
          )}
        </>
      )}
    </Answered>
  );
}

/** Lines that tell of the node stand out. */
function marked(text: string, nodeId: string | undefined) {
  if (nodeId === undefined || !text.includes(nodeId)) return text;
  return text
    .split("\n")
    .map((line, index) => (line.includes(nodeId) ? <mark key={index}>{`${line}\n`}</mark> : `${line}\n`));
}
