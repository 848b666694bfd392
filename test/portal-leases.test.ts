import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { Page, SiteStatus } from '../src/portal/ledger/ledger.ts';
import { getJson, totalUsage } from './api-client.ts';
import { describeWith } from './describe-with.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';
import { startPortalIn, verifyLedgerIn } from './portal-under-test.ts';
import { installedPostgresql } from './postgresql-server.ts';
import { eventually, temporaryFolder } from './processes.ts';

const SITES = ['a', 'b', 'c', 'd'];
const VCPUS = 4;

/** Gates of four sites that note who reads them: each portal has tokens of its own. */
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
  /** Who reads each site from now on, once each has been read again several times. */
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

describeWith(['postgresql'], 'portals on one database', ({ postgresql }) => {
  it('read each site once between them, whatever becomes of one', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder();
    const server = installedPostgresql(postgresql, join(folder, 'database'));
    onTestFinished(async () => await server.close());
    const connection = await server.start();
    if ('connectionString' in connection) throw new Error('the server has a socket');
    const { host, port, user, database } = connection;
    const env = {
      DATABASE_URL: `postgresql://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`,
    };
    const { urls, readers } = await startGates();
    const start = async (name: string) => {
      const own = join(folder, name);
      mkdirSync(own, { recursive: true });
      writeFileSync(join(own, 'token'), `token-of-${name}\n`);
      const tables = SITES.map(
        (site, index) =>
          `[[site]]\nname = "${site}"\nurl = "${urls[index]}"\ntoken_file = "token"\ninterval_seconds = 1\n`,
      );
      writeFileSync(join(own, 'portal.toml'), `lease_seconds = 3\n${tables.join('')}`);
      return await startPortalIn(own, undefined, env);
    };
    const allReadBy = async (portal: string) =>
      await eventually(async () =>
        (await readers()).every((names) => names.length === 1 && names[0] === portal) ? true : undefined,
      );
    const halved = async () =>
      await eventually(async () => {
        const names = await readers();
        const single = names.every(({ length }) => length === 1);
        return single && names.flat().filter((name) => name === 'one').length === 2 ? true : undefined;
      });

    const one = await start('one');
    await allReadBy('one');
    const two = await start('two');
    await halved();

    one.process.send('SIGSTOP');
    await allReadBy('two');
    one.process.send('SIGCONT');
    await halved();

    await one.process.stop('SIGKILL');
    await allReadBy('two');
    const again = await start('one');
    await halved();
    await two.process.stop();
    await allReadBy('one');

    const sites = async () => ((await getJson(`${again.url}/api/v1/sites`)) as Page<SiteStatus>).data;
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
  });
});
