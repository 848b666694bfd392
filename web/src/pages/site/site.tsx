import { useContext } from 'preact/hooks';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { routeAddress, type SiteRoute } from '../../routing.ts';
import { UTC } from '../../periods/zone.ts';
import { loadSite, type SitePageData } from '../data/site-data.ts';
import { Charges } from '../usage/charges.tsx';
import { PageTitle } from '../usage/page-title.tsx';
import { ChangeLists, LAST_DAYS } from './changes.tsx';
import { CoverageCalendar } from './coverage-calendar.tsx';
import { Renamings } from './renamings.tsx';
import { SiteHead } from './site-head.tsx';
import { SiteHealth } from './site-health.tsx';

/** One site: is it all right, since when, what to do, and why its numbers changed. */
export function SitePage({ route }: { route: SiteRoute }) {
  const api = useContext(ApiContext);
  const loaded = useLive(`site ${route.name}`, 15 * SECOND_MS, async (signal) => ({
    found: await loadSite(api, route.name, signal),
  }));
  return (
    <>
      <PageTitle
        title={route.name}
        above={{ address: routeAddress({ page: 'quality' }), title: 'Data quality' }}
      />
      <ConnectionNotice states={[loaded]} />
      {loaded.data === undefined ? (
        <Waiting what="the site" error={loaded.error} class="card" />
      ) : (
        <SiteContent name={route.name} data={loaded.data.found} />
      )}
    </>
  );
}

function SiteContent({ name, data }: { name: string; data: SitePageData | undefined }) {
  if (data === undefined)
    return (
      <section class="card empty">
        <h2>This site is not known</h2>
        <p>
          The portal has no site <code>{name}</code>, or you may not read it.
        </p>
      </section>
    );
  const { site, days, changes, renamings = [], sweeps, refusals } = data;
  return (
    <>
      <SiteHead site={site} runs={sweeps?.rows ?? []} />
      <CoverageCalendar days={days} />
      {sweeps !== undefined && refusals !== undefined && (
        <SiteHealth time={changes.time} sweeps={sweeps} refusals={refusals} />
      )}
      <Charges question={{ ...changes.time, site: name, zone: UTC }} period={LAST_DAYS} />
      <ChangeLists changes={changes} />
      {renamings.length > 0 && <Renamings renamings={renamings} />}
    </>
  );
}
