/** Bodies about the sign-in of browsers. */
import { z } from "zod";
import { apiScopes } from "../model/state";

export const signInSchema = z.strictObject({
  /** Name of the API key. */
  name: z.string(),
  /** What may be done: of a browser at most `operator`. */
  scope: z.enum(apiScopes),
  /** When the browser has to sign in again; absent = the request came with the key itself. */
  untilMs: z.int().min(0).optional(),
});

export type SignInView = z.output<typeof signInSchema>;
