import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GrantRow } from '../../src/portal/api/shapes/grant-answers.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createFederation } from '../../src/simulation/federation/federation.ts';
import { DEMO_SITES } from '../../src/simulation/federation/settings.ts';
import { generatedCloud } from '../../src/simulation/generated/generated-cloud.ts';
import { serverHoursTruth } from '../support/server-hours-truth.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';
import { getJson, serverHours, totalUsage } from '../support/api-client.ts';
import { find } from '../support/requirements.mjs';
import { runStackmeter, startStackmeter, temporaryFolder, type Running } from '../support/processes.ts';
import { walkDemo } from './walk-demo.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The demo computes a month in fast motion, which takes longest of all tests. */
const HANGS_AFTER_MS = 1_200_000;

interface SiteAnswer {
  first_reading_at: string;
  last_reading_at: string;
  refused_series: number;
  anomalies: number;
}

/** The first and the end of the last whole hour that the ledger knows for every site. */
async function knownHours(url: string): Promise<[number, number]> {
  const { data } = (await getJson(`${url}/api/v1/sites`)) as { data: SiteAnswer[] };
  const firstMs = Math.max(...data.map((site) => Date.parse(site.first_reading_at)));
  const lastMs = Math.min(...data.map((site) => Date.parse(site.last_reading_at)));
  expect(data.map((site) => [site.refused_series, site.anomalies])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  return [Math.ceil(firstMs / HOUR_MS) * HOUR_MS, Math.floor(lastMs / HOUR_MS) * HOUR_MS];
}

/** Amount × hours by site, project and resource, without zeros. */
type Amounts = Record<string, number>;

function trueAmounts(fromMs: number, toMs: number): Amounts {
  const amounts: Amounts = {};
  for (const { name, cloud } of DEMO_SITES) {
    for (const [projectId, usage] of usageTruth(generatedCloud(cloud), fromMs, toMs)) {
      for (const [resource, amountMs] of Object.entries(usage))
        amounts[`${name} ${projectId} ${resource}`] = Number(amountMs) / HOUR_MS;
      // A server counts in all its states.
      amounts[`${name} ${projectId} server`] = Number(usage.instance) / HOUR_MS;
    }
  }
  return amounts;
}

/** Server-hours by site, project, flavor and state. */
function trueServerHours(fromMs: number, toMs: number): Amounts {
  const amounts: Amounts = {};
  for (const { name, cloud } of DEMO_SITES)
    for (const { projectId, flavor, state, durationMs } of serverHoursTruth(
      generatedCloud(cloud),
      fromMs,
      toMs,
    ))
      amounts[`${name} ${projectId} ${flavor.name} ${state}`] = Number(durationMs) / HOUR_MS;
  return amounts;
}

async function portalAmounts(url: string, fromMs: number, toMs: number): Promise<Amounts> {
  const rows = await totalUsage(url, fromMs, toMs);
  expect([...new Set(rows.map(({ coverage }) => coverage))]).toEqual(['measured']);
  return Object.fromEntries(
    rows
      .filter(({ amount }) => amount !== 0)
      .map(({ site, project_id: project, resource, amount }) => [`${site} ${project} ${resource}`, amount]),
  );
}

async function portalServerHours(url: string, fromMs: number, toMs: number): Promise<Amounts> {
  const rows = await serverHours(url, fromMs, toMs);
  return Object.fromEntries(
    rows
      .filter(({ amount }) => amount !== 0)
      .map(({ site, project_id: project, flavor: { name }, state, amount }) => [
        `${site} ${project} ${name} ${state}`,
        amount,
      ]),
  );
}

async function expectTruth(url: string, fromMs: number, toMs: number): Promise<void> {
  expectEqual(await portalAmounts(url, fromMs, toMs), trueAmounts(fromMs, toMs));
  expectEqual(await portalServerHours(url, fromMs, toMs), trueServerHours(fromMs, toMs));
}

function expectEqual(amounts: Amounts, truth: Amounts): void {
  expect(Object.keys(amounts).sort()).toEqual(Object.keys(truth).sort());
  for (const [meter, amount] of Object.entries(truth))
    expect([meter, Math.abs((amounts[meter] ?? 0) - amount) <= 1e-9 * amount]).toEqual([meter, true]);
}

async function startDemo(folder: string): Promise<{ demo: Running; origin: string; url: string }> {
  const demo = startStackmeter(['demo', '--data', folder], { cwd: folder });
  onTestFinished(async () => void (await demo.stop()));
  const [, origin = ''] = await demo.waitFor(/Ibn Sina[^]*ready: (http:\/\/\S+)/, HANGS_AFTER_MS);
  return { demo, origin, url: await asOperator(origin, folder) };
}

/** The address with a token of an operator of the demo whose data is in `folder`. */
async function asOperator(origin: string, folder: string): Promise<string> {
  const args = ['portal', 'token', 'create', 'test', '--role', 'operator', '--data', join(folder, 'portal')];
  const { output } = await runStackmeter(args);
  return origin.replace('//', `//token:${output.trim()}@`);
}

/** One grant over both sites runs out soon, one lasts, and one ended with its usage inside its period. */
async function expectGrants(url: string): Promise<void> {
  const { data } = (await getJson(`${url}/api/v1/grants`)) as { data: GrantRow[] };
  const shown = data.map(({ name, projects, people, balances }) => ({
    name,
    sites: new Set(projects.map(({ site }) => site)).size,
    people: people?.length,
    runsOut: balances?.[0]?.runs_out_on !== null,
    reason: balances?.[0]?.reason,
    used: (balances?.[0]?.used ?? 0) > 0,
  }));
  const common = { sites: 2, used: true };
  expect(shown).toEqual([
    { ...common, name: 'climate', people: 2, runsOut: true, reason: null },
    { ...common, name: 'imaging', people: 1, runsOut: false, reason: 'lasts to the end of the period' },
    { ...common, name: 'summer course', people: 1, runsOut: false, reason: 'ended' },
  ]);
}

/** The number of hours that the demo simulated before it was ready. */
function simulatedHours(demo: Running): number {
  return Number(/(\d+) hours in fast motion/.exec(demo.output())?.[1] ?? 0);
}

describe('the demo', { timeout: 2 * HANGS_AFTER_MS }, () => {
  it('starts with 30 days of history, which equal the true usage, and continues this history after a restart', async () => {
    const folder = temporaryFolder();
    const first = await startDemo(folder);

    expect(first.demo.output()).toMatch(
      /portal: http:\S+\/#\/\?range=30d\n(.*\n)+.*the pages fill while you look/,
    );
    const [fromMs, toMs] = await knownHours(first.url);
    expect((toMs - fromMs) / DAY_MS).toBeGreaterThanOrEqual(30);
    await expectTruth(first.url, fromMs, toMs);
    await expectTruth(first.url, toMs - HOUR_MS, toMs);
    await expectGrants(first.url);
    const chromium = find('chromium');
    if (chromium !== undefined) await walkDemo(first.origin, first.url, folder, chromium);
    expect(await first.demo.stop('SIGINT')).toBe(0);

    const second = await startDemo(folder);
    expect(simulatedHours(first.demo)).toBeGreaterThan(30 * 24 - 2);
    expect(simulatedHours(second.demo)).toBeLessThan(24);
    expect((await knownHours(second.url))[0]).toBe(fromMs);
    await expectTruth(second.url, fromMs, toMs);
    expect(await second.demo.stop('SIGINT')).toBe(0);

    const verified = await runStackmeter(['portal', 'ledger', 'verify', '--data', join(folder, 'portal')]);
    expect([verified.code, verified.output]).toEqual([0, 'every meter agrees with its entries\n']);
  });

  it('simulates the hours in which it did not run, each hour by itself', async () => {
    const folder = temporaryFolder();
    const noonMs = Date.UTC(2026, 4, 1, 12);
    const liveUntil = async (nowMs: number, check: (url: string) => Promise<void>) => {
      const clock: Clock = { nowMs: () => nowMs, sleep: async (_, signal) => await aborted(signal) };
      const listen = { host: '127.0.0.1', port: 0 };
      const federation = createFederation(
        { dataFolder: folder, listen, historyMs: 3 * HOUR_MS, sites: DEMO_SITES },
        { clock, logger: silentLogger() },
      );
      try {
        await federation.start();
        await check(await asOperator(`http://${formatAddress(federation.address)}`, folder));
      } finally {
        await federation.close();
      }
    };
    const expectHours = async (url: string, fromMs: number, toMs: number) => {
      expect(await knownHours(url)).toEqual([fromMs, toMs]);
      for (let hourMs = fromMs; hourMs < toMs; hourMs += HOUR_MS)
        await expectTruth(url, hourMs, hourMs + HOUR_MS);
    };
    await liveUntil(
      noonMs + 20 * 60_000,
      async (url) => await expectHours(url, noonMs - 3 * HOUR_MS, noonMs),
    );
    await liveUntil(
      noonMs + 5 * HOUR_MS + 20 * 60_000,
      async (url) => await expectHours(url, noonMs - 3 * HOUR_MS, noonMs + 5 * HOUR_MS),
    );
  });
});

async function aborted(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
