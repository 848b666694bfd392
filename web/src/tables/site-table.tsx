import { useState } from 'preact/hooks';
import type { SiteRow } from '../api.ts';
import { count, MINUTE_MS, plural } from '../format.ts';
import { useNow } from '../live/use-now.ts';
import { routeAddress } from '../routing.ts';
import { countedUpTo, inOrderOfConcern, siteState } from '../site-state.ts';
import { Age } from '../controls/age.tsx';
import { Name } from '../controls/name.tsx';
import { StateBadge } from './state-badge.tsx';
import { AmountHead, Table } from './table.tsx';

const SHOWN_AT_FIRST = 8;

/** The sites, those with problems first. */
export function SiteTable({ sites }: { sites: readonly SiteRow[] }) {
  const [all, setAll] = useState(false);
  const nowMs = useNow(MINUTE_MS / 6);
  const ordered = inOrderOfConcern(sites, nowMs);
  return (
    <>
      <Table caption="Sites, their state and how fresh their readings are" class="site-table">
        <thead>
          <tr>
            <th scope="col">Site</th>
            <th scope="col">State</th>
            <th scope="col">Counted up to</th>
            <AmountHead>Projects</AmountHead>
            <AmountHead>Meters</AmountHead>
          </tr>
        </thead>
        <tbody>
          {(all ? ordered : ordered.slice(0, SHOWN_AT_FIRST)).map((site) => (
            <SiteLine key={site.name} site={site} nowMs={nowMs} />
          ))}
        </tbody>
      </Table>
      {ordered.length > SHOWN_AT_FIRST && (
        <button type="button" class="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer sites' : `Show all ${plural(ordered.length, 'site')}`}
        </button>
      )}
    </>
  );
}

function SiteLine({ site, nowMs }: { site: SiteRow; nowMs: number }) {
  const state = siteState(site, nowMs);
  const readAt = countedUpTo(site);
  return (
    <tr>
      <th scope="row">
        <a href={routeAddress({ page: 'site', name: site.name })}>
          <Name text={site.name} />
        </a>
        <SiteLabels labels={site.labels} />
      </th>
      <td>
        <StateBadge state={state.name} />
        {state.reason !== null && <p class="reason">{state.reason}</p>}
        <SiteRemarks site={site} />
      </td>
      <td>{readAt === null ? 'never' : <Age at={readAt} />}</td>
      <td class="amount" data-label="projects">
        {count(site.projects)}
      </td>
      <td class="amount" data-label="meters">
        {count(site.meters)}
      </td>
    </tr>
  );
}

function SiteLabels({ labels }: { labels: Readonly<Record<string, string>> }) {
  const entries = Object.entries(labels);
  if (entries.length === 0) return null;
  return <p class="labels">{entries.map(([name, value]) => `${name}=${value}`).join(', ')}</p>;
}

/** Both are null for somebody who sees only grants of the site. */
function SiteRemarks({ site: { refused_series: refused, anomalies } }: { site: SiteRow }) {
  const remarks = [
    (refused ?? 0) > 0 ? plural(refused ?? 0, 'refused reading') : '',
    (anomalies ?? 0) > 0 ? `${count(anomalies ?? 0)} ${anomalies === 1 ? 'anomaly' : 'anomalies'}` : '',
  ].filter((remark) => remark !== '');
  return remarks.length === 0 ? null : <p class="remarks">{remarks.join(', ')}</p>;
}
