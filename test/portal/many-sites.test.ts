import { expect, it, onTestFinished } from 'vitest';
import type { SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { createPortal } from '../../src/portal/portal.ts';
import { USAGE_SELECTORS } from '../../src/prometheus/usage-metrics.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { getJson, totalUsage } from '../support/api-client.ts';
import { temporaryFolder } from '../support/processes.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';

const SITES = 1000;
const HOUR = 3_600_000;

it('sweeps a thousand sites at once, and none fails', async () => {
  let sweeps = 0;
  const gate = await startFakeGate((_request, response) => {
    response.writeHead(200, TEXT_FORMAT).end(usageLine('p', sweeps / 1000, Date.now()));
  });
  const sites = Array.from({ length: SITES }, (_, index) => ({
    name: `site-${index}`,
    url: `${gate}/${index}`,
    token: 't',
    ca: undefined,
    intervalMs: 60_000,
    timeoutMs: 600_000,
    labels: {},
    selectors: USAGE_SELECTORS,
  }));
  const portal = createPortal(
    {
      listen: { host: '127.0.0.1', port: 0 },
      dataFolder: temporaryFolder(),
      databaseUrl: undefined,
      sites,
      autoSweep: false,
    },
    { clock: systemClock, logger: silentLogger() },
  );
  onTestFinished(async () => await portal.close());
  await portal.start();
  for (sweeps = 1; sweeps <= 2; sweeps += 1) await portal.sweep();
  const url = `http://${formatAddress(portal.address)}`;
  const { data } = (await getJson(`${url}/api/v1/sites`)) as { data: SiteRow[] };
  const failed = data.filter((site) => site.last_success_at === null || site.last_error !== null);
  expect([data.length, failed]).toEqual([SITES, []]);
  const rows = await totalUsage(url, Date.now() - 24 * HOUR, Date.now() + HOUR);
  expect(new Set(rows.map(({ amount }) => amount))).toEqual(new Set([0.001]));
  expect(rows).toHaveLength(SITES);
});
