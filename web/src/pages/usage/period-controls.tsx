import { useContext } from 'preact/hooks';
import { Choice } from '../../controls/choice.tsx';
import { Select } from '../../controls/select.tsx';
import { DAY_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { civilOf, type Comparison, type Period } from '../../period.ts';
import { CALENDAR, dateName, daysName, movedRange, parseRange, rangeWords } from '../../periods/range.ts';
import { localOf, offeredZones } from '../../periods/zone.ts';

interface PeriodControlsProps {
  period: Period;
  onChoose: (period: Period) => void;
  /** Whether the page compares the period with another one. */
  compares?: boolean;
}

const LAST = [
  { value: '24h', label: '24 hours' },
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' },
];

const COMPARISONS: readonly { value: Comparison; label: string }[] = [
  { value: 'none', label: 'nothing' },
  { value: 'before', label: 'the time before' },
  { value: 'year', label: 'a year before' },
];

const DATES = 'dates';

/** The choice of a period, of the time that it is compared with, and of a time zone. */
export function PeriodControls({ period, onChoose, compares = true }: PeriodControlsProps) {
  const zones = offeredZones(period.zone);
  return (
    <>
      <Choice
        legend="Last"
        name="period"
        options={LAST}
        chosen={period.range}
        onChoose={(range) => onChoose({ ...period, range })}
      />
      <CalendarChoice period={period} onChoose={onChoose} />
      {compares && (
        <Select
          label="Compare with"
          options={COMPARISONS}
          chosen={period.compare}
          onChoose={(compare) => onChoose({ ...period, compare })}
        />
      )}
      {zones.length > 1 && (
        <Select
          label="Time zone"
          options={zones.map((zone) => ({ value: zone, label: zone }))}
          chosen={period.zone}
          onChoose={(zone) => onChoose({ ...period, zone })}
        />
      )}
    </>
  );
}

/** Months, quarters, years and dates, with the way to the earlier and the later ones. */
function CalendarChoice({ period, onChoose }: PeriodControlsProps) {
  const nowMs = useContext(ApiContext).nowMs();
  const { range, zone } = period;
  const kind = parseRange(range)?.kind;
  const choose = (name: string) =>
    onChoose({ ...period, range: name === DATES ? daysName(civilOf(period, nowMs)) : name });
  const move = (steps: number) =>
    onChoose({ ...period, range: movedRange(range, steps, localOf(zone, nowMs)) });
  const isNamed = kind === 'months' && !CALENDAR.includes(range);
  return (
    <>
      <div class="calendar-choice">
        <Select
          label="Calendar"
          options={[
            ...(kind === 'last' ? [{ value: range, label: '–' }] : []),
            ...[...CALENDAR, ...(isNamed ? [range] : [])].map((name) => ({
              value: name,
              label: rangeWords(name),
            })),
            { value: DATES, label: 'dates…' },
          ]}
          chosen={kind === 'days' ? DATES : range}
          onChoose={choose}
        />
        {kind !== 'last' && (
          <>
            <button type="button" class="more" aria-label="Earlier" onClick={() => move(-1)}>
              ‹
            </button>
            <button type="button" class="more" aria-label="Later" onClick={() => move(1)}>
              ›
            </button>
          </>
        )}
      </div>
      {kind === 'days' && <Dates period={period} onChoose={onChoose} />}
    </>
  );
}

/** The first and the last day of a period. */
function Dates({ period, onChoose }: PeriodControlsProps) {
  const { from, to } = civilOf(period, 0);
  /** A day on the wrong side of the other one, or too far from it, moves the other one. */
  const choose = (first: string, last: string, moved: string) => {
    const range = `${first}..${last}`;
    const fallback = `${moved}..${moved}`;
    const chosen = [range, fallback].find((name) => parseRange(name) !== undefined);
    if (chosen !== undefined) onChoose({ ...period, range: chosen });
  };
  const [first, last] = [dateName(from), dateName(to - DAY_MS)];
  return (
    <>
      <label class="select">
        <span>From</span>
        <input
          type="date"
          value={first}
          onChange={({ currentTarget: { value } }) => choose(value, last, value)}
        />
      </label>
      <label class="select">
        <span>To, included</span>
        <input
          type="date"
          value={last}
          onChange={({ currentTarget: { value } }) => choose(first, value, value)}
        />
      </label>
    </>
  );
}
