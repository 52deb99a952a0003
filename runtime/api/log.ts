/** Structured logs: one JSON object per line, constant messages, and nothing secret whatever is handed in. */
import pino, { type DestinationStream, type Logger } from "pino";
import { visibleJson } from "../model/visible-text";

export const logLevels = ["fatal", "error", "warn", "info", "debug", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Fields that never appear, at the top and one level down. */
const secretFields = [
  "apiKey",
  "adminKey",
  "authorization",
  "connectionString",
  "key",
  "passphrase",
  "password",
  "query",
  "secret",
  "settings",
  "startupScript",
  "token",
];

export function createLogger(options: { level: LogLevel; destination?: DestinationStream }): Logger {
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: "[secret]" },
    },
    // People read logs in a terminal, too.
    { write: (line) => void destination.write(visibleJson(line)) },
  );
}
