import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { Page, SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { EXPORTER_METRICS } from '../../src/prometheus/usage-metrics.ts';
import { getJson, totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';
import { startPortalIn, verifyLedgerIn } from '../support/portal-under-test.ts';
import { installedPostgresql, runSql } from '../support/postgresql-server.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { remoteWrite, writtenSeries } from './write-request.ts';

const SITES = ['a', 'b', 'c', 'd'];
const VCPUS = 4;
const HOUR_MS = 3_600_000;
const SENDER_TOKEN = 'token-of-the-sender';

/** Starts gates of four sites that record which portal reads them: each portal has its own tokens. */
async function startGates() {
  const reads: [site: string, portal: string][] = [];
  const startMs = Date.now() - 3_600_000;
  const urls = await Promise.all(
    SITES.map(
      async (site) =>
        await startFakeGate((request, response) => {
          if (request.method !== 'GET') return void response.writeHead(404).end();
          reads.push([site, (request.headers.authorization ?? '').replace('Bearer token-of-', '')]);
          const nowMs = Date.now();
          const line = usageLine('p', (VCPUS * (nowMs - startMs)) / 3_600_000, nowMs);
          return void response.writeHead(200, TEXT_FORMAT).end(line);
        }),
    ),
  );
  /** Waits until each site is read twice more; returns the portals that read each site. */
  const readers = async () => {
    reads.length = 0;
    await eventually(async () =>
      SITES.every((site) => reads.filter(([read]) => read === site).length >= 2) ? true : undefined,
    );
    return SITES.map((site) => [
      ...new Set(reads.filter(([read]) => read === site).map(([, portal]) => portal)),
    ]);
  };
  return { urls, readers };
}

/** Starts a PostgreSQL server; `start` starts a portal that uses it with this configuration. */
async function setUpPortals(postgresql: string, tables: string) {
  const folder = temporaryFolder();
  const server = installedPostgresql(postgresql, join(folder, 'database'));
  onTestFinished(async () => await server.close());
  const connection = await server.start();
  if ('connectionString' in connection) throw new Error('the server has a socket');
  const { host, port, user, database } = connection;
  const env = {
    DATABASE_URL: `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`,
  };
  const start = async (name: string) => {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'token'), `token-of-${name}\n`);
    writeFileSync(join(own, 'sender-token'), `${SENDER_TOKEN}\n`);
    writeFileSync(join(own, 'portal.toml'), `lease_seconds = 3\n${tables}`);
    return await startPortalIn(own, undefined, env);
  };
  return { folder, connection, env, start };
}

describeWith(['postgresql'], 'portals on one database', ({ postgresql }) => {
  it(
    'read each site from one portal only, also after one stops, hangs or is killed',
    { timeout: 600_000 },
    async () => {
      const { urls, readers } = await startGates();
      const tables = SITES.map(
        (site, index) =>
          `[[site]]\nname = "${site}"\nurl = "${urls[index]}"\ntoken_file = "token"\ninterval_seconds = 1\n`,
      );
      const { folder, env, start } = await setUpPortals(postgresql, tables.join(''));
      const allReadBy = async (portal: string) =>
        await eventually(async () =>
          (await readers()).every((names) => names.length === 1 && names[0] === portal) ? true : undefined,
        );
      const sharedEqually = async () =>
        await eventually(async () => {
          const names = await readers();
          const single = names.every(({ length }) => length === 1);
          return single && names.flat().filter((name) => name === 'one').length === 2 ? true : undefined;
        });

      const one = await start('one');
      await allReadBy('one');
      const two = await start('two');
      await sharedEqually();

      one.process.send('SIGSTOP');
      await allReadBy('two');
      one.process.send('SIGCONT');
      await sharedEqually();

      await one.process.stop('SIGKILL');
      await allReadBy('two');
      const again = await start('one');
      await sharedEqually();
      await two.process.stop();
      await allReadBy('one');

      const sites = async () => ((await getJson(`${again.url}/api/v1/sites`)) as Page<SiteRow>).data;
      const found = await eventually(async () => {
        const states = await sites();
        const rows = await totalUsage(again.url, Date.now() - 86_400_000, Date.now() + 3_600_000);
        return isDeepStrictEqual(await sites(), states) ? { rows, states } : undefined;
      });
      expect(found.rows.map(({ site }) => site)).toEqual(SITES);
      for (const { name, first_reading_at: first, last_reading_at: last, anomalies } of found.states) {
        const hours = (Date.parse(last ?? '') - Date.parse(first ?? '')) / 3_600_000;
        const amount = found.rows.find(({ site }) => site === name)?.amount ?? 0;
        expect(Math.abs(amount / (VCPUS * hours) - 1)).toBeLessThan(1e-9);
        expect([name, anomalies]).toEqual([name, 0]);
      }
      await again.process.stop();
      expect(await verifyLedgerIn(folder, env)).toEqual([0, expect.stringContaining('every meter agrees')]);
    },
  );

  it('all accept remote write, and one of them folds all of it', { timeout: 600_000 }, async () => {
    const sender = '[[sender]]\nname = "prometheus"\ntoken_file = "sender-token"\nsite = "a"\n';
    const { folder, connection, env, start } = await setUpPortals(postgresql, sender);
    const foldingPortal = async () => {
      const rows = await runSql<{ holder: string }>(
        connection,
        "SELECT holder FROM ledger.lease WHERE name = 'inbox'",
      );
      return rows[0]?.holder;
    };
    const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
    let minutes = 0;
    /** Sends another minute of usage to this portal. */
    const write = async ({ url }: { url: string }) => {
      const atMs = startMs + minutes * 60_000;
      const labels = { project_id: 'p', project_name: 'p', instance: 'e' };
      const exporter = { instance: 'e', job: 'project_usages' };
      const usage = writtenSeries('project_vcpu_usage', labels, (VCPUS * minutes) / 60, atMs);
      const until = writtenSeries(EXPORTER_METRICS.foldedUntil, exporter, atMs / 1000, atMs);
      const epoch = writtenSeries(EXPORTER_METRICS.epochInfo, { ...exporter, epoch: 'one' }, 1, atMs);
      const answer = await remoteWrite(url, `Bearer ${SENDER_TOKEN}`, [usage, until, epoch]);
      minutes += 1;
      expect(answer).toEqual([204, '']);
    };
    const folded = async ({ url }: { url: string }) =>
      await eventually(async () => {
        const [site] = ((await getJson(`${url}/api/v1/sites`)) as Page<SiteRow>).data;
        return site?.last_reading_at === new Date(startMs + (minutes - 1) * 60_000).toISOString()
          ? true
          : undefined;
      });

    const one = await start('one');
    const first = await foldingPortal();
    const two = await start('two');
    await write(one);
    await write(two);
    await folded(two);
    expect(await foldingPortal()).toBe(first);

    one.process.send('SIGSTOP');
    await write(two);
    await folded(two);
    const second = await foldingPortal();
    one.process.send('SIGCONT');
    await write(one);
    await folded(one);

    await write(two);
    await two.process.stop('SIGKILL');
    await folded(one);
    expect([second === first, (await foldingPortal()) === first, (await foldingPortal()) === second]).toEqual(
      [false, true, false],
    );

    const rows = await totalUsage(one.url, startMs, startMs + 2 * HOUR_MS);
    expect(rows.map(({ amount }) => amount)).toEqual([(VCPUS * (minutes - 1)) / 60]);
    await one.process.stop();
    expect(await verifyLedgerIn(folder, env)).toEqual([0, expect.stringContaining('every meter agrees')]);
  });
});
