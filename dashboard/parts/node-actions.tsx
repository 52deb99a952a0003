/** What an operator may do with a node; whoever may not, is not offered it. */
import { useSignal } from "@preact/signals";
import type { NodeView } from "../../runtime/api/contracts";
import { useApp } from "../data/app";
import { formatCount } from "../model/clock-text";
import { Confirm } from "./confirm";

type Action = "drain" | "delete" | "forget";

const texts: Readonly<Record<Action, { title: string; verb: string; text: (sessions: string) => string }>> = {
  drain: {
    title: "Drain this node?",
    verb: "Drain it",
    text: (sessions) =>
      `It takes no new session and stays, with its ${sessions}, until it is undrained or deleted. That can be undone.`,
  },
  delete: {
    title: "Delete this node?",
    verb: "Delete it",
    text: (sessions) =>
      `It takes no new session, and its VM is destroyed when its ${sessions} have ended. While it drains that can be undone.`,
  },
  forget: {
    title: "Give this node up?",
    verb: "Give it up",
    text: (sessions) =>
      `Its row goes and its ${sessions} end at once; its cloud is asked nothing. That can't be undone.`,
  },
};

/** Statuses in which a node may be drained; later ones already leave. */
const drainable: ReadonlySet<string> = new Set(["requested", "provisioning", "starting", "running", "missing"]);

export function NodeActions({ node }: { node: NodeView }) {
  const app = useApp();
  const asked = useSignal<Action | undefined>(undefined);
  if (!app.mayOperate) return null;
  const { nodeId, status, sessions } = node;
  const path = `/api/v1/nodes/${encodeURIComponent(nodeId)}`;
  const undrain = async (): Promise<void> => {
    await app.act(`${path}/undrain`, { method: "POST" }, { text: `Node ${nodeId} takes sessions again.` });
  };
  const doIt = async (action: Action): Promise<void> => {
    asked.value = undefined;
    if (action === "drain") {
      await app.act(`${path}/drain`, { method: "POST" }, { text: `Node ${nodeId} drains.`, undo: undrain });
    } else if (action === "delete") {
      await app.act(path, { method: "DELETE" }, { text: `Node ${nodeId} drains, and then goes.`, undo: undrain });
    } else {
      const body = { force: true };
      await app.act(`${path}/forget`, { method: "POST", body }, { text: `Node ${nodeId} is given up.` });
    }
  };
  const ask = (action: Action) => (
    <button type="button" onClick={() => (asked.value = action)}>
      {texts[action].verb.replace(" it", "")} …
    </button>
  );
  return (
    <div class="buttons">
      {drainable.has(status) && ask("drain")}
      {status === "draining" && (
        <button type="button" onClick={() => void undrain()}>
          Undrain
        </button>
      )}
      {status !== "destroying" && ask("delete")}
      {["missing", "dead", "failed", "destroying"].includes(status) && ask("forget")}
      {asked.value && (
        <Confirm
          title={texts[asked.value].title}
          verb={texts[asked.value].verb}
          onNo={() => (asked.value = undefined)}
          onYes={() => void doIt(asked.value!)}
        >
          <p>
            <code>{nodeId}</code>: {texts[asked.value].text(formatCount(sessions.length, "session"))}
          </p>
        </Confirm>
      )}
    </div>
  );
}
