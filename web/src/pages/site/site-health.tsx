import { Name } from '../../controls/name.tsx';
import { count, duration } from '../../format.ts';
import { yearUpTo } from '../data/coverage-days.ts';
import type { RecordTime, RefusalRow, Rows, SweepRow } from '../data/records.ts';
import { CHANGES_DAYS } from '../data/site-data.ts';
import { Instant, RecordList, type Column } from '../usage/record-list.tsx';

const OUTCOMES: Readonly<Record<SweepRow['outcome'], string>> = {
  ok: 'all counted',
  refused: 'some series refused',
  failed: 'not read',
};

const SWEEP_COLUMNS: readonly Column<SweepRow>[] = [
  ['Since', ({ from }) => <Instant at={from} />],
  ['For', ({ from, to }) => duration(Date.parse(to) - Date.parse(from))],
  ['Sweeps', ({ sweeps }) => count(sweeps), 'amount'],
  [
    'Outcome',
    ({ outcome, error }) => (
      <>
        <span class={`outcome-${outcome}`}>{OUTCOMES[outcome]}</span>
        {error !== null && (
          <p class="reason">
            <Name text={error} />
          </p>
        )}
      </>
    ),
  ],
];

const REFUSAL_COLUMNS: readonly Column<RefusalRow>[] = [
  ['Reason', ({ reason }) => reason],
  ['Example', ({ example }) => <code>{example}</code>],
  ['Series', ({ last_series: series }) => count(series), 'amount'],
  ['First', ({ first_at: at }) => <Instant at={at} />],
  ['Last', ({ last_at: at }) => <Instant at={at} />],
];

/** How the site was read, and what it sent that does not count. */
export function SiteHealth(props: { time: RecordTime; sweeps: Rows<SweepRow>; refusals: Rows<RefusalRow> }) {
  const { time, sweeps, refusals } = props;
  return (
    <>
      <RecordList
        name="sweeps"
        title="Last sweeps"
        about="How the portal read the site. Sweeps in a row that ended in the same way are one line."
        list={sweeps}
        nothing="No sweep has ended since the portal keeps them."
        caption="How sweeps ended, the latest first"
        time={{ ...time, ...yearUpTo(time.toMs - 1) }}
        columns={SWEEP_COLUMNS}
      />
      <RecordList
        name="refusals"
        title="Refused series"
        about={`What the site sent in the last ${CHANGES_DAYS} days and the portal does not count.`}
        list={refusals}
        nothing={`Nothing was refused in the last ${CHANGES_DAYS} days.`}
        caption="Refused series by reason"
        time={time}
        columns={REFUSAL_COLUMNS}
      />
    </>
  );
}
