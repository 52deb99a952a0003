import type { Scenario } from "../notation";
import { basics } from "./basics";
import { failures } from "./failures";
import { handovers } from "./handovers";
import { hooks } from "./hooks";
import { interruptions } from "./interruptions";
import { operations } from "./operations";
import { programs } from "./programs";
import { providers } from "./providers";
import { replacements } from "./replacements";
import { structure } from "./structure";
import { values } from "./values";

/** All scenarios of the suite, the slowest kinds first so that they overlap with the rest. */
export const scenarios: readonly Scenario[] = [
  ...interruptions,
  ...handovers,
  ...programs,
  ...basics,
  ...operations,
  ...failures,
  ...hooks,
  ...structure,
  ...replacements,
  ...providers,
  ...values,
];
