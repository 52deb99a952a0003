/** A report that stands alone in a file: it has its run in it, and asks nobody. */
import { signal } from "@preact/signals";
import { render } from "preact";
import type { SimulationResult } from "../../runtime/simulate/result";
import { Report } from "./report";

const dark = matchMedia("(prefers-color-scheme: dark)");
const look = signal<"light" | "dark">("light");
function follow(): void {
  look.value = dark.matches ? "dark" : "light";
  document.documentElement.dataset["theme"] = look.value;
}
dark.addEventListener("change", follow);
follow();

const result = JSON.parse(document.getElementById("run")!.textContent) as SimulationResult;
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

function Shown() {
  return <Report result={result} timeZone={timeZone} look={look.value} />;
}
render(<Shown />, document.getElementById("report")!);
