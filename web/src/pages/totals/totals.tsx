import { useContext } from 'preact/hooks';
import { Announcement } from '../../controls/announcement.tsx';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Select } from '../../controls/select.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { periodKey, periodLabel, stepFor } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { GROUP_KINDS, type GroupKind, type TotalsRoute } from '../../routing.ts';
import { usePageTitle } from '../../use-page-title.ts';
import { replaceRoute } from '../../use-route.ts';
import { loadTotals, type Totals } from '../data/totals-data.ts';
import { NoUsage } from '../usage/overview-empty.tsx';
import { PeriodControls } from '../usage/period-controls.tsx';
import { TotalsChart } from './totals-chart.tsx';
import { TotalsTable } from './totals-table.tsx';

/** The usage of a period by site, domain, grant or institution, compared with another time. */
export function TotalsPage({ route }: { route: TotalsRoute }) {
  const api = useContext(ApiContext);
  const { period, by, resource } = route;
  const step = stepFor(period, undefined, api.nowMs());
  const totals = useLive(`${periodKey(period)} ${by} ${resource ?? ''}`, 10 * SECOND_MS, (signal) =>
    loadTotals(api, { period, step, by, resource }, signal),
  );
  usePageTitle(`Usage by ${by}`);
  return (
    <>
      <div class="page-head">
        <h1>
          Usage by {by} <span class="heading-detail">{periodLabel(period)}</span>
        </h1>
        <TotalsControls route={route} totals={totals.data} />
      </div>
      <ConnectionNotice states={[totals]} />
      <Announcement pending={totals.pending} words={`Usage by ${by} of ${periodLabel(period)}`} />
      {totals.data === undefined ? (
        <Waiting what="the usage" error={totals.error} class="card" />
      ) : (
        <div class={totals.pending ? 'outdated' : undefined} aria-busy={totals.pending}>
          <TotalsContent by={by} totals={totals.data} />
        </div>
      )}
    </>
  );
}

function TotalsControls({ route, totals }: { route: TotalsRoute; totals: Totals | undefined }) {
  const resources = totals?.resources ?? [];
  return (
    <div class="controls">
      <Select
        label="By"
        options={GROUP_KINDS.map((kind) => ({ value: kind, label: kind }))}
        chosen={route.by}
        onChoose={(by) => replaceRoute({ ...route, by })}
      />
      {resources.length > 0 && (
        <Select
          label="Resource"
          options={resources.map(({ resource }) => ({ value: resource, label: resourceLabel(resource) }))}
          chosen={totals?.resource?.resource}
          onChoose={(resource) => replaceRoute({ ...route, resource })}
        />
      )}
      <PeriodControls period={route.period} onChoose={(period) => replaceRoute({ ...route, period })} />
    </div>
  );
}

function TotalsContent({ by, totals }: { by: GroupKind; totals: Totals }) {
  if (totals.resource === undefined)
    return (
      <section class="card">
        <NoUsage period={periodLabel(totals.span.period)} />
      </section>
    );
  return (
    <>
      <TotalsChart by={by} totals={totals} resource={totals.resource} />
      <TotalsTable by={by} totals={totals} resource={totals.resource} />
    </>
  );
}
