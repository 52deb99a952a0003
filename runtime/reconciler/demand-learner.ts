/**
 * Learns the demand for configs that have a wait objective: sees every commit before it is applied, and keeps what it has
 * learned in rows. A row is written at most once a minute, when somebody came, left or waited, or a node came up since; when
 * only time has passed, once in a quarter of an hour. A crash loses at most what was not written yet.
 */
import type { Change } from "../model/changes";
import type { EpochMs } from "../model/clock";
import type { AutoscaleConfig } from "../model/config";
import type { ConfigDemand, SizeShare } from "../model/demand";
import { demandEvents, type DemandEvent } from "../planner/demand/demand-events";
import { forecastIn, forecastOptionsOf } from "../planner/demand/learned";
import { withSize } from "../planner/demand/sizes";
import { leadOf, nextChangeMs, WindowCache, type Window } from "../planner/config/windows";
import { observe } from "../planner/forecast/forecast";
import type { ForecastEvent, ForecastState } from "../planner/forecast/forecast-types";
import { declaredSessionsOf } from "../planner/planning/declared-sessions";
import type { HotState } from "../store/hot-state";
import type { CommitWatch } from "../store/ledger";

const tickMs = 60_000;
const writeMs = 60_000;
const quietWriteMs = 15 * 60_000;

/** What is known of one config; its forecast is the one that the row in memory has. */
interface Learning {
  readonly forecast: ForecastState;
  sizes: readonly SizeShare[];
  tickedAtMs: EpochMs;
  savedAtMs: EpochMs;
  isNews: boolean;
}

/** Until then a config stays open, or closed. */
interface KnownChange {
  readonly window: Window;
  readonly changesAtMs: EpochMs | undefined;
}

const nothing = (): void => undefined;

export class DemandLearner implements CommitWatch {
  private readonly known = new Map<string, Learning>();
  /** Waiting sessions that were counted, by id, with their config. */
  private readonly counted = new Map<string, string>();
  private readonly windows = new WindowCache();
  private readonly changes = new Map<string, KnownChange>();

  constructor(
    private readonly state: HotState,
    private readonly clock: { now(): EpochMs },
  ) {
    // Those that waited when the last leader wrote are counted in what it learned.
    for (const { sessionId, requestedAtMs, reason } of state.queue()) {
      const config = reason.numbers["autoscaleConfig"];
      const demand = typeof config === "string" ? state.configDemands.get(config) : undefined;
      if (demand && requestedAtMs <= demand.savedAtMs) this.counted.set(sessionId, demand.autoscaleConfig);
    }
  }

  /** A commit, before it is applied. */
  see(changes: readonly Change[]): () => void {
    if (this.state.objectiveConfigs().length > 0) {
      for (const event of demandEvents(changes, this.state, this.counted, this.clock.now())) this.learn(event);
    }
    return nothing;
  }

  beginWrite(): () => void {
    return nothing;
  }

  /** Tells the forecasts that time passes, and answers the rows that are to be written now. */
  due(nowMs: EpochMs): Change[] {
    const rows: Change[] = [];
    const configs = this.state.objectiveConfigs();
    if (this.known.size > configs.length) this.forget();
    for (const config of configs) {
      const learning = this.learningOf(config.name, nowMs);
      if (nowMs - learning.tickedAtMs >= tickMs || nowMs < learning.tickedAtMs) this.tick(config, learning, nowMs);
      const sinceMs = nowMs - learning.savedAtMs;
      const isDue = sinceMs < 0 || sinceMs >= (learning.isNews ? writeMs : quietWriteMs);
      if (isDue) rows.push({ kind: "put", table: "configDemand", row: saved(config.name, learning, nowMs) });
    }
    return rows;
  }

  /** What was learned of configs that are gone, or have no objective any more. */
  private forget(): void {
    for (const name of this.known.keys()) {
      if (!this.state.autoscaleConfigs.get(name)?.waitObjective) this.known.delete(name);
    }
  }

  private learn({ autoscaleConfig, event, needs }: DemandEvent): void {
    const config = this.state.autoscaleConfigs.get(autoscaleConfig);
    if (!config?.waitObjective) return;
    const learning = this.learningOf(autoscaleConfig, this.clock.now());
    this.tell(config, learning, event);
    if (needs) learning.sizes = withSize(learning.sizes, needs);
    learning.isNews = true;
  }

  private tick(config: AutoscaleConfig, learning: Learning, nowMs: EpochMs): void {
    learning.tickedAtMs = nowMs;
    const { window, changesAtMs } = this.changeOf(config, nowMs);
    const next = changesAtMs === undefined ? {} : { changesAtMs };
    this.tell(config, learning, { kind: "tick", atMs: nowMs, isOpen: window.isActive, ...next });
  }

  private tell(config: AutoscaleConfig, { forecast }: Learning, event: ForecastEvent): void {
    const { waitObjective } = config;
    if (!waitObjective) return;
    const { state } = this;
    const window = this.windows.at(config, state, this.clock.now());
    const declaredSessions = declaredSessionsOf(config, window, state);
    const schedules = state.schedulesOf(config.name);
    observe(forecast, event, forecastOptionsOf(config, waitObjective, { schedules, declaredSessions }));
  }

  private changeOf(config: AutoscaleConfig, nowMs: EpochMs): KnownChange {
    const { state } = this;
    const window = this.windows.at(config, state, nowMs);
    const known = this.changes.get(config.name);
    if (known?.window === window) return known;
    const lead = leadOf(config, state.configStates.get(config.name));
    const changesAtMs = nextChangeMs(state.schedulesOf(config.name), nowMs, lead);
    const change = { window, changesAtMs };
    this.changes.set(config.name, change);
    return change;
  }

  private learningOf(name: string, nowMs: EpochMs): Learning {
    const row = this.state.configDemands.get(name);
    const known = this.known.get(name);
    // A row that somebody else wrote, as an import does, is what counts.
    if (known && (!row || row.forecast === known.forecast)) return known;
    const forecast = forecastIn(row);
    const learning: Learning = {
      forecast,
      sizes: row?.sizes ?? [],
      tickedAtMs: nowMs,
      savedAtMs: row?.savedAtMs ?? nowMs - writeMs,
      isNews: row === undefined || row.forecast !== forecast,
    };
    this.known.set(name, learning);
    return learning;
  }
}

function saved(autoscaleConfig: string, learning: Learning, nowMs: EpochMs): ConfigDemand {
  learning.savedAtMs = nowMs;
  learning.isNews = false;
  return { autoscaleConfig, savedAtMs: nowMs, forecast: learning.forecast, sizes: learning.sizes };
}
