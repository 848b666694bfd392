import { CoverageSummary } from '../../controls/coverage-key.tsx';
import { COVERAGE_MEANING, coverageOfWhole, coverageWord, type BucketCoverage } from '../../coverage.ts';
import { dayMonthYear, exact, HOUR_MS, monthAndYear } from '../../format.ts';
import { Table } from '../../tables/table.tsx';
import { calendarMonths, type CalendarMonth, type CoverageDay } from '../data/coverage-days.ts';
import { RecordTable, type Column } from '../usage/record-list.tsx';

const KEY: readonly BucketCoverage[] = ['measured', 'spread', 'missing', 'none'];

/** A year of days, a month in each row. The list below says the same for readers who do not see colours. */
export function CoverageCalendar({ days }: { days: readonly CoverageDay[] }) {
  const read = days.filter(({ coverage }) => coverage !== 'none');
  return (
    <section class="card" aria-labelledby="calendar-heading">
      <h2 id="calendar-heading">How each day is known</h2>
      <p class="calendar-key">
        {KEY.map((coverage) => (
          <span key={coverage} title={COVERAGE_MEANING[coverage]}>
            <span class={`day day-${coverage}`} aria-hidden="true" /> {coverageOfWhole(coverage)}
          </span>
        ))}
      </p>
      <Table caption="How each day is known, by month and day" label="Calendar" class="calendar">
        <thead class="visually-hidden">
          <tr>
            <th scope="col">Month</th>
            {Array.from({ length: 31 }, (_, index) => (
              <th key={index} scope="col">
                {index + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {calendarMonths(days).map((month) => (
            <MonthRow key={month.startMs} month={month} />
          ))}
        </tbody>
      </Table>
      <CoverageSummary coverages={read.map(({ coverage }) => coverage)} step="day" />
      <OtherDays days={read.filter(({ coverage }) => coverage !== 'measured')} />
    </section>
  );
}

function MonthRow({ month }: { month: CalendarMonth }) {
  return (
    <tr>
      <th scope="row">{monthAndYear(month.startMs)}</th>
      {month.days.map((day, index) =>
        day === undefined ? (
          <td key={index} />
        ) : (
          <td key={index} title={`${dayMonthYear(day.startMs)}: ${coverageOfWhole(day.coverage)}`}>
            <span class={`day day-${day.coverage}`}>
              <span class="visually-hidden">{coverageWord(day.coverage)}</span>
            </span>
          </td>
        ),
      )}
    </tr>
  );
}

const DAY_COLUMNS: readonly Column<CoverageDay>[] = [
  ['Day', ({ startMs }) => dayMonthYear(startMs)],
  ['Coverage', ({ coverage }) => coverageOfWhole(coverage)],
  ['Measured hours', ({ measuredMs }) => hours(measuredMs), 'amount'],
  ['Spread hours', ({ spreadMs }) => hours(spreadMs), 'amount'],
];

function OtherDays({ days }: { days: readonly CoverageDay[] }) {
  if (days.length === 0) return null;
  return (
    <details class="other-days">
      <summary>Days that are not measured as a whole</summary>
      <RecordTable
        caption="Days that are not measured as a whole, the latest first, with the hours of all clouds"
        class="days-table"
        columns={DAY_COLUMNS}
        rows={days.toReversed()}
      />
    </details>
  );
}

function hours(ms: number): string {
  return exact(Math.round((10 * ms) / HOUR_MS) / 10);
}
