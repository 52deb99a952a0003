/** The thread that plays one variant, so that several use several cores. Tells how far it is, then the result. */
import { parentPort, workerData } from "node:worker_threads";
import { cloudCatalog } from "../../provider/registry";
import { HeadroomError, messageOf } from "../model/errors";
import { play, type PlayOptions } from "../simulate/player";
import type { VariantResult } from "../simulate/result";

export type VariantWork = Omit<PlayOptions, "catalog" | "onProgress">;

export type VariantMessage =
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "result"; readonly result: VariantResult }
  /** `isOurs`: not what was asked for is wrong, but we. */
  | { readonly kind: "failed"; readonly message: string; readonly isOurs: boolean };

function tell(message: VariantMessage): void {
  parentPort?.postMessage(message);
}

const onProgress = (share: number): void => tell({ kind: "progress", share });
play({ ...(workerData as VariantWork), catalog: cloudCatalog(), onProgress }).then(
  (result) => tell({ kind: "result", result }),
  (error: unknown) => {
    tell({ kind: "failed", message: messageOf(error), isOurs: !(error instanceof HeadroomError) });
  },
);
