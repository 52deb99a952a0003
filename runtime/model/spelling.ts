/** What somebody may have meant by a name that is not known here: Kasm's word for it, another spelling, a slip. */
import { tables } from "../kasm/tables";
import { bareWord, fieldsByColumn, meantChoice } from "../kasm/words";

/** Words that Kasm puts before the names of fields, and that say nothing here. */
const prefixes = /^(?:agent|autoscale|autoscaleconfig|config|server|vm|aws|ec2|digitalocean|droplet|proxmox)/;

const columns = fieldsByColumn(tables);

/**
 * The field that an unknown one stands for, as the rest of a sentence; empty = nothing is near.
 *
 * @param fields Those that are known at its place.
 * @example "; here it is coresOverride"
 */
export function hintOfField(unknown: string, fields: readonly string[]): string {
  const known = knownName(unknown, fields);
  if (known !== undefined) return `; here it is ${known}`;
  const near = nearest(unknown, fields);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/**
 * The choice that a value which is none stands for, as the rest of a sentence; empty = nothing is near.
 *
 * @example '; here it is "kasmvnc"'
 */
export function hintOfChoice(value: unknown, allowed: readonly string[]): string {
  if (typeof value !== "string") return "";
  const meant = meantChoice(value, allowed);
  if (meant !== undefined) return `; here it is "${meant}"`;
  const near = nearest(value, allowed);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

function knownName(unknown: string, fields: readonly string[]): string | undefined {
  const word = bareWord(unknown);
  if (word === "") return undefined;
  const spelled = (name: string) => fields.find((field) => bareWord(field) === name);
  const own = spelled(word);
  if (own !== undefined) return own;
  // `permissions.audio` is written inside `permissions`, and is named from outside with its way.
  // What names a row of another table, such as `zone_name`, names the row's own place only where no field refers to that.
  const fromColumn = [...(columns.get(word) ?? [])].sort((a, b) => Number(a === "name") - Number(b === "name"));
  for (const field of fromColumn) {
    const [outer, inner] = field.split(".");
    if (fields.includes(outer!)) return field;
    if (inner !== undefined && fields.includes(inner)) return inner;
  }
  const bare = word.replace(/(?:bytes|mib|gib|mb|gb)$/, "").replace(prefixes, "");
  return spelled(bare);
}

/** The name that a few slips of the hand lead to; undefined when none or several are equally near. */
function nearest(text: string, names: readonly string[]): string | undefined {
  const word = bareWord(text);
  const slipsMax = word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
  const near = names
    .map((name) => ({ name, slips: slipsBetween(word, bareWord(name), slipsMax) }))
    .filter(({ slips }) => slips <= slipsMax)
    .sort((a, b) => a.slips - b.slips);
  const [first, second] = near;
  if (slipsMax === 0 || first === undefined || first.slips === second?.slips) return undefined;
  return first.name;
}

/** Letters to add, leave out, change, or swap with their neighbour, to make one of the other; more than `most` is not counted. */
function slipsBetween(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      line.push(
        Math.min(
          above[column]! + 1,
          line[column - 1]! + 1,
          above[column - 1]! + (isSame ? 0 : 1),
          isSwap ? before[column - 2]! + 1 : Infinity,
        ),
      );
    }
    before = above;
    above = line;
  }
  return above[b.length]!;
}
