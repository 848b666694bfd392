/** What to do where the portal knows no site yet. */
export function NoSites() {
  return (
    <section class="card empty">
      <h2>No sites yet</h2>
      <p>
        This portal reads no site so far. Name the first one in <code>portal.toml</code>, with the token that
        the site gave you, and tell the portal to read its configuration again:
      </p>
      <pre>
        <code>{SITE_EXAMPLE}</code>
      </pre>
      <p>This page shows the site as soon as the portal knows it.</p>
    </section>
  );
}

const SITE_EXAMPLE = `[[site]]
name = "site-a"
url = "https://usage.site-a.example:8443"
token_file = "site-a.token"`;

/** Sites are known, but there is no usage in the time that was chosen. */
export function NoUsage({ period }: { period: string }) {
  return (
    <div class="empty">
      <p>
        <strong>No usage in the last {period}.</strong> A site’s first reading is where counting begins; usage
        shows from its second reading on.
      </p>
    </div>
  );
}
