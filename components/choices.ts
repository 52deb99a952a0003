/** Values of fields that are a choice. Each is also a type, so that the plain text may be written as well. */

/** Which docker agent of a zone gets a new session. */
export const LoadStrategy = {
  LeastLoad: "leastLoad",
  MostLoad: "mostLoad",
  LeastSessions: "leastSessions",
  MostSessions: "mostSessions",
} as const;
export type LoadStrategy = (typeof LoadStrategy)[keyof typeof LoadStrategy];

/** What the nodes of a pool are: VMs that run containers, or VMs that users reach by RDP, VNC, KasmVNC or SSH. */
export const PoolType = { DockerAgent: "dockerAgent", Server: "server" } as const;
export type PoolType = (typeof PoolType)[keyof typeof PoolType];

export const WorkspaceKind = { Container: "container", Desktop: "desktop", RemoteApp: "remoteApp" } as const;
export type WorkspaceKind = (typeof WorkspaceKind)[keyof typeof WorkspaceKind];

export const ConnectionType = { KasmVnc: "kasmvnc", Rdp: "rdp", Vnc: "vnc", Ssh: "ssh" } as const;
export type ConnectionType = (typeof ConnectionType)[keyof typeof ConnectionType];

/** Whose credentials the users of a server get. */
export const CredentialType = {
  Static: "static",
  Dynamic: "dynamic",
  Sso: "sso",
  Smartcard: "smartcard",
  PromptUser: "promptUser",
} as const;
export type CredentialType = (typeof CredentialType)[keyof typeof CredentialType];

/** What happens when a budget is spent; each does what those before it do. */
export const BudgetAction = { Alert: "alert", NoStandby: "noStandby", NoNewNodes: "noNewNodes" } as const;
export type BudgetAction = (typeof BudgetAction)[keyof typeof BudgetAction];

/** How often a budget begins anew. */
export const BudgetPeriod = { Day: "day", Week: "week", Month: "month" } as const;
export type BudgetPeriod = (typeof BudgetPeriod)[keyof typeof BudgetPeriod];

export const OsType = { Linux: "linux", Windows: "windows" } as const;
export type OsType = (typeof OsType)[keyof typeof OsType];

/** What happens to nodes that were made from an older definition. */
export const SpecChange = { Keep: "keep", Rotate: "rotate" } as const;
export type SpecChange = (typeof SpecChange)[keyof typeof SpecChange];

export const Weekday = {
  Monday: "mon",
  Tuesday: "tue",
  Wednesday: "wed",
  Thursday: "thu",
  Friday: "fri",
  Saturday: "sat",
  Sunday: "sun",
} as const;
export type Weekday = (typeof Weekday)[keyof typeof Weekday];
