import { useContext, useMemo } from 'preact/hooks';
import { Figures } from '../../controls/figures.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { COLOURS } from '../../charts/colours.ts';
import { Swatch } from '../../charts/swatch.tsx';
import { SECOND_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { visibleName } from '../../names.ts';
import { boundsOf, periodKey, periodLabel, stepFor } from '../../period.ts';
import type { GrantRoute } from '../../routing.ts';
import { usePageTitle } from '../../use-page-title.ts';
import { replaceRoute } from '../../use-route.ts';
import { loadGrant, type GrantPageData } from '../data/grant-data.ts';
import { GrantAllowances, GrantAmendments } from './grant-allowances.tsx';
import { GrantFacts } from './grant-facts.tsx';
import { GrantProjects } from './grant-projects.tsx';
import { Charges } from '../usage/charges.tsx';
import { EarlierNote } from '../usage/earlier-note.tsx';
import { PageHead } from '../usage/page-head.tsx';
import { ResourceCharts } from '../usage/resource-charts.tsx';
import { resourceFigures } from '../usage/resource-figures.ts';
import { UsageNumbers } from '../usage/usage-numbers.tsx';

/** The usage of a grant's projects at all sites. */
export function GrantPage({ route }: { route: GrantRoute }) {
  const api = useContext(ApiContext);
  const step = stepFor(route.period, route.step, api.nowMs());
  // Wrapped in an object: "no such grant" is an answer, and differs from no answer yet.
  const grant = useLive(
    `${route.name}\n${periodKey(route.period)}\n${step}`,
    10 * SECOND_MS,
    async (signal) => ({
      found: await loadGrant(api, route.name, route.period, step, signal),
    }),
  );
  usePageTitle(visibleName(route.name));
  const { name, tablePage } = route;
  return (
    <>
      <PageHead route={route} step={step} place="Grants" title={route.name} state={grant} />
      {grant.data === undefined && <Waiting what="the grant" error={grant.error} class="card" />}
      {grant.data !== undefined && grant.data.found === undefined && <NoSuchGrant name={name} />}
      {grant.data?.found !== undefined && (
        <div class={grant.pending ? 'outdated' : undefined} aria-busy={grant.pending}>
          <GrantContent
            route={route}
            data={grant.data.found}
            onPage={(wanted) => tablePage !== wanted && replaceRoute({ ...route, tablePage: wanted })}
          />
        </div>
      )}
    </>
  );
}

interface ContentProps {
  route: GrantRoute;
  data: GrantPageData;
  onPage: (page: number) => void;
}

function GrantContent({ route, data, onPage }: ContentProps) {
  const colours = useMemo(
    () => new Map(data.sites.slice(0, COLOURS).map((site, index) => [site, index + 1])),
    [data.sites.join('\n')],
  );
  return (
    <>
      <GrantAllowances grant={data.grant} />
      <GrantFacts grant={data.grant} />
      <Figures
        label={`Usage of ${periodLabel(data.span.period)}`}
        figures={resourceFigures(data.resources, data.span, data.earlier)}
      />
      <EarlierNote earlier={data.earlier} />
      <Charges question={{ ...boundsOf(data.span), grant: route.name }} period={route.period} />
      <ResourceCharts data={data} colours={colours} />
      <SiteKey sites={data.sites} colours={colours} />
      <GrantProjects data={data} />
      <GrantAmendments grant={data.grant} />
      <UsageNumbers
        data={data}
        question={{ by: ['grant', 'site', 'project', 'resource'], grant: route.name }}
        subject={route.name}
        page={route.tablePage}
        onPage={onPage}
      />
    </>
  );
}

/** The key to the colours of sites in all charts. */
function SiteKey({ sites, colours }: { sites: readonly string[]; colours: ReadonlyMap<string, number> }) {
  return (
    <ul class="key" aria-label="Sites in the charts">
      {sites.map((site) => (
        <li key={site}>
          <Swatch colour={colours.get(site)} /> <Name text={site} />
        </li>
      ))}
    </ul>
  );
}

function NoSuchGrant({ name }: { name: string }) {
  return (
    <section class="card empty">
      <h2>This grant is not known</h2>
      <p>
        The portal has no grant <Name text={name} />. Go to the <a href="#/">overview</a>.
      </p>
    </section>
  );
}
