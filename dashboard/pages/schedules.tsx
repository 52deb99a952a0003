/** What opens and closes, and when: a week as a calendar, in a zone that is named. */
import type { Occurrence, OccurrencesView, ScheduleOccurrences } from "../model/answers";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { formatClock, nameZone } from "../model/clock-text";
import { linkTo } from "../model/place";
import { daysFrom, partOfDay, startOfDay, type CalendarDay } from "../model/week";
import { Answered, Empty } from "../parts/answered";
import { PageFrame } from "../parts/page";
import { Table } from "../parts/table";
import { Moment } from "../parts/time";

const dayCount = 7;

/** From noon on a week of hours leads to the same day of the next week, whatever the clock does between. */
function noonMs(atMs: number, timeZone: string): number {
  return startOfDay(atMs, timeZone) + 43_200_000;
}

export function SchedulesPage({ filters }: { filters: Readonly<Record<string, string>> }) {
  const { live, settings } = useApp();
  const { timeZone } = settings;
  const nowMs = live.nowMs.value;
  const weeks = Number(filters["week"] ?? 0) || 0;
  const days = daysFrom(noonMs(nowMs, timeZone) + weeks * dayCount * 86_400_000, dayCount, timeZone);
  const [fromMs, toMs] = [days[0]!.fromMs, days.at(-1)!.toMs];
  const config = filters["config"];
  const query = new URLSearchParams({ from: String(fromMs), to: String(toMs), ...(config ? { config } : {}) });
  const reading = useAnswer<OccurrencesView>(`/api/v1/occurrences?${query}`, {
    topics: ["definition"],
    everyMs: 30_000,
  });
  const to = (week: number): string =>
    linkTo("schedules", undefined, { ...filters, week: week === 0 ? undefined : String(week) });
  return (
    <PageFrame
      title="Schedules"
      question={`What opens and closes, and when? Shown in ${nameZone(timeZone, nowMs)}.`}
      beside={
        <div class="buttons">
          <a class="chip" href={to(weeks - 1)}>
            Week before
          </a>
          <a class="chip" href={to(0)}>
            This week
          </a>
          <a class="chip" href={to(weeks + 1)}>
            Week after
          </a>
        </div>
      }
    >
      <Answered reading={reading}>
        {({ schedules }) =>
          schedules.length === 0 ? (
            <Empty>No schedule is declared: every config is open always.</Empty>
          ) : (
            <>
              <Next schedules={schedules} />
              <section class="card">
                <h2>Calendar</h2>
                <Calendar days={days} schedules={schedules} />
              </section>
            </>
          )
        }
      </Answered>
    </PageFrame>
  );
}

function Next({ schedules }: { schedules: readonly ScheduleOccurrences[] }) {
  return (
    <section class="card">
      <h2>Next changes</h2>
      <Table
        caption="Schedules"
        items={schedules}
        keyOf={({ schedule }) => schedule}
        columns={[
          { title: "Schedule", cell: ({ schedule }) => schedule },
          {
            title: "Autoscale config",
            cell: ({ autoscaleConfig }) => <a href={linkTo("configs", autoscaleConfig)}>{autoscaleConfig}</a>,
          },
          { title: "Its zone", cell: ({ timezone }) => timezone },
          { title: "Now", cell: ({ isOpen }) => (isOpen ? "open" : "closed") },
          {
            title: "Next change",
            isWide: true,
            cell: ({ nextChange }) =>
              nextChange === undefined ? (
                "none in sight"
              ) : (
                <>
                  {nextChange.opens ? "opens" : "closes"} <Moment atMs={nextChange.atMs} />
                </>
              ),
          },
          {
            title: "While open",
            cell: ({ overrides = {} }) =>
              Object.entries(overrides)
                .map(([name, value]) => `${name} ${value}`)
                .join(", ") || "–",
          },
        ]}
      />
    </section>
  );
}

function Calendar({ days, schedules }: { days: readonly CalendarDay[]; schedules: readonly ScheduleOccurrences[] }) {
  return (
    <>
      <div class="calendar" tabIndex={0} role="region" aria-label="Calendar of the week">
        <div class="calendar-hours" aria-hidden="true">
          {[0, 6, 12, 18, 24].map((hour) => (
            <span key={hour} style={{ top: `${(hour / 24) * 100}%` }}>
              {String(hour).padStart(2, "0")}:00
            </span>
          ))}
        </div>
        {days.map((day) => (
          <Day key={day.date} day={day} schedules={schedules} />
        ))}
      </div>
      <p class="legend" aria-hidden="true">
        <span class="key open">open</span>
        <span class="key lead">opened early, so that nodes are there in time</span>
        <span class="key excepted">left out that day</span>
      </p>
    </>
  );
}

function Day({ day, schedules }: { day: CalendarDay; schedules: readonly ScheduleOccurrences[] }) {
  const { live, settings } = useApp();
  const nowMs = live.nowMs.value;
  const now = partOfDay({ fromMs: nowMs, toMs: nowMs + 1000 }, day);
  const hours = Math.round((day.toMs - day.fromMs) / 3_600_000);
  const name = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: settings.timeZone,
  }).format(day.fromMs);
  return (
    <div class={now ? "calendar-day today" : "calendar-day"}>
      <h3>
        {name}
        {hours === 24 ? "" : ` (${hours} h)`}
      </h3>
      <div class="calendar-slots">
        {schedules.map((schedule, index) => (
          <ul
            key={schedule.schedule}
            style={{ left: `${(index / schedules.length) * 100}%`, width: `${100 / schedules.length}%` }}
          >
            {schedule.occurrences.map((occurrence) => (
              <Window key={occurrence.startsAtMs} schedule={schedule} occurrence={occurrence} day={day} />
            ))}
          </ul>
        ))}
        {now && <span class="now-line" style={{ top: `${now.start * 100}%` }} aria-hidden="true" />}
      </div>
    </div>
  );
}

function Window({
  schedule,
  occurrence,
  day,
}: {
  schedule: ScheduleOccurrences;
  occurrence: Occurrence;
  day: CalendarDay;
}) {
  const { live, settings } = useApp();
  const { opensAtMs, startsAtMs, endsAtMs, state } = occurrence;
  const whole = partOfDay({ fromMs: opensAtMs, toMs: endsAtMs }, day);
  if (!whole) return null;
  const lead = partOfDay({ fromMs: opensAtMs, toMs: startsAtMs }, day);
  const clock = (atMs: number): string => formatClock(atMs, live.nowMs.peek(), settings.timeZone);
  const text = `${schedule.schedule}: ${state === "excepted" ? "left out, else " : ""}${clock(startsAtMs)} to ${clock(endsAtMs)}${lead ? `, opens ${clock(opensAtMs)}` : ""}`;
  const place = { top: `${whole.start * 100}%`, height: `${(whole.end - whole.start) * 100}%` };
  return (
    <li class={`window ${state}`} style={place} title={text}>
      {lead && state === "planned" && (
        <span
          class="lead"
          style={{ height: `${((lead.end - lead.start) / (whole.end - whole.start)) * 100}%` }}
          aria-hidden="true"
        />
      )}
      <span class="unseen">{text}</span>
      <span class="window-name" aria-hidden="true">
        {state === "excepted" ? "× " : ""}
        {schedule.schedule}
      </span>
    </li>
  );
}
