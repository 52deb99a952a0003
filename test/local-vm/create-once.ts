/** Run as a process of its own: creates one VM, says so, then waits to be killed. */
import { localVmKernel } from "../../provider/local-vm/vm-resource";
import { context } from "./support";

void localVmKernel.create(JSON.parse(process.argv[2] ?? "{}") as Record<string, unknown>, context).then(
  ({ outputs }) => {
    process.stdout.write(`${JSON.stringify(outputs)}\n`);
    setInterval(() => undefined, 1000);
  },
  (error: Error) => {
    process.stdout.write(`${JSON.stringify({ error: error.message })}\n`);
    process.exit(1);
  },
);
