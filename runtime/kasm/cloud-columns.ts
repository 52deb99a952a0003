/** What the VM provider configs of all of Kasm's clouds have. */
import { alias, not, to, type Column, type Table } from "./table";

export const startupScript: Column = to("startupScript.text", "text", "Startup Script", {
  note: "of the autoscale configs that use it; the variables and doubled braces are the same",
});

export const common: Table["columns"] = {
  config_id: not("only refers to the row; names refer here", "", { form: "id" }),
  config_name: to("name", "name", "Name", { note: "lower-case letters, digits and dashes" }),
  name: alias("name", "name"),
  max_instances: to("maxInstances", "count", "Max Instances", {
    note: "over all autoscale configs that use it; required, and never exceeded",
    example: 10,
  }),
  startup_script: startupScript,
};

export const vmDefaults = { target: "vmProviderConfig", id: "config_id", label: "config_name" } as const;
