import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../runtime/clock.ts';
import { closeServer, listen } from '../../runtime/http/listen.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { FoldOutcome, SiteStatus, Sweep } from '../ledger/ledger.ts';
import { createPortalMetrics } from '../metrics.ts';
import type { SiteConfig } from '../settings/site-settings.ts';
import { Collector } from './collector.ts';
import { DEFAULT_BODY_LIMITS } from './federate-body.ts';

const NOW = Date.UTC(2026, 0, 1);
const text = { 'content-type': 'text/plain' };

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end();
});

async function siteWith(name: string, handler: RequestListener): Promise<SiteConfig> {
  const gate: Server = createServer(handler);
  const { port } = await listen(gate, { host: '127.0.0.1', port: 0 });
  ending.push(async () => await closeServer(gate, 0));
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    token: 't',
    ca: undefined,
    intervalMs: 1000,
    // As long as a test may take: a slow answer on a busy machine is no failure of the site.
    timeoutMs: 300_000,
    labels: {},
    selectors: ['a'],
  };
}

const good: RequestListener = (_request, response) => void response.writeHead(200, text).end('a 1\nb 2\n');
const bad: RequestListener = (_request, response) => void response.writeHead(500, text).end('no');

function siteStatus(name: string, meters: number): SiteStatus {
  return {
    name,
    labels: {},
    firstReadingMs: undefined,
    lastReadingMs: undefined,
    clouds: [],
    lastSweepMs: undefined,
    lastSuccessMs: undefined,
    lastError: undefined,
    declared: true,
    ordinaryPauseMs: 900_000,
    projects: 0,
    meters,
    refusedSeries: 0,
    anomalies: 0,
  };
}

/** A clock whose sleeps end when the test ends them. */
function handClock() {
  const sleepers: (() => void)[] = [];
  const clock: Clock = {
    nowMs: () => NOW,
    sleep: async (_durationMs, signal) =>
      await new Promise<void>((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        signal?.addEventListener('abort', wake);
        sleepers.push(wake);
        return undefined;
      }),
  };
  return { clock, wakeAll: () => sleepers.splice(0).forEach((wake) => wake()) };
}

function setUp(fold: () => Promise<FoldOutcome> = async () => ({ folded: 2, ignored: 1, anomalies: 0 })) {
  const calls: unknown[] = [];
  const projects: string[] = [];
  const totals: bigint[] = [];
  const watchers: (() => void)[] = [];
  const note = (call: unknown) => {
    calls.push(call);
    watchers.splice(0).forEach((watcher) => watcher());
  };
  const meters = new Map<string, number>();
  const { clock, wakeAll } = handClock();
  const metrics = createPortalMetrics();
  const collector = new Collector({
    ledger: {
      fold: async (site: string, { receivedAtMs, readings }: Sweep) => {
        projects.push(...readings.map(({ projectId }) => projectId));
        totals.push(...readings.map(({ total }) => total));
        note(['fold', site, receivedAtMs]);
        return await fold();
      },
      recordFailure: async (site: string, atMs: number, reason: string) =>
        note(['failure', site, atMs, reason]),
      site: async (name) => siteStatus(name, meters.get(name) ?? 0),
      gaps: async () => [],
      foldLate: async () => await Promise.reject(new Error('there are no gaps in this test')),
    },
    clock,
    logger: silentLogger(),
    metrics,
    random: () => 0.5,
    limits: DEFAULT_BODY_LIMITS,
  });
  ending.push(async () => await collector.close());
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => void watchers.push(resolve));
  };
  return { collector, meters, calls, projects, totals, metrics, wakeAll, until };
}

describe('sweeping the sites', () => {
  it('folds the sweep of each site, records failures, and counts both', async () => {
    const { collector, calls, metrics } = setUp();
    await collector.setSites([await siteWith('a', good), await siteWith('b', bad)]);
    await collector.sweep();
    expect(new Set(calls)).toEqual(
      new Set([
        ['failure', 'b', NOW, 'the gate answers 500: no'],
        ['fold', 'a', NOW],
      ]),
    );
    const lines = (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => /^stackmeter_portal_(?!build)/.test(line));
    expect(lines.toSorted()).toEqual([
      'stackmeter_portal_anomalies_total{site="a"} 0',
      'stackmeter_portal_folded_readings_total{site="a"} 2',
      'stackmeter_portal_ignored_readings_total{site="a"} 1',
      'stackmeter_portal_lease_losses_total 0',
      'stackmeter_portal_refused_series_total{site="a"} 2',
      'stackmeter_portal_reload_success 1',
      'stackmeter_portal_remote_write_waiting_samples 0',
      'stackmeter_portal_sites 0',
      'stackmeter_portal_sites_held 2',
      'stackmeter_portal_sweeps_total{site="a",result="success"} 1',
      'stackmeter_portal_sweeps_total{site="b",result="failure"} 1',
    ]);
  });

  it("tells the parts of a site's pool projects apart (A9)", async () => {
    const { collector, projects } = setUp();
    const parts = ['x', 'y'].map(
      (name) => `project_vcpu_usage{project_id="pool",project_name="${name}"} 1\n`,
    );
    const pool: RequestListener = (_request, response) =>
      void response.writeHead(200, text).end(parts.join(''));
    await collector.setSites([{ ...(await siteWith('a', pool)), poolProjects: ['pool'] }]);
    await collector.sweep();
    expect(projects).toEqual(['pool/x', 'pool/y']);
  });

  it("reads memory in the site's unit", async () => {
    const { collector, totals } = setUp();
    const memory: RequestListener = (_request, response) =>
      void response.writeHead(200, text).end('project_mb_usage{project_id="p"} 1\n');
    await collector.setSites([{ ...(await siteWith('a', memory)), memoryUnit: 'GiB' }]);
    await collector.sweep();
    expect(totals).toEqual([1024n * 3_600_000n]);
  });

  it('continues with the other sites while one hangs', async () => {
    const { collector, calls, wakeAll, until } = setUp();
    let asked = 0;
    const hangs: RequestListener = () => void asked++;
    await collector.setSites([await siteWith('slow', hangs), await siteWith('a', good)]);
    collector.start();
    for (let sweeps = 1; sweeps <= 3; sweeps++) {
      while (calls.length < sweeps) {
        wakeAll();
        await new Promise((resolve) => void setImmediate(resolve));
      }
    }
    await until(() => calls.length >= 3);
    expect([asked, calls.slice(0, 3)]).toEqual([1, Array.from({ length: 3 }, () => ['fold', 'a', NOW])]);
  });

  it('reads large sites in turn, from the first sweep on if the ledger knows their size', async () => {
    const { collector, meters, calls, until } = setUp();
    let asked = 0;
    const answers: (() => void)[] = [];
    const large: RequestListener = (_request, response) => {
      asked += 1;
      answers.push(() => void response.writeHead(200, text).end('a 1\n'));
    };
    meters.set('one', 100_000).set('two', 100_000);
    await collector.setSites([
      await siteWith('one', large),
      await siteWith('two', large),
      await siteWith('small', good),
    ]);
    const sweeping = collector.sweep();
    // The small site is asked after both: if the other large site did not wait, it would have been asked by now.
    await until(() => calls.length === 1);
    for (let turn = 1; turn <= 2; turn += 1) {
      while (answers.length === 0) await new Promise((resolve) => void setImmediate(resolve));
      expect([asked, calls.length]).toEqual([turn, turn]);
      answers.pop()?.();
    }
    await sweeping;
  });

  it('starts sites that turn out to be large again, in turn', async () => {
    const { collector, calls } = setUp();
    const lines = Array.from(
      { length: 25_000 },
      (_, n) => `project_vcpu_usage{project_id="${n}"} 1 ${NOW}\n`,
    );
    const open = new Set<ServerResponse>();
    let asked = 0;
    // Each answer ends only after the other was broken off.
    const large: RequestListener = (_request, response) => {
      asked += 1;
      response.writeHead(200, text).write(lines.join(''));
      if (asked > 2) response.end();
      else open.add(response);
      response.once('close', () => {
        open.delete(response);
        for (const other of open) other.end();
      });
    };
    await collector.setSites([await siteWith('one', large), await siteWith('two', large)]);
    await collector.sweep();
    expect(new Set(calls)).toEqual(
      new Set([
        ['fold', 'one', NOW],
        ['fold', 'two', NOW],
      ]),
    );
    expect(calls).toHaveLength(2);
    expect(asked).toBe(3);
  });

  it('does not blame the site when the ledger fails', async () => {
    const { collector, calls, metrics } = setUp(async () => {
      throw new Error('database is away');
    });
    await collector.setSites([await siteWith('a', good)]);
    await collector.sweep();
    expect(calls).toEqual([
      ['fold', 'a', NOW],
      ['failure', 'a', NOW, 'the ledger could not fold the sweep: database is away'],
    ]);
    expect(await metrics.registry.metrics()).toContain(
      'stackmeter_portal_sweeps_total{site="a",result="ledger_failure"} 1',
    );
  });

  it('waits on close for a running fold, and records nothing about a request that it cuts off', async () => {
    let finish: (() => void) | undefined;
    const { collector, calls, until } = setUp(
      async () =>
        await new Promise((resolve) => {
          finish = () => resolve({ folded: 1, ignored: 0, anomalies: 0 });
        }),
    );
    await collector.setSites([await siteWith('a', good), await siteWith('hangs', () => undefined)]);
    const sweep = collector.sweep();
    await until(() => calls.length === 1);
    let closed = false;
    const closing = collector.close().then(() => (closed = true));
    await new Promise((resolve) => void setImmediate(resolve));
    expect(closed).toBe(false);
    finish?.();
    await Promise.all([closing, sweep]);
    expect(calls).toEqual([['fold', 'a', NOW]]);
  });

  it('stops reading a removed site, and continues with an unchanged one', async () => {
    const { collector, calls, metrics } = setUp();
    const [a, b] = [await siteWith('a', good), await siteWith('b', good)];
    await collector.setSites([a, b]);
    await collector.sweep();
    await collector.setSites([{ ...a }]);
    await collector.sweep();
    expect(calls.filter((call) => (call as string[])[1] === 'b')).toHaveLength(1);
    const exposition = await metrics.registry.metrics();
    expect(exposition).toContain('stackmeter_portal_sweeps_total{site="a",result="success"} 2');
    expect(exposition).toContain('stackmeter_portal_sweeps_total{site="b",result="success"} 1');
  });
});
