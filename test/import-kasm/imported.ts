/** Files of Kasm's as they are kept for tests, and what is made of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importKasm, type Import } from "../../runtime/import-kasm/import-kasm";
import type { DayNumbers } from "../../runtime/import-kasm/convert";

const folder = join(__dirname, "..", "..", "..", "test", "import-kasm", "files");

/** Names without their ending. */
export const fixtures: readonly string[] = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ""));

export function pathOf(fixture: string): string {
  return join(folder, `${fixture}.yaml`);
}

export function textOf(fixture: string): string {
  return readFileSync(pathOf(fixture), "utf8");
}

export function importText(text: string, dayNumbers?: DayNumbers): Import {
  return importKasm(Buffer.from(text), { file: "export_data.yaml", dayNumbers });
}

export function imported(fixture: string, dayNumbers?: DayNumbers): Import {
  return importText(textOf(fixture), dayNumbers);
}

export function programOf({ files }: Import): string {
  return files.get("index.ts")!;
}

/** Everything that is written, as one text. */
export function everything({ files }: Import): string {
  return [...files].map(([file, text]) => `${file}\n${text}`).join("\n");
}

/** Secrets that the kept files hold. */
export const secrets: readonly string[] = [
  "AKIAOFTHESCHOOL00001",
  "very-secret-of-the-school-0001",
  "MIIEpAIBAAKCAQEAthisIsTheSchoolsPrivateKeyAndNobodysElse",
  "11111111-2222-3333-4444-555555555555",
  "AKIAOFTHERECORDS0001",
  "Sch00l-Passw0rd!",
  "ldap-password-of-the-school",
  "dop_v1_0123456789abcdef0123456789abcdef",
  "the-secret-of-nutanix-0001",
  "5f4dcc3b5aa765d61d8327deb882cf99",
];
