/**
 * The check of a template: each thing that it names is looked up in the cloud, and what the cloud refuses is said in words.
 * Answers also help others: what a program run has learned once from an account is not asked again for each node.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountFinding, FindingKind } from "../../runtime/model/account-check";
import type { Settings } from "../../runtime/model/accounts";
import { messageOf } from "../../runtime/model/errors";

/** One thing that a template may name. */
export interface LookedUp {
  /** The field that a user finds in the settings. */
  readonly field: string;
  /** What to do when the cloud has no such thing. */
  readonly remedy: string;
  /** What the credentials must be allowed to do to have it looked up. */
  readonly permission: string;
}

/** How a cloud's refusals are read. */
export interface RefusalWords {
  /** May it not look, did it not get through, or is the value refused? */
  kindOf(message: string): FindingKind;
  /** What the cloud said, short, e.g. `AWS says NotFound ("...")`. */
  saidIn(message: string): string;
  /** What the credentials lack, when the refusal names it. */
  lackingIn?(message: string): string | undefined;
}

export class Lookups<Thing extends string> {
  private readonly found: { readonly thing: Thing; readonly finding: AccountFinding }[] = [];

  /** @param things In the order in which their findings are told, whichever answer comes first. */
  constructor(
    private readonly things: Readonly<Record<Thing, LookedUp>>,
    private readonly words: RefusalWords,
  ) {}

  /** What the cloud told of it; undefined when it is not asked about, or when the cloud refused, which is then a finding. */
  async up<T>(thing: Thing, value: string | undefined, ask: (value: string) => Promise<T>): Promise<T | undefined> {
    if (value === undefined) return undefined;
    try {
      return await ask(value);
    } catch (error) {
      this.noteRefusal(thing, value, messageOf(error));
      return undefined;
    }
  }

  /** Something that does not fit, although it is there. */
  note(thing: Thing, value: string, kind: FindingKind, text: string): void {
    const { field } = this.things[thing];
    this.found.push({ thing, finding: { kind, field, text: `${field} "${value}": ${text}` } });
  }

  findings(): AccountFinding[] {
    const order = Object.keys(this.things);
    const rank = ({ thing }: { readonly thing: Thing }) => order.indexOf(thing);
    return this.found.toSorted((a, b) => rank(a) - rank(b)).map(({ finding }) => finding);
  }

  private noteRefusal(thing: Thing, value: string, message: string): void {
    const { remedy, permission } = this.things[thing];
    const [kind, said] = [this.words.kindOf(message), this.words.saidIn(message)];
    const lacking = this.words.lackingIn?.(message) ?? permission;
    const texts: Readonly<Record<FindingKind, string>> = {
      wrong: `${said}: ${remedy}`,
      unchecked: `could not be checked: ${said}; allow the action ${lacking} to have it checked, nodes are made without it`,
      passing: `could not be checked this time: ${said}`,
    };
    this.note(thing, value, kind, texts[kind]);
  }
}

/** What a text in which the cloud refused the account itself means to whoever declared it. */
export interface AccountRefusal {
  readonly pattern: RegExp;
  readonly field: (settings: Settings) => string;
  /** What it means and what to do; what the cloud said stands before it. */
  readonly meaning: (settings: Settings, message: string) => string;
}

/** The first that fits counts; undefined = the text is about something else. */
export function findAccountRefusal(
  refusals: readonly AccountRefusal[],
  { saidIn }: Pick<RefusalWords, "saidIn">,
  message: string,
  settings: Settings,
): AccountFinding | undefined {
  const found = refusals.find(({ pattern }) => pattern.test(message));
  if (!found) return undefined;
  const field = found.field(settings);
  return { kind: "wrong", field, text: `${field}: ${saidIn(message)}: ${found.meaning(settings, message)}` };
}

/**
 * Remembers answers as long as the Pulumi provider of one program run: each run declares all nodes of a lane, and clouds
 * allow few requests.
 */
export class RememberedAnswers<T> {
  private readonly byProvider = new WeakMap<pulumi.ProviderResource, Map<string, Promise<T>>>();

  of(provider: pulumi.ProviderResource | undefined, key: string, ask: () => Promise<T>): Promise<T> {
    if (provider === undefined) return ask();
    const known = this.byProvider.get(provider) ?? new Map<string, Promise<T>>();
    this.byProvider.set(provider, known);
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const answer = ask();
    known.set(key, answer);
    // An update that was opened ahead lives for minutes: what failed once is asked again for the next node.
    answer.catch(() => known.delete(key));
    return answer;
  }
}
