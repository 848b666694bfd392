/** Instructions for a portal without sites. */
export function NoSites() {
  return (
    <section class="card empty">
      <h2>No sites yet</h2>
      <p>
        This portal does not read any site yet. Add the first one to <code>portal.toml</code>, with the token
        that the site gave you, and reload the portal’s configuration:
      </p>
      <pre>
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
        <strong>No usage in the last {period}.</strong> Counting starts at a site’s first reading, so usage
        appears with its second reading.
      </p>
    </div>
  );
}
