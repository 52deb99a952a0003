/** The dashboard: begins here. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { App, AppContext, useApp } from "./data/app";
import { Frame } from "./parts/frame";
import { AccountsPage } from "./pages/accounts";
import { ConfigPage } from "./pages/config";
import { CostPage } from "./pages/cost";
import { DecisionsPage } from "./pages/decisions";
import { LanePage } from "./pages/lane";
import { LanesPage } from "./pages/lanes";
import { NodePage } from "./pages/node";
import { NodesPage } from "./pages/nodes";
import { OrphansPage } from "./pages/orphans";
import { OverviewPage } from "./pages/overview";
import { QueuePage } from "./pages/queue";
import { SchedulesPage } from "./pages/schedules";
import { SessionPage } from "./pages/session";
import { SignInPage } from "./pages/sign-in";
import { StagingPage } from "./pages/staging";

function Dashboard() {
  const who = useApp().who.value;
  if (who.kind === "asking") return <p class="empty">Asking the runtime …</p>;
  if (who.kind === "out") return <SignInPage message={who.message} />;
  return (
    <Frame>
      <Shown />
    </Frame>
  );
}

/** Each thing has a page of its own: the key keeps one's numbers from being shown as another's. */
function Shown() {
  const { page, id = "", filters } = useApp().place.value;
  switch (page) {
    case "overview":
      return <OverviewPage />;
    case "pools":
      return <NodesPage key={id} pool={id} filters={filters} />;
    case "nodes":
      return id === "" ? <NodesPage filters={filters} /> : <NodePage key={id} id={id} />;
    case "configs":
      return <ConfigPage key={id} id={id} />;
    case "staging":
      return <StagingPage key={id} id={id} />;
    case "sessions":
      return <SessionPage key={id} id={id} />;
    case "queue":
      return <QueuePage />;
    case "schedules":
      return <SchedulesPage filters={filters} />;
    case "decisions":
      return <DecisionsPage filters={filters} />;
    case "lanes":
      return id === "" ? <LanesPage /> : <LanePage key={id} id={id} filters={filters} />;
    case "accounts":
      return <AccountsPage />;
    case "orphans":
      return <OrphansPage />;
    case "cost":
      return <CostPage />;
    default: {
      const never: never = page;
      return never;
    }
  }
}

const app = new App();
effect(() => {
  document.documentElement.dataset["theme"] = app.settings.look.value;
});
history.replaceState("first", "");
app.start();
render(
  <AppContext.Provider value={app}>
    <Dashboard />
  </AppContext.Provider>,
  document.getElementById("app")!,
);
