/** Bodies about API keys. */
import { z } from "zod";
import { nameSchema } from "../model/config";
import { apiScopes } from "../model/state";

export const createApiKeySchema = z.strictObject({ name: nameSchema, scope: z.enum(apiScopes) });
export const nameParamsSchema = z.strictObject({ name: nameSchema });
export const createdApiKeySchema = z.strictObject({
  name: z.string(),
  scope: z.enum(apiScopes),
  /** Shown this once; only its hash is kept. */
  key: z.string(),
});
export const apiKeysSchema = z.strictObject({
  apiKeys: z.array(z.strictObject({ name: z.string(), scope: z.enum(apiScopes), createdAtMs: z.int().min(0) })),
});

export type CreatedApiKey = z.output<typeof createdApiKeySchema>;
