import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { eventually, freePort, runStackmeter, temporaryFolder } from '../support/processes.ts';
import { makeCluster, PASSWORD, startServer, tcpUrl } from '../support/postgresql-over-tcp.ts';
import { runSql } from '../support/postgresql-server.ts';
import { startPortal, startSite } from '../support/site.ts';

const profile = `
[elixir]
domain_id = "elixir-id"
[[elixir.projects]]
project_id = "one"
project_name = "one"
[[elixir.projects.machines]]
existence = 2026-01-01T00:00:00
`;

describeWith(['postgresql'], 'a portal on a PostgreSQL that already runs', ({ postgresql }) => {
  it('signs in with the password in DATABASE_URL, survives a restart of the database, and never shows the password', async () => {
    const folder = temporaryFolder();
    const cluster = makeCluster(postgresql, folder);
    const port = await freePort();
    const server = await startServer(postgresql, cluster, port);
    const env = { DATABASE_URL: tcpUrl(port) };

    writeFileSync(join(folder, 'profile.toml'), profile);
    const exporter = ['--interval', '1', '--settling-delay', '1', '--dummy-data', 'profile.toml'];
    const site = await startSite({ folder, exporter });
    const { url, portal } = await startPortal(folder, { 'site-a': site }, env);
    const usageAbove = async (least: number) =>
      await eventually(async () => {
        const fromMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000;
        const rows = await totalUsage(url, fromMs, fromMs + 10_800_000);
        const amount = rows.find(({ resource }) => resource === 'vcpu')?.amount ?? 0;
        return amount > least ? amount : undefined;
      });
    const before = await usageAbove(0);

    await server.stop('SIGINT');
    await eventually(async () => ((await fetch(`${url}/readyz`)).status === 503 ? true : undefined));
    await startServer(postgresql, cluster, port);
    expect(await usageAbove(before)).toBeGreaterThan(before);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

    await portal.stop();
    const verified = await runStackmeter(['portal', 'ledger', 'verify', '--config', 'portal.toml'], {
      cwd: folder,
      env,
    });
    expect([verified.code, verified.output]).toEqual([0, expect.stringMatching(/./)]);
    expect(portal.output() + verified.output).not.toContain(PASSWORD);
  });

  it('says in one line why it cannot use a database, and what to do', async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    await startServer(postgresql, makeCluster(postgresql, folder), port);
    const url = (user: string, database: string) => tcpUrl(port, user, database);
    for (const statement of [
      "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
      "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0",
      ...['guest', 'short', 'reader', 'crowd'].map(
        (role) => `CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`,
      ),
      'GRANT CREATE ON DATABASE postgres TO short, reader, crowd',
      'ALTER ROLE short SET statement_timeout = 500',
      'ALTER ROLE reader SET default_transaction_read_only = on',
      'ALTER ROLE crowd CONNECTION LIMIT 0',
    ])
      await runSql({ connectionString: url('meter', 'postgres') }, statement);
    for (const [user, database, line] of [
      ['meter', 'latin', /its encoding is LATIN1.*ENCODING 'UTF8'/],
      ['meter', 'ascii', /its encoding is SQL_ASCII/],
      ['guest', 'postgres', /may not create a schema: GRANT CREATE/],
      ['short', 'postgres', /its statement_timeout is 500 ms/],
      ['reader', 'postgres', /read-only/],
      ['crowd', 'postgres', /max_connections/],
    ] as const) {
      const env = { DATABASE_URL: url(user, database) };
      const { code, output } = await runStackmeter(['portal', '--listen', '127.0.0.1:0'], {
        cwd: folder,
        env,
      });
      expect(code).toBe(1);
      expect(output).toMatch(line);
      expect(output).not.toMatch(/\n {4}at /);
      expect(output).not.toContain(PASSWORD);
    }
  });
});
