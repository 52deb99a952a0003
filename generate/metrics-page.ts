/** The table of `docs/monitoring.md`: each metric with its type, labels and meaning. */
import { fleetMetrics, processMetrics, type MetricSpec } from "../runtime/metrics/table";

const begin = "<!-- npm run generate: from here -->";
const end = "<!-- npm run generate: to here -->";

/** The page with its table as the metrics are. */
export function withMetricsTable(page: string, file: string): string {
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(
      `${file} needs the lines "${begin}" and "${end}", once each: the table of metrics goes between them`,
    );
  }
  return `${before}${begin}\n\n${table("Each process", processMetrics)}\n\n${table("The leader", fleetMetrics)}\n\n${end}${after}`;
}

function table(title: string, metrics: Readonly<Record<string, MetricSpec>>): string {
  const rows = Object.entries(metrics).map(([name, { type, labels, help, buckets }]) => {
    const bounds = buckets ? `; ${buckets.join(", ")}` : "";
    return `| \`${name}\` | ${type}${bounds} | ${labels.join(", ")} | ${help.replaceAll("|", "\\|")} |`;
  });
  return [`### ${title}\n`, "| metric | type | labels | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
