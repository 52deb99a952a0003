import type { StagingPosition } from "../../model/plan";
import type { Snapshot } from "../../model/snapshot";
import { stagingSchema, type StagingView } from "../contracts";
import { route, type Route } from "../route";

const list = route({
  method: "get",
  path: "/api/v1/staging",
  access: "viewer",
  summary: "Each staging config: how many sessions it wants, how many it has, and why they differ",
  responses: { 200: stagingSchema },
  async handle(_input, context) {
    const { ledger, plan } = context.leader();
    const body: StagingView = { staging: plan().staging.map((position) => viewStaging(position, ledger.state)) };
    return { status: 200, body };
  },
});

function viewStaging(position: StagingPosition, snapshot: Snapshot): StagingView["staging"][number] {
  const config = snapshot.stagingConfigs.get(position.stagingConfig)!;
  const { zone, workspace, pool, autoscaleConfig, expiration, permissions } = config;
  const stagedAtMs = [...(snapshot.staged.get(config.name)?.values() ?? [])].map((session) => session.stagedAtMs ?? 0);
  const oldestMs = stagedAtMs.reduce((oldest, atMs) => Math.min(oldest, atMs), Infinity);
  return {
    ...position,
    zone,
    workspace,
    ...(pool === undefined ? {} : { pool }),
    ...(autoscaleConfig === undefined ? {} : { autoscaleConfig }),
    expirationSeconds: expiration,
    permissions,
    ...(stagedAtMs.length === 0 ? {} : { nextExpiryAtMs: oldestMs + expiration * 1000 }),
  };
}

export const stagingRoutes: readonly Route[] = [list];
