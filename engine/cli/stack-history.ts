/**
 * `stack history --json`: the operations that a stack has seen, newest first. The Automation API asks for the newest
 * after each of its own.
 */
import { NotSupported } from "../failure";
import { StackConfig } from "../stack/project";
import { Crypter } from "../stack/secrets";
import { parseArgs } from "./args";
import { openStack } from "./context";
import { printJson } from "./output";

/** What is read of an entry; the rest is shown as it is. */
interface HistoryEntry {
  /** In seconds since 1970. */
  startTime: number;
  endTime: number;
  config?: Record<string, StoredValue>;
}
/** Plain text, a secret, or an object. */
type StoredValue = string | { value?: string; secure?: string | boolean };

const pageSizeDefault = 10;

export async function history(args: string[]): Promise<void> {
  const parsed = parseArgs(args, {
    stack: "value",
    json: "switch",
    "show-secrets": "switch",
    "page-size": "value",
    page: "value",
  });
  if (!parsed.isOn("json")) throw new NotSupported('the command "stack history" without --json');
  const { backend, project, name } = openStack(parsed.value("stack"));
  const size = Number(parsed.value("page-size") ?? pageSizeDefault);
  const start = (Math.max(1, Number(parsed.value("page") ?? 1)) - 1) * size;
  const chosen = (backend.history(name) as HistoryEntry[]).slice(start, start + size);
  const { salt } = StackConfig.read(project, name.stack);
  const isAsked = parsed.isOn("show-secrets") && chosen.some(({ config = {} }) => Object.values(config).some(isSecret));
  const crypter = isAsked && salt !== undefined ? new Crypter(salt) : undefined;
  await crypter?.unlock();
  printJson(
    chosen.map((entry) => ({
      ...entry,
      startTime: new Date(entry.startTime * 1000).toISOString(),
      config: Object.fromEntries(
        Object.entries(entry.config ?? {}).map(([key, value]) => [key, shownValue(value, crypter)]),
      ),
      endTime: new Date(entry.endTime * 1000).toISOString(),
    })),
  );
}

function isSecret(value: StoredValue): value is { secure: string } {
  return typeof value === "object" && typeof value.secure === "string";
}

function shownValue(value: StoredValue, crypter: Crypter | undefined): object {
  if (isSecret(value)) return crypter ? { value: crypter.decrypt(value.secure), secret: true } : { secret: true };
  return { value: typeof value === "string" ? value : (value.value ?? JSON.stringify(value)), secret: false };
}
