/** What a computer record is made from, as the node program says it. */
import { z } from "zod";

export const computerRecordInputsSchema = z.strictObject({
  nodeId: z.string(),
  installation: z.string().optional(),
  zone: z.string(),
  pool: z.string(),
  config: z.string(),
  computerOu: z.string(),
  deletesChildren: z.boolean(),
  joinPassword: z.string(),
});
export type ComputerRecordInputs = z.output<typeof computerRecordInputsSchema>;
