import { Name } from '../../controls/name.tsx';
import { bucketLabel, count } from '../../format.ts';
import { LAST_24_HOURS } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { ProjectLink } from '../../tables/project-link.tsx';
import { amountWords } from '../../units.ts';
import type { AnomalyRow, CorrectionRow } from '../data/records.ts';
import { CHANGES_DAYS, type Changes } from '../data/site-data.ts';
import { Instant, RecordList, type Column } from '../usage/record-list.tsx';

type MeterRow = CorrectionRow | AnomalyRow;

/** The period of the lists of a site. */
export const LAST_DAYS = { ...LAST_24_HOURS, range: `${CHANGES_DAYS}d` };

/** Why numbers changed in the last days: corrections, and anomalies for those who see the health of a site. */
export function ChangeLists({ changes: { time, corrections, anomalies } }: { changes: Changes }) {
  const meter = meterColumns(time.site === undefined);
  return (
    <>
      <RecordList
        name="corrections"
        title="Corrections"
        about={`Hours of the last ${CHANGES_DAYS} days that changed when the readings of a gap arrived.`}
        list={corrections}
        nothing={`No hour of the last ${CHANGES_DAYS} days was corrected.`}
        caption="Corrections of hours, the latest hours first"
        time={time}
        columns={[
          ...meter,
          ['Before', (row) => amountWords(row.before, row.unit), 'amount'],
          ['After', (row) => amountWords(row.after, row.unit), 'amount'],
          ['Learned', (row) => <Instant at={row.at} />],
        ]}
      />
      {anomalies !== undefined && (
        <RecordList
          name="anomalies"
          title="Anomalies"
          about={`Totals of the last ${CHANGES_DAYS} days that fell, began again or jumped. Ask the site what happened.`}
          list={anomalies}
          nothing={`There were none in the last ${CHANGES_DAYS} days.`}
          caption="Anomalies, the latest hours first"
          time={time}
          columns={[
            ...meter,
            ['What happened', (row) => `${row.reason}${row.count > 1 ? ` (${count(row.count)} times)` : ''}`],
            ['Not usage', (row) => amountWords(row.correction, row.unit), 'amount'],
          ]}
        />
      )}
    </>
  );
}

function meterColumns(withSite: boolean): Column<MeterRow>[] {
  return [
    ['Hour', ({ start }) => bucketLabel(Date.parse(start), 'hour')],
    [
      'Project',
      ({ site, cloud, project_id: projectId, project_name: name }) => (
        <>
          <ProjectLink site={site} projectId={projectId} name={name} period={LAST_DAYS} />
          {(withSite || cloud !== '') && (
            <span class="under">
              <Name text={[withSite ? site : '', cloud].filter((one) => one !== '').join(', ')} />
            </span>
          )}
        </>
      ),
    ],
    ['Resource', resourceWords],
  ];
}

function resourceWords({ resource, flavor, state }: MeterRow): string {
  if (flavor === undefined) return resourceLabel(resource);
  return [resourceLabel(resource), flavor.name ?? flavor.label, state].join(', ');
}
