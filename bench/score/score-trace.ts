/** One trace at one boot time: the forecast for each objective, and what it is held against at the same waiting share. */
import { clairvoyantHours, StaticScores, type Baseline } from "./baselines";
import { ForecastPolicy } from "./forecast-policy";
import { play, type Score } from "./play";
import { ScheduleSearch } from "./schedule";
import type { Trace } from "../../runtime/simulate/trace-file";

export interface ScoreRow {
  readonly trace: string;
  readonly bootSeconds: number;
  readonly objectiveShare: number;
  readonly forecast: Score;
  /** Of all minutes that count: those in which plain standby was in charge. */
  readonly steppedBackShare: number;
  readonly static: Baseline;
  readonly schedule?: Baseline;
  readonly bound: { readonly idleHours: number; readonly idleOverhead: number };
  /** Idle hours of the forecast over those of the others; the waiting share over the objective. */
  readonly ratios: {
    readonly static: number;
    readonly schedule?: number;
    readonly bound: number;
    readonly objective: number;
  };
}

export interface ScoreOptions {
  readonly bootSeconds: number;
  readonly objectiveShares: readonly number[];
  readonly withinSeconds: number;
  readonly warmUpSeconds: number;
  /** Undefined = the smallest standby that kept the objective in the warm-up. */
  readonly declaredSessions: number | undefined;
  readonly isScheduleSearched: boolean;
  readonly log: (line: string) => void;
}

export function scoreTrace({ path, sessions, start }: Trace, options: ScoreOptions): ScoreRow[] {
  const { bootSeconds, warmUpSeconds } = options;
  const lastSeconds = sessions.at(-1)!.arrivalSeconds;
  if (lastSeconds <= warmUpSeconds) {
    const days = (seconds: number): string => (seconds / 86_400).toFixed(1);
    throw new Error(`${path}: ends on day ${days(lastSeconds)}, in the warm-up of ${days(warmUpSeconds)} days`);
  }
  const statics = new StaticScores(sessions, options);
  const schedules = new ScheduleSearch(sessions, options, start.localMs, statics);
  const boundHours = clairvoyantHours(sessions, options);
  return options.objectiveShares.map((objectiveShare) => {
    const say = (step: string): void =>
      options.log(`${path}, boot ${bootSeconds} s, objective ${objectiveShare * 100} %: ${step}`);
    say("playing the forecast");
    const declaredSessions = options.declaredSessions ?? standbyOfWarmUp(sessions, options, objectiveShare);
    const policy = new CountingPolicy(
      { start, bootSeconds, objectiveShare, withinSeconds: options.withinSeconds, declaredSessions },
      warmUpSeconds,
    );
    const forecast = play(sessions, policy, options);
    say(`${(forecast.waitingShare * 100).toFixed(2)} % waited; looking for the static standby of that share`);
    const standby = statics.at(forecast.waitingShare);
    if (options.isScheduleSearched) say("looking for the best schedule");
    const schedule = options.isScheduleSearched ? schedules.at(forecast.waitingShare) : undefined;
    return {
      trace: path,
      bootSeconds,
      objectiveShare,
      forecast,
      steppedBackShare: policy.steppedBackShare,
      static: standby,
      ...(schedule ? { schedule } : {}),
      bound: { idleHours: boundHours, idleOverhead: boundHours / forecast.busyHours },
      ratios: {
        static: forecast.idleHours / standby.idleHours,
        ...(schedule ? { schedule: forecast.idleHours / schedule.idleHours } : {}),
        bound: forecast.idleHours / boundHours,
        objective: forecast.waitingShare / objectiveShare,
      },
    };
  });
}

/** What somebody would have declared who knew the warm-up and nothing else. */
function standbyOfWarmUp(
  sessions: Trace["sessions"],
  { bootSeconds, warmUpSeconds, withinSeconds }: ScoreOptions,
  objectiveShare: number,
): number {
  const early = sessions.filter(({ arrivalSeconds }) => arrivalSeconds < warmUpSeconds);
  if (early.length < 2) return 1;
  return new StaticScores(early, { bootSeconds, withinSeconds, warmUpSeconds: 0 }).smallestFor(objectiveShare);
}

class CountingPolicy extends ForecastPolicy {
  private minutes = 0;
  private steppedBack = 0;

  constructor(
    of: ConstructorParameters<typeof ForecastPolicy>[0],
    private readonly fromSeconds: number,
  ) {
    super(of);
  }

  get steppedBackShare(): number {
    return this.minutes > 0 ? this.steppedBack / this.minutes : 0;
  }

  override onMinute(atSeconds: number): void {
    super.onMinute(atSeconds);
    if (atSeconds < this.fromSeconds) return;
    this.minutes += 1;
    if (this.advice.reason !== "forecast") this.steppedBack += 1;
  }
}
