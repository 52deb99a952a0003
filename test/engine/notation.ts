/** A JSON value, as inputs, states and events hold it. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/**
 * A value of a declared program: JSON, except for objects with one of these single keys.
 * `$ref`: an output (`a.address`), the id (`a.id`) or the URN (`a.urn`) of a declared resource; `$secret`: the value as a secret;
 * `$config` and `$secretConfig`: a key of the stack's configuration; `$undefined`: a property that is given as undefined;
 * `$asset`: a text asset; `$repeat`: `[text, times]`, for values too long to write down.
 */
export type ProgramValue = Json;

/** Resource options of the notation: plain values as in Pulumi, other resources by their declared name. */
export interface DeclaredOptions {
  readonly dependsOn?: readonly string[];
  readonly parent?: string;
  readonly provider?: string;
  readonly deletedWith?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  readonly customTimeouts?: { readonly create?: string; readonly update?: string; readonly delete?: string };
  readonly aliases?: readonly { readonly name: string }[];
  /** Names of the program's hooks. */
  readonly hooks?: { readonly [kind in "beforeCreate" | "beforeUpdate" | "beforeDelete"]?: readonly string[] };
}

/** One declared resource. Without `kind` it is the custom resource `toy:index:Thing`. */
export interface DeclaredResource {
  readonly name: string;
  /** `component` has no provider, `provider` is an explicit toy provider, `read` is the existing thing `id`, `dynamic` a dynamic resource. */
  readonly kind?: "component" | "provider" | "read" | "dynamic";
  readonly id?: string;
  readonly inputs?: { readonly [key: string]: ProgramValue };
  readonly options?: DeclaredOptions;
}

/** What a Pulumi program declares, in order. */
export interface Program {
  readonly resources: readonly DeclaredResource[];
  readonly outputs?: { readonly [name: string]: ProgramValue };
  /** Calls of `toy:index:lookup`; each result is the stack output of that name. */
  readonly invokes?: { readonly [output: string]: JsonObject };
  /** The program's resource hooks by name; each call of one is recorded. One that `fails` throws that text. */
  readonly hooks?: { readonly [name: string]: { readonly fails?: string; readonly onDryRun?: true } };
  /** The program throws this after declaring everything. */
  readonly throws?: string;
}

/** Options of the Automation API that scenarios use. */
export interface RunOptions {
  readonly parallel?: number;
  readonly continueOnError?: boolean;
  readonly refresh?: boolean;
  readonly target?: readonly string[];
  readonly exclude?: readonly string[];
  /** Only of a destroy. */
  readonly excludeProtected?: boolean;
}

/**
 * A signal to the engine's process, sent once the provider is busy and nothing new arrives.
 * Until then, slow calls (`delayMs`, `diffDelayMs`, `updateDelayMs`) don't end.
 */
export interface Interrupt {
  readonly signal: "SIGINT" | "SIGKILL";
  /** Sent again after so many milliseconds; unset means once. */
  readonly againAfterMs?: number;
}

/** One run of an engine through the Automation API. */
export interface RunStep {
  readonly do: "up" | "preview" | "refresh" | "destroy";
  /** Kept for later steps that have none. */
  readonly program?: Program;
  readonly options?: RunOptions;
  readonly interrupt?: Interrupt;
  /** A second engine process (`pulumi up`) is started while the provider is busy. */
  readonly second?: object;
  /**
   * The run has a host process of its own, whose engine writes to a file as the executor's does; the host is killed with
   * SIGKILL while the provider is busy, and the engine is waited for.
   */
  readonly hostKilled?: true;
  /** How many slow calls have to run before the signal, the second engine or the death of the host. Default 1. */
  readonly busyCalls?: number;
}

/** A command line of the engine; `attached` says that the provider answers (else its port is open but silent). */
export interface CliStep {
  readonly cli: readonly string[];
  readonly attached?: true;
  /** Written to the file `FILE`, which the command line may name; `$export` means what the last `stack export` printed, edited. */
  readonly edit?: {
    readonly resource: string;
    readonly outputs?: JsonObject;
    readonly remove?: true;
    readonly adoptPending?: string;
  };
}

/** A change in the provider's world behind the engine's back (`*` means all things), or of the backend's folder. */
export type OutsideStep =
  | { readonly world: "change"; readonly id: string; readonly set: JsonObject }
  | { readonly world: "remove"; readonly ids: readonly string[] }
  | { readonly world: "add"; readonly id: string; readonly inputs: JsonObject }
  | { readonly unlock: true };

/** One step of a scenario. */
export type Step = RunStep | CliStep | OutsideStep;

/** A named sequence of steps with one stack. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** `attached`: served by the scenario's process (the default); `plugin`: an executable the engine starts. */
  readonly provider?: "attached" | "plugin";
  /** `inline`: through the Automation API's callback (the default); `local`: a Node program in the project folder. */
  readonly program?: "inline" | "local";
  readonly config?: { readonly [key: string]: { readonly value: string; readonly secret?: true } };
  /** The Automation API does all it does for users, with seven engine processes for an update instead of one. */
  readonly stock?: true;
  /** Before these steps (counted from 0) the state goes to another engine, when the suite says so. */
  readonly handOverAt?: readonly number[];
  /**
   * A second outcome that the official engine has now and then, because it depends on which of two things comes first; its
   * name is that of its recording. The embedded engine always has the first one.
   */
  readonly otherOutcome?: string;
  /** The embedded engine refuses the first step with this text: something it says it does not do. */
  readonly embeddedRefuses?: string;
  readonly steps: readonly Step[];
}

/** All that one engine leaves and another one needs to go on. */
export interface Seed {
  /** Text of each file of the backend, by its path. */
  readonly backend: { readonly [path: string]: string };
  /** The stack's settings file, which holds the salt of its secrets. */
  readonly settings: string;
  readonly things: readonly { readonly id: string; readonly inputs: JsonObject; readonly outputs: JsonObject }[];
  readonly numbersUsed: number;
}

/** What was seen after one step, in the format of the recordings. */
export interface Observation {
  readonly step: Step;
  readonly result?: "succeeded" | "failed";
  readonly errorClass?: string;
  readonly error?: string;
  readonly cli?: { readonly code: number | null; readonly stdout: string; readonly stderr: string };
  readonly second?: { readonly code: number | null; readonly stdout: string; readonly stderr: string };
  /** What the Automation API returned, in the stock flow. */
  readonly returned?: JsonObject;
  readonly calls?: readonly JsonObject[];
  readonly events?: readonly JsonObject[];
  /** The checkpoint's `latest`; null when there is none. */
  readonly state?: JsonObject | null;
  /** How many files of each kind the backend holds, as `COUNT PATH`. */
  readonly files?: readonly string[];
  /** Ids of the things that really exist. */
  readonly world?: readonly string[];
}

/** One scenario as one engine ran it. */
export interface Recording {
  readonly name: string;
  readonly about: string;
  readonly engine: string;
  readonly sdk: string;
  readonly steps: readonly Observation[];
}
