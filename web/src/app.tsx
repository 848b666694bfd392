import { useContext, useLayoutEffect, useRef } from 'preact/hooks';
import { AppHeader } from './controls/app-header.tsx';
import { ConnectionNotice } from './controls/connection-notice.tsx';
import { MINUTE_MS } from './format.ts';
import { ApiContext, MeContext } from './live/api-context.ts';
import { useLive } from './live/use-live.ts';
import { NoRolePage } from './pages/access/no-role.tsx';
import { lazyPage } from './pages/lazy-page.tsx';
import { OverviewPage } from './pages/overview/overview.tsx';
import { UnknownPage } from './pages/unknown.tsx';
import { hasSignIn } from './live/roles.ts';
import type { Route } from './routing.ts';
import { useRoute } from './use-route.ts';

const AccessPage = lazyPage(async () => (await import('./pages/access/access.tsx')).AccessPage);
const AuditPage = lazyPage(async () => (await import('./pages/access/audit.tsx')).AuditPage);
const TotalsPage = lazyPage(async () => (await import('./pages/totals/totals.tsx')).TotalsPage);
const ProjectPage = lazyPage(async () => (await import('./pages/project/project.tsx')).ProjectPage);
const PricesPage = lazyPage(async () => (await import('./pages/prices/prices.tsx')).PricesPage);
const GrantPage = lazyPage(async () => (await import('./pages/grant/grant.tsx')).GrantPage);
const SitePage = lazyPage(async () => (await import('./pages/site/site-pages.ts')).SitePage);
const QualityPage = lazyPage(async () => (await import('./pages/site/site-pages.ts')).QualityPage);

export function App() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const api = useContext(ApiContext);
  const me = useLive('me', MINUTE_MS, (signal) => api.me(signal));
  useFocusOnNewPage(pageIdentity(route), main);
  return (
    <MeContext.Provider value={me.data}>
      <a class="skip-link" href="#content" onClick={(event) => skipTo(event, main.current)}>
        Skip to the content
      </a>
      <AppHeader />
      <main ref={main} tabIndex={-1} id="content" aria-busy={me.data === undefined}>
        {me.data !== undefined && !hasSignIn(me.data) && <NoSignInNotice />}
        {me.data === undefined && <ConnectionNotice states={[me]} />}
        {/* The first answer tells the portal's time, which decides the hours that a page asks for. */}
        {me.data !== undefined && <CurrentPage key={pageIdentity(route)} route={route} />}
      </main>
      <footer class="page-footer">
        <p>
          Times are UTC, or those of the time zone that a page names. Usage is amount × time: one vCPU for one
          hour is one vCPU-hour. The current hour includes usage up to each site’s latest reading.
        </p>
      </footer>
    </MeContext.Provider>
  );
}

function NoSignInNotice() {
  return (
    <p class="notice notice-warn">
      This portal has no sign-in: anyone who connects to it is an operator. The table <code>[access]</code> in{' '}
      <code>portal.toml</code> changes that.
    </p>
  );
}

function CurrentPage({ route }: { route: Route }) {
  const me = useContext(MeContext);
  if (route.page === 'access') return <AccessPage />;
  if (me?.rights.length === 0) return <NoRolePage />;
  if (route.page === 'audit') return <AuditPage route={route} />;
  if (route.page === 'overview') return <OverviewPage route={route} />;
  if (route.page === 'totals') return <TotalsPage route={route} />;
  if (route.page === 'project') return <ProjectPage route={route} />;
  if (route.page === 'grant') return <GrantPage route={route} />;
  if (route.page === 'prices') return <PricesPage route={route} />;
  if (route.page === 'site') return <SitePage route={route} />;
  if (route.page === 'quality') return <QualityPage />;
  return <UnknownPage address={route.address} />;
}

function pageIdentity(route: Route): string {
  if (route.page === 'grant' || route.page === 'site') return `${route.page}\n${route.name}`;
  if (route.page === 'prices') return `prices\n${route.name}`;
  return route.page === 'project' ? `${route.site}\n${route.projectId}` : route.page;
}

/** After following a link, readers and screen readers start at the top of the new page, and then at its heading. */
function useFocusOnNewPage(identity: string, main: { current: HTMLElement | null }): void {
  const first = useRef(true);
  useLayoutEffect(() => {
    if (!first.current) {
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [identity]);
}

/** Moves the focus by script: the fragment of the URL is the route, and a plain link to `#content` would replace it. */
function skipTo(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}
