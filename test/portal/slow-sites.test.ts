import { describe, expect, it, onTestFinished } from 'vitest';
import type { SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { createPortal } from '../../src/portal/portal.ts';
import { USAGE_SELECTORS } from '../../src/prometheus/usage-metrics.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { getJson } from '../support/api-client.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';
import { temporaryFolder } from '../support/processes.ts';

describe('a portal with a site that hangs, one that drips and one that floods', () => {
  it('sweeps the other sites at their own interval', async () => {
    let requests = 0;
    let enough: () => void;
    const goodIsSwept = new Promise<void>((resolve) => (enough = resolve));
    const open = new Set<string>();
    const good = await startFakeGate((_request, response) => {
      requests += 1;
      if (requests === 5) enough();
      response.writeHead(200, TEXT_FORMAT).end(usageLine('p', requests, Date.now()));
    });
    const badGate = async (name: string, answer: Parameters<typeof startFakeGate>[0]) =>
      await startFakeGate((request, response) => {
        open.add(name);
        response.on('close', () => open.delete(name));
        answer(request, response);
      });
    const urls = {
      good,
      hangs: await badGate('hangs', () => undefined),
      drips: await badGate('drips', (_request, response) => {
        const timer = setInterval(() => response.write('# drip\n'), 20);
        response.writeHead(200, TEXT_FORMAT).on('close', () => clearInterval(timer));
      }),
      floods: await badGate('floods', (_request, response) => {
        response.writeHead(200, TEXT_FORMAT);
        const flood = () => {
          while (!response.destroyed && response.write('# flood flood flood flood\n'.repeat(100)));
        };
        response.on('drain', flood);
        flood();
      }),
    };
    const sites = Object.entries(urls).map(([name, url]) => ({
      name,
      url,
      token: 't',
      ca: undefined,
      intervalMs: 1000,
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
        autoSweep: true,
      },
      { clock: systemClock, logger: silentLogger(), random: () => 0 },
    );
    onTestFinished(async () => await portal.close());
    await portal.start();
    await goodIsSwept;
    expect([...open].filter((name) => name !== 'floods').toSorted()).toEqual(['drips', 'hangs']);
    const url = `http://${formatAddress(portal.address)}`;
    const { data } = (await getJson(`${url}/api/v1/sites`)) as { data: SiteRow[] };
    expect(data.map(({ name, last_success_at }) => [name, last_success_at !== null])).toEqual([
      ['drips', false],
      ['floods', false],
      ['good', true],
      ['hangs', false],
    ]);
  });
});
