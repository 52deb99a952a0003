/** What compilers of users read of the package, as `npm pack` has it made. */
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..", "..", "..");

/** Made once for each build. */
export function makeDeclarations(): void {
  const [made, built] = [join(root, "dist", "components", "index.d.ts"), join(root, "dist", ".built")];
  if (existsSync(made) && statSync(made).mtimeMs > statSync(built).mtimeMs) return;
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [compiler, "-p", "tsconfig.declarations.json"], { cwd: root });
}
