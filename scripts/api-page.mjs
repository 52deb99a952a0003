// Puts Swagger UI, of which the page of the API is made, beside the built sources: users of the package do not install it.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const files = ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "LICENSE", "NOTICE"];

export function copyApiPage(root) {
  const target = join(root, "dist", "swagger-ui");
  mkdirSync(target, { recursive: true });
  for (const file of files) copyFileSync(join(root, "node_modules", "swagger-ui-dist", file), join(target, file));
}
