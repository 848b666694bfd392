import { useContext, useEffect, useRef } from 'preact/hooks';
import { AppHeader } from './controls/app-header.tsx';
import { ConnectionNotice } from './controls/connection-notice.tsx';
import { MINUTE_MS } from './format.ts';
import { ApiContext, MeContext } from './live/api-context.ts';
import { useLive } from './live/use-live.ts';
import { AccessPage } from './pages/access/access.tsx';
import { NoRolePage } from './pages/access/no-role.tsx';
import { AuditPage } from './pages/access/audit.tsx';
import { GrantPage } from './pages/grant/grant.tsx';
import { OverviewPage } from './pages/overview/overview.tsx';
import { ProjectPage } from './pages/project/project.tsx';
import { UnknownPage } from './pages/unknown.tsx';
import { hasSignIn } from './live/roles.ts';
import type { Route } from './routing.ts';
import { useRoute } from './use-route.ts';

export function App() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const api = useContext(ApiContext);
  const me = useLive('me', MINUTE_MS, (signal) => api.me(signal));
  useFocusOnNewPage(pageIdentity(route), main);
  return (
    <MeContext.Provider value={me.data}>
      <a class="skip-link" href={location.hash || '#/'} onClick={(event) => skipTo(event, main.current)}>
        Skip to the content
      </a>
      <AppHeader />
      <main ref={main} tabIndex={-1} id="content" aria-busy={me.data === undefined}>
        {me.data !== undefined && !hasSignIn(me.data) && <NoSignInNotice />}
        {me.data === undefined ? <ConnectionNotice states={[me]} /> : <CurrentPage route={route} />}
      </main>
      <footer class="page-footer">
        <p>
          All times are UTC. Usage is amount × time: one vCPU for one hour is one vCPU-hour. The current hour
          includes usage up to each site’s latest reading.
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
  if (route.page === 'project') return <ProjectPage key={pageIdentity(route)} route={route} />;
  if (route.page === 'grant') return <GrantPage key={pageIdentity(route)} route={route} />;
  return <UnknownPage address={route.address} />;
}

function pageIdentity(route: Route): string {
  if (route.page === 'grant') return `grant\n${route.name}`;
  return route.page === 'project' ? `${route.site}\n${route.projectId}` : route.page;
}

/** After following a link, readers and screen readers start at the top of the new page. */
function useFocusOnNewPage(identity: string, main: { current: HTMLElement | null }): void {
  const first = useRef(true);
  useEffect(() => {
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
