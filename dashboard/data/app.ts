/** All that lasts longer than a page: who is signed in, where one is, what is live, and what has to be told. */
import { signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { HealthView } from "../../runtime/api/contracts";
import type { SignInView } from "../../runtime/api/sign-in-contracts";
import { readPlace } from "../model/place";
import { Backend, type Answer, type Asking } from "./backend";
import { Live } from "./live";
import { Settings } from "./settings";

export type Who =
  | { readonly kind: "asking" }
  | { readonly kind: "out"; readonly message?: string }
  | { readonly kind: "in"; readonly signIn: SignInView };

/** A sentence that is shown for a while, and what takes it back. */
export interface Note {
  readonly id: number;
  readonly text: string;
  readonly isTrouble: boolean;
  readonly undo?: () => Promise<void>;
}

/** Long enough to read it and to change one's mind. */
const noteMs = 12_000;

export class App {
  readonly who = signal<Who>({ kind: "asking" });
  readonly health = signal<HealthView | undefined>(undefined);
  readonly place = signal(readPlace(location.hash));
  readonly notes = signal<readonly Note[]>([]);
  readonly settings = new Settings(localStorage, matchMedia("(prefers-color-scheme: dark)"));
  readonly backend = new Backend((message) => this.signedOut(message));
  readonly live = new Live(this.backend);
  private notesMade = 0;

  start(): void {
    addEventListener("hashchange", () => (this.place.value = readPlace(location.hash)));
    void this.askWho();
  }

  async signIn(apiKey: string): Promise<Answer<SignInView>> {
    const answer = await this.backend.ask<SignInView>("/api/v1/sign-in", { method: "POST", apiKey });
    if (answer.kind === "done") this.enter(answer.body);
    return answer;
  }

  async signOut(): Promise<void> {
    await this.backend.ask("/api/v1/sign-in", { method: "DELETE" });
    this.signedOut(undefined);
  }

  /** Changes something for an operator, and tells how it went. */
  async act(
    path: string,
    asking: Asking,
    told: { readonly text: string; readonly undo?: () => Promise<void> },
  ): Promise<boolean> {
    const answer = await this.backend.ask(path, asking);
    const isDone = answer.kind === "done";
    this.tell(isDone ? told.text : `That was not done: ${answer.message}`, {
      isTrouble: !isDone,
      undo: isDone ? told.undo : undefined,
    });
    this.live.refresh();
    return isDone;
  }

  tell(
    text: string,
    { isTrouble = false, undo }: { isTrouble?: boolean; undo?: (() => Promise<void>) | undefined } = {},
  ): void {
    const id = ++this.notesMade;
    this.notes.value = [...this.notes.value, { id, text, isTrouble, ...(undo ? { undo } : {}) }];
    setTimeout(() => this.dismiss(id), noteMs);
  }

  dismiss(id: number): void {
    this.notes.value = this.notes.value.filter((note) => note.id !== id);
  }

  get mayOperate(): boolean {
    const who = this.who.value;
    return who.kind === "in" && (who.signIn.scope === "operator" || who.signIn.scope === "admin");
  }

  private async askWho(): Promise<void> {
    const health = await this.backend.ask<HealthView>("/healthz");
    if (health.kind === "done") this.health.value = health.body;
    const answer = await this.backend.ask<SignInView>("/api/v1/sign-in");
    if (answer.kind === "done") return this.enter(answer.body);
    const isUnknown = answer.kind === "refused" && answer.status === 401;
    this.who.value = isUnknown ? { kind: "out" } : { kind: "out", message: answer.message };
  }

  private enter(signIn: SignInView): void {
    this.who.value = { kind: "in", signIn };
    this.live.start();
  }

  private signedOut(message: string | undefined): void {
    if (this.who.value.kind !== "in") return;
    this.live.stop();
    this.who.value = { kind: "out", ...(message === undefined ? {} : { message }) };
  }
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("used outside of the dashboard");
  return app;
}
