/** Values of Kasm's columns as fields here take them: quantities with their unit, times, lists, choices. */
import type { Form } from "../kasm/table";
import { formatDuration, formatMemory, parseMemory } from "../model/units";
import { weekdays, type Weekday } from "../model/schedule";

/** Which day a number means; Kasm does not say. */
export const dayNumbers = ["monday-0", "sunday-0", "monday-1"] as const;
export type DayNumbers = (typeof dayNumbers)[number];

export type Converted =
  | { readonly is: "value"; readonly value: unknown }
  /** It says nothing: null, an empty text, or a zero that means "none". */
  | { readonly is: "nothing" }
  /** Good there, but nobody can say what it is here; why. */
  | { readonly is: "untold"; readonly why: string }
  /** No value of this form; what is allowed. */
  | { readonly is: "wrong"; readonly allowed: string };

const value = (of: unknown): Converted => ({ is: "value", value: of });
const wrong = (allowed: string): Converted => ({ is: "wrong", allowed });
const nothing: Converted = { is: "nothing" };

/** `${uuid:ANY}`, `${crypt:password:1}`: what the installer of Kasm fills in. */
const token = /\$\{[a-z]+:[^}]*\}/;

export function convert(form: Form, from: unknown, numbers?: DayNumbers): Converted {
  if (saysNothing(from)) return nothing;
  if (typeof from === "string" && token.test(from) && form !== "id" && form !== "reference") {
    return { is: "untold", why: `\`${from.trim()}\` is filled in when Kasm is installed` };
  }
  return converters[form](from, numbers);
}

export function saysNothing(from: unknown): boolean {
  if (from === null || from === undefined) return true;
  if (typeof from === "string") return from.trim() === "";
  return typeof from === "object" && Object.keys(from).length === 0;
}

type Converter = (from: unknown, numbers?: DayNumbers) => Converted;

const converters: Readonly<Record<Form, Converter>> = {
  id: text,
  name: text,
  text,
  choice: text,
  reference: text,
  flag(from) {
    if (typeof from === "boolean") return value(from);
    const word = String(from).trim().toLowerCase();
    if (["true", "yes", "on", "1", "t"].includes(word)) return value(true);
    return ["false", "no", "off", "0", "f"].includes(word) ? value(false) : wrong("true or false");
  },
  count: (from) => {
    const number = numberOf(from);
    return number === undefined || number < 0 ? wrong("a number, not below 0") : value(number);
  },
  bytes: memory(1),
  mib: memory(2 ** 20),
  gib: memory(2 ** 30),
  seconds: duration(1, "a number of seconds"),
  minutes: orNothing(duration(60, "a number of minutes")),
  hours: duration(3600, "a number of hours"),
  days: orNothing(duration(86_400, "a number of days")),
  time(from) {
    const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?$/.exec(String(from).trim());
    if (match === null) return wrong('a time such as "08:00:00"');
    const [, hours, minutes, seconds] = match;
    return value(
      `${hours!.padStart(2, "0")}:${minutes}${seconds === undefined || seconds === "00" ? "" : `:${seconds}`}`,
    );
  },
  weekdays: days,
  list(from) {
    const items = typeof from === "string" && !from.trim().startsWith("[") ? from.split(",") : jsonOf(from);
    if (!Array.isArray(items) || !items.every(isPlain)) return wrong('a list such as ["one", "two"]');
    return items.length === 0 ? nothing : value(items.map((item) => String(item).trim()));
  },
  json(from) {
    const parsed = jsonOf(from);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return wrong("a JSON object");
    return Object.keys(parsed).length === 0 ? nothing : value(parsed);
  },
  entries(from) {
    const parsed = jsonOf(from);
    const isList = Array.isArray(parsed) && parsed.every((entry) => typeof entry === "object" && entry !== null);
    if (!isList) return wrong("a JSON list of objects");
    return parsed.length === 0 ? nothing : value(parsed);
  },
  origin(from) {
    const origin = String(from).trim();
    if (origin.includes("$")) return { is: "untold", why: `\`${origin}\` stands for whatever a browser asked for` };
    return value([/^https?:\/\//.test(origin) ? origin : `https://${origin}`]);
  },
  host: (from) =>
    isPlain(from)
      ? value(
          String(from)
            .trim()
            .replace(/^[a-z]+:\/\//i, "")
            .replace(/\/+$/, ""),
        )
      : wrong("a text"),
  tokenName: (from) => (isPlain(from) ? value(String(from).trim().replace(/^.*!/, "")) : wrong("a text")),
};

function text(from: unknown): Converted {
  return isPlain(from) ? value(String(from)) : wrong("a text");
}

function isPlain(from: unknown): from is string | number | boolean {
  return typeof from === "string" || typeof from === "number" || typeof from === "boolean";
}

/** Numbers are often written as text, in files of older versions. */
function numberOf(from: unknown): number | undefined {
  if (typeof from === "number") return Number.isFinite(from) ? from : undefined;
  if (typeof from !== "string" || !/^\s*-?\d+(\.\d+)?\s*$/.test(from)) return undefined;
  return Number(from);
}

function jsonOf(from: unknown): unknown {
  if (typeof from !== "string") return from;
  try {
    return JSON.parse(from) as unknown;
  } catch {
    // Whatever else it is, it is no JSON, which is what the caller says of it.
    return undefined;
  }
}

function memory(bytesEach: number): Converter {
  return (from) => {
    const number = numberOf(from);
    if (number === undefined || number < 0) return wrong("a number, not below 0");
    return value(exactMemory(Math.round(number * bytesEach)));
  };
}

/** The shortest text that means just so many bytes. */
function exactMemory(bytes: number): string {
  if (bytes === 0) return "0MB";
  const short = formatMemory(bytes);
  return parseMemory(short) === bytes ? short : `${(bytes / 1e6).toFixed(6).replace(/\.?0+$/, "")}MB`;
}

function duration(secondsEach: number, allowed: string): Converter {
  return (from) => {
    const number = numberOf(from);
    if (number === undefined || number < 0) return wrong(`${allowed}, not below 0`);
    const seconds = Math.round(number * secondsEach);
    return value(seconds === 0 ? "0s" : formatDuration(seconds));
  };
}

/** For what is switched off by a zero. */
function orNothing(converter: Converter): Converter {
  return (from) => (numberOf(from) === 0 ? nothing : converter(from));
}

function days(from: unknown, numbers: DayNumbers | undefined): Converted {
  const items = typeof from === "string" && !from.trim().startsWith("[") ? from.split(",") : jsonOf(from);
  const allowed = 'days such as ["Monday", "Tuesday"]';
  if (!Array.isArray(items) || items.length === 0 || !items.every(isPlain)) return wrong(allowed);
  const words = items.map((item) => String(item).trim().toLowerCase());
  const isNumber = (word: string): boolean => /^\d$/.test(word);
  if (words.some(isNumber) && numbers === undefined) {
    const why = `Kasm does not say which day is 0: import again with --day-numbers ${dayNumbers.join("|")}`;
    return { is: "untold", why: `\`${JSON.stringify(items)}\` are numbers; ${why}` };
  }
  const named = words.map((word) => (isNumber(word) ? dayOfNumber(Number(word), numbers!) : dayOfName(word)));
  return named.includes(undefined) ? wrong(allowed) : value(weekdays.filter((day) => named.includes(day)));
}

function dayOfName(word: string): Weekday | undefined {
  return weekdays.find((day) => word.startsWith(day));
}

function dayOfNumber(number: number, numbers: DayNumbers): Weekday | undefined {
  const first = { "monday-0": 0, "sunday-0": -6, "monday-1": 1 }[numbers];
  if (number < (numbers === "monday-1" ? 1 : 0) || number > (numbers === "monday-1" ? 7 : 6)) return undefined;
  return weekdays[(number - first) % 7];
}
