/** As much XML as SOAP messages of vCenter need: elements, attributes and texts; no document types, no entities of its own. */

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** By their names without prefixes, e.g. `type`; `xsi:type` stands under `xsi:type`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text directly in it. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** Elements in one another; a message of vCenter has some ten. */
const depthMax = 200;

const token =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([^\s>]+)\s*>|<([^\s/>!?]+)((?:\s+[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * The outermost element.
 *
 * @throws Error when the text is no such XML.
 */
export function parseXml(text: string): XmlElement {
  const root: OpenElement = { name: "", attributes: {}, children: [], text: "" };
  const open: OpenElement[] = [root];
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw new Error(`no XML at character ${at}`);
    at = token.lastIndex;
    take(match, open);
  }
  const [outermost, ...others] = root.children;
  if (open.length !== 1 || outermost === undefined || others.length > 0) throw new Error("no whole XML document");
  return outermost;
}

function take(
  [, literal, closed, opened, attributes = "", isEmpty, plain]: RegExpExecArray,
  open: OpenElement[],
): void {
  const current = open.at(-1)!;
  if (literal !== undefined) current.text += literal;
  else if (plain !== undefined) current.text += unescaped(plain);
  else if (closed !== undefined) {
    if (open.length === 1 || localName(closed) !== current.name) throw new Error(`</${closed}> closes nothing`);
    open.pop();
  } else if (opened !== undefined) {
    const element: OpenElement = {
      name: localName(opened),
      attributes: attributesIn(attributes),
      children: [],
      text: "",
    };
    current.children.push(element);
    if (isEmpty !== "/") open.push(element);
    if (open.length > depthMax) throw new Error(`more than ${depthMax} elements in one another`);
  }
}

function attributesIn(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return Object.fromEntries(
    pairs.map(([, name = "", double, single]) => [
      name.endsWith(":type") ? "xsi:type" : localName(name),
      unescaped(double ?? single ?? ""),
    ]),
  );
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/gi, (_, hex, decimal, name) => {
    if (name !== undefined) return named[String(name).toLowerCase()]!;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16));
  });
}

/** Characters that XML has no form for at all would make the whole message unreadable, so they go. */
export function escaped(text: string): string {
  const readable = text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "");
  return readable.replace(/[<>&"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The first element of this name directly in it. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** Text of the first element of this name directly in it. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return childOf(element, name)?.text;
}
