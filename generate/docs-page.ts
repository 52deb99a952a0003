/** The settings tables of a cloud's page, between two marks; what stands around them is written by people. */
import type { Cloud } from "../provider/cloud";
import type { Field, FieldType } from "../provider/kernel/setting-fields";
import { typeNameOf } from "../provider/kernel/typed-provider";
import { ownFields, servicesOf, sharedFields } from "./services";

const begin = "<!-- npm run generate: from here -->";
const end = "<!-- npm run generate: to here -->";

/** The page with its tables as the cloud's schemas are. */
export function withSettingsTables(page: string, cloud: Cloud, file: string): string {
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(`${file} needs the lines "${begin}" and "${end}", once each: the settings tables go between them`);
  }
  return `${before}${begin}\n\n${tablesOf(cloud)}\n\n${end}${after}`;
}

/** What a cloud's page begins as. */
export function newDocsPage(cloud: Cloud): string {
  const descriptions = [cloud.vm, cloud.dns].flatMap((service) => (service === undefined ? [] : [service.description]));
  return `# ${typeNameOf(cloud)}\n\n${descriptions.join("\n\n")}\n\n${begin}\n${end}\n`;
}

function tablesOf(cloud: Cloud): string {
  const services = servicesOf(cloud);
  const shared = sharedFields(services);
  const isOwn = ({ name }: Field) => !shared.some((field) => field.name === name);
  const components = services.map(({ component }) => `\`${component}\``);
  return [
    ...(shared.length > 0 ? [table(`Account, for ${components.join(" and ")}`, shared)] : []),
    ...services.map(({ definition, fields }, index) =>
      table(components[index]!, [...ownFields(definition), ...fields.filter(isOwn)]),
    ),
  ].join("\n\n");
}

function table(title: string, fields: readonly Field[]): string {
  const head = ["| setting | value | without it | meaning |", "| --- | --- | --- | --- |"];
  return [`### ${title}\n`, ...head, ...fields.flatMap((field) => rowsOf(field))].join("\n");
}

/** A row for the field and one for each field inside it. */
function rowsOf(field: Field, path = ""): string[] {
  const name = `${path}${field.name}`;
  const value = [wordsOf(field.type), asPhrase(field.limits), field.isSecret ? "secret" : ""]
    .filter(Boolean)
    .join("; ");
  const absence =
    asPhrase(field.absence.replace(/^Default:? */, "")) || (field.isRequired ? "**required**" : "see below");
  const row = `| ${[`\`${name}\``, value, absence, field.meaning].map(asCell).join(" | ")} |`;
  return [row, ...innerFields(field.type).flatMap((inner) => rowsOf(inner, `${name}.`))];
}

function innerFields(type: FieldType): readonly Field[] {
  if (type.is === "object") return type.fields;
  if (type.is === "list") return innerFields(type.items);
  return type.is === "either" ? type.options.flatMap(innerFields) : [];
}

function wordsOf(type: FieldType): string {
  switch (type.is) {
    case "string":
      return "text";
    case "integer":
      return "whole number";
    case "boolean":
      return "true or false";
    case "any":
      return "anything";
    case "choice":
      return type.values.map((value) => `\`${value}\``).join(", ");
    case "list":
      return `list of ${wordsOf(type.items).replace(/(number|object)$/, "$1s")}`;
    case "map":
      return `map of ${wordsOf(type.values)}`;
    case "either":
      return type.options.map(wordsOf).join(" or ");
    default:
      return type.is;
  }
}

/** `At most 16.` → `at most 16` */
function asPhrase(sentence: string): string {
  const phrase = sentence.replace(/\.$/, "");
  return /^[A-Z][a-z]/.test(phrase) ? phrase.charAt(0).toLowerCase() + phrase.slice(1) : phrase;
}

function asCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
