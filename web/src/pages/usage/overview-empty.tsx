import { useContext } from 'preact/hooks';
import { MeContext } from '../../live/api-context.ts';
import { readsEverything } from '../../live/roles.ts';

/** Instructions for a portal without sites. Somebody who sees only grants or sites cannot follow them. */
export function NoSites() {
  const me = useContext(MeContext);
  if (me !== undefined && !readsEverything(me))
    return (
      <section class="card empty">
        <h2>No usage yet</h2>
        <p>
          Your sites and grants have no readings yet. <a href="#/access">My access</a> shows what you may
          read.
        </p>
      </section>
    );
  return (
    <section class="card empty">
      <h2>No sites yet</h2>
      <p>
        This portal does not read any site yet. Add the first one to <code>portal.toml</code>, with the token
        that the site gave you, and reload the portal’s configuration:
      </p>
      <pre tabIndex={0}>
        <code>{SITE_EXAMPLE}</code>
      </pre>
      <p>The site then appears on this page.</p>
    </section>
  );
}

const SITE_EXAMPLE = `[[site]]
name = "site-a"
url = "https://usage.site-a.example:8443"
token_file = "site-a.token"`;

/** The text for a period without usage. */
export function NoUsage({ period }: { period: string }) {
  return (
    <div class="empty">
      <p>
        <strong>No usage in {period}.</strong> Counting starts at a site’s first reading, so usage appears
        with its second reading.
      </p>
    </div>
  );
}
