/** Who may have sessions of a workspace, and what it is called. */
import type { Workspace } from "./config";
import type { Reason } from "./reason";
import type { Session } from "./state";
import { formatCount } from "./units";

/** Who asks: a user with the groups that the request names. */
export type Asking = Pick<Session, "userId" | "groups">;

/** True when nobody is named who may, or the user or one of the user's groups is. */
export function isAllowedFor({ allowedUsers, allowedGroups }: Workspace, { userId, groups = [] }: Asking): boolean {
  if (allowedUsers.length === 0 && allowedGroups.length === 0) return true;
  return allowedUsers.includes(userId) || groups.some((group) => allowedGroups.includes(group));
}

/** Names who asked, and only how many may: who they are is not the user's business. */
export function notAllowedReason(workspace: Workspace, { userId, groups = [] }: Asking): Reason {
  const counts = { allowedUsers: workspace.allowedUsers.length, allowedGroups: workspace.allowedGroups.length };
  const named = [
    ...(counts.allowedUsers > 0 ? [formatCount(counts.allowedUsers, "user")] : []),
    ...(counts.allowedGroups > 0 ? [formatCount(counts.allowedGroups, "group")] : []),
  ].join(" and ");
  const of = groups.length === 0 ? "without groups" : `with ${formatCount(groups.length, "group")}`;
  const text = `${describeWorkspace(workspace)} is only for ${named}; user "${userId}" ${of} is not among them`;
  return { code: "notAllowed", text, numbers: { workspace: workspace.name, ...counts, groups: groups.length } };
}

/** `workspace "ubuntu" (Ubuntu 22.04 Student Edition)` */
export function describeWorkspace({ name, displayName }: Pick<Workspace, "name" | "displayName">): string {
  const called = displayName === undefined || displayName === name ? "" : ` (${displayName})`;
  return `workspace "${name}"${called}`;
}

/** The same by name, also of one that is not declared. */
export function describeWorkspaceNamed(name: string, workspaces: ReadonlyMap<string, Workspace>): string {
  return describeWorkspace(workspaces.get(name) ?? { name });
}

/** What a request should have said that used a display name; undefined when no workspace is called so. */
export function displayNameAdvice(text: string, workspaces: ReadonlyMap<string, Workspace>): string | undefined {
  const called = text.trim().toLowerCase();
  const names = [...workspaces.values()]
    .filter(({ displayName }) => displayName?.toLowerCase() === called)
    .map(({ name }) => `"${name}"`);
  if (names.length === 0) return undefined;
  const whose = names.length === 1 ? `workspace ${names[0]}; use` : `workspaces ${names.join(", ")}; use one of`;
  return `got ${JSON.stringify(text)}, the display name of ${whose} ${names.length === 1 ? names[0] : "these names"}`;
}
