/** Names as Headroom takes them, made of those that Kasm has, each once. */

const lengthMax = 40;

export class Names {
  private readonly taken = new Set<string>();

  /**
   * `Ubuntu 22.04 (Main)` → `ubuntu-22-04-main`; the second one of these ends in `-2`.
   *
   * @param fallback For a text without any letter that a name may have.
   */
  legal(text: string, fallback: string): string {
    const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
    const words = plain.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const bare = trimmed(words);
    const started = bare === "" ? fallback : /^[a-z]/.test(bare) ? bare : `${fallback}-${bare}`;
    return this.once(trimmed(started.slice(0, lengthMax)), (name, count) => {
      const ending = `-${count}`;
      return `${trimmed(name.slice(0, lengthMax - ending.length))}${ending}`;
    });
  }

  /** `vms-secretAccessKey`, `agentsPool`: the text itself, or with a number when it is taken. */
  unique(text: string): string {
    return this.once(text, (name, count) => `${name}${count}`);
  }

  private once(name: string, numbered: (name: string, count: number) => string): string {
    let free = name;
    for (let count = 2; this.taken.has(free); count += 1) free = numbered(name, count);
    this.taken.add(free);
    return free;
  }
}

function trimmed(text: string): string {
  return text.replace(/^-+|-+$/g, "");
}

/** `main-zone` + `zone` → `mainZone`; `office` + `pool` → `officePool`. */
export function variableName(name: string, noun: string): string {
  const words = [...name.split("-"), ...(name.endsWith(noun) ? [] : [noun])];
  return words.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
}
