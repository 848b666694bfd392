import { bucketLabel, count } from '../../format.ts';
import { localOf } from '../../periods/zone.ts';
import { resourceLabel } from '../../resources.ts';
import { amountWords } from '../../units.ts';
import type { ProjectCorrections as Corrections } from '../data/project-data.ts';
import { Instant, RecordList } from '../usage/record-list.tsx';

const SHOWN = 20;

/** The corrected hours of the period, in words; nothing without any. */
export function ProjectCorrections({ corrections, zone }: { corrections: Corrections; zone: string }) {
  const { time, rows, isCut } = corrections;
  if (rows.length === 0) return null;
  return (
    <RecordList
      name="corrections"
      title="Corrections"
      about={`Hours that changed later.${isCut ? ` The charts mark the latest ${count(rows.length)}.` : ''}`}
      list={{ rows: rows.slice(0, SHOWN), isCut: isCut || rows.length > SHOWN }}
      nothing=""
      caption="Corrections of hours, the latest hours first"
      time={time}
      columns={[
        [`Hour (${zone})`, ({ start }) => bucketLabel(localOf(zone, Date.parse(start)), 'hour')],
        ['Resource', ({ resource }) => resourceLabel(resource)],
        ['Before', ({ before, unit }) => amountWords(before, unit), 'amount'],
        ['After', ({ after, unit }) => amountWords(after, unit), 'amount'],
        ['Reason', ({ reason }) => reason],
        ['Learned', ({ at }) => <Instant at={at} />],
      ]}
    />
  );
}
