import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SiteRow } from '../../src/portal/api/shapes/answers.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { coverage, dailyUsage, hourlyUsage, serverHours, totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { FastTime, SPEED } from './fast-time.ts';
import { faultsOf } from './faults.ts';
import { startFederation, type ChaosFederation } from './federation.ts';
import { wronglyAnswered, wronglyRefused } from './gone.ts';
import type { LivingCloud } from './living-cloud.ts';
import { log } from './log.ts';
import { ask, readUpTo, removeEndedProjects, scrapedUpTo, settle, walk } from './pace.ts';
import { planOf, type Step } from './plan.ts';
import { checkPromises } from './promises.ts';
import { truthOf } from './truth.ts';
import { openDatabase } from '../../src/portal/database/database.ts';

/** Real minutes of faults; STACKMETER_CHAOS_MINUTES sets more, such as 8. */
const MINUTES = Number(process.env['STACKMETER_CHAOS_MINUTES'] ?? 0.5);
/** The same seed makes the same plan of faults and the same servers. */
const SEED = process.env['STACKMETER_CHAOS_SEED'] ?? 'one';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Hours are dropped by the month. A third of the faults come before this month starts; its hours are kept. */
const MONTH = Date.UTC(2026, 1, 1);
const FAULTS_BEFORE_MS = (MINUTES / 3) * MINUTE * SPEED;
const SITES = ['a', 'b'];
const PROJECTS = ['steady', 'busy', 'short', 'ending', 'coming'];

describeWith(['prometheus'], `a federation in which everything breaks (seed ${SEED})`, ({ prometheus }) => {
  it(
    'counts usage exactly, hour by hour, and day by day after hours are dropped',
    { timeout: 600_000 + MINUTES * MINUTE },
    async () => {
      const folder = temporaryFolder();
      const quietMs = MONTH - 70 * MINUTE;
      const time = new FastTime(join(folder, 'time.json'), quietMs - FAULTS_BEFORE_MS - HOUR);
      const untilMs = MONTH + (MINUTES + 5) * MINUTE * SPEED;
      const federation = await startFederation({
        folder,
        prometheus,
        seed: SEED,
        time,
        turnMs: MONTH,
        untilMs,
      });
      await readUpTo(federation, SITES, time.nowMs());
      await walk(time, time.nowMs() + HOUR, async (ms) => await readUpTo(federation, SITES, ms));

      const faults = faultsOf(federation);
      const plan = planOf(SEED, Object.keys(faults));
      time.goOn(quietMs);
      let steps = 0;
      for (; time.nowMs() < quietMs; steps += 1) await breakOne(federation, faults, plan);
      await readUpTo(federation, SITES, quietMs);
      await turnOfMonth(federation);
      // The loop does not wait for the answers, which may take as long as a portal is paused.
      const questions: Promise<string[]>[] = [];
      const endMs = Date.now() + (MINUTES - MINUTES / 3) * MINUTE;
      for (; Date.now() < endMs || steps < Object.keys(faults).length; steps += 1) {
        await breakOne(federation, faults, plan);
        questions.push(...federation.urls.map(async (url) => await wronglyAnswered(url, MONTH)));
      }
      await readUpTo(federation, SITES, time.nowMs() + 2 * HOUR);
      expect((await Promise.all(questions)).flat()).toEqual([]);
      await settle(federation);
      await federation.packer.pack();
      await check(federation);
    },
  );
});

type Faults = ReturnType<typeof faultsOf>;

/** Starts the next fault of the plan, packs the ledger, and waits for the pause of the plan. */
async function breakOne(
  federation: ChaosFederation,
  faults: Faults,
  plan: Generator<Step<string>>,
): Promise<void> {
  const { fault = '', lastsMs = 0, pauseMs = 0 } = plan.next().value ?? {};
  faults[fault]?.(lastsMs);
  log('faults', `${new Date().toISOString()} ${fault} ${Math.round(lastsMs)}\n`);
  void federation.packer.pack();
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  await removeEndedProjects(federation);
}

/**
 * Ends the month while site `a` is measured and site `b` is cut off. The usage of `b` in that time is spread after the
 * hours of the month are dropped, and corrected later from its Prometheus, which has no gap.
 */
async function turnOfMonth(federation: ChaosFederation): Promise<void> {
  const { time, packer, proxies, history } = federation;
  const endMs = MONTH + 10 * MINUTE;
  for (const name of ['b', 'one', 'two'] as const) proxies[name].cut(Infinity);
  await walk(time, endMs, async (ms) => {
    await Promise.all([readUpTo(federation, ['a'], ms), scrapedUpTo(federation, ms)]);
  });
  await eventually(async () => {
    await packer.pack();
    return packer.dropped > 0 ? true : undefined;
  });
  log('faults', `${new Date().toISOString()} the hours of ${packer.dropped} months of meters are dropped\n`);
  history.isRefused = true;
  proxies.b.cut(0);
  await readUpTo(federation, ['b'], endMs);
  await packer.pack();
  history.isRefused = false;
  for (const name of ['one', 'two'] as const) proxies[name].cut(0);
  time.goOn();
  await eventually(async () => ((await isLastHourMeasured(federation)) ? true : undefined));
}

/** Whether the last hour of the month that is over is measured at site `b`. */
async function isLastHourMeasured({ urls: [url = ''] }: ChaosFederation): Promise<boolean> {
  const hours = await coverage(url, MONTH - HOUR, MONTH);
  return hours.find(({ site }) => site === 'b')?.coverage === 'measured';
}

async function check(federation: ChaosFederation): Promise<void> {
  const { clouds, connection, urls } = federation;
  const checks = await Promise.all(
    Object.entries(clouds).map(async ([name, cloud]) => await checkSite(federation, name, cloud)),
  );
  for (const { site, measured, spread, days } of checks)
    log('faults', `${site}: ${measured} hours are measured, ${spread} spread; ${days} days without hours\n`);
  expect(checks.flatMap(({ broken }) => broken)).toEqual([]);
  expect(await statesOfServers(federation)).toEqual(
    expect.arrayContaining(['active', 'stopped', 'suspended']),
  );
  for (const { measured } of checks) expect(measured).toBeGreaterThan(0);
  for (const { days } of checks) expect(days).toBeGreaterThan(0);
  for (const url of urls) expect(await eventually(async () => await wronglyRefused(url, MONTH))).toEqual([]);
  const ledger = await openLedger({
    database: await openDatabase(connection, silentLogger()),
    clock: systemClock,
    logger: silentLogger(),
  });
  expect(await ledger.verify()).toEqual([]);
  await ledger.close();
}

/** The states in the ledger. Only site `a` has server hours. */
async function statesOfServers({ urls: [url = ''] }: ChaosFederation): Promise<string[]> {
  const rows = await serverHours(url, MONTH - 24 * HOUR, MONTH + 24 * HOUR);
  expect(new Set(rows.map(({ site }) => site))).toEqual(new Set(['a']));
  return [...new Set(rows.map(({ state }) => state))];
}

async function checkSite(federation: ChaosFederation, name: string, cloud: LivingCloud) {
  const sites = await eventually(async () => await ask<SiteRow>(federation, '/api/v1/sites'));
  const site = sites.find((one) => one.name === name);
  if (site === undefined) throw new Error(`there is no site ${name}`);
  expect([name, site.anomalies]).toEqual([name, 0]);
  const endMs = Math.floor(Date.parse(site.last_reading_at ?? '') / HOUR) * HOUR + HOUR;
  const firstDayMs = Math.floor(Date.parse(site.first_reading_at ?? '') / (24 * HOUR)) * 24 * HOUR;
  const ofSite = <T extends { site?: string | undefined }>(rows: T[]) =>
    rows.filter((row) => row.site === name);
  const [url = ''] = federation.urls;
  // Tries again after a failure, because a kept connection may close at the very instant of its next use.
  const answers = await eventually(async () => ({
    site,
    steps: ofSite([...(await dailyUsage(url, firstDayMs, MONTH)), ...(await hourlyUsage(url, MONTH, endMs))]),
    totals: ofSite(await totalUsage(url, firstDayMs, endMs)),
    serverHours: ofSite(await serverHours(url, firstDayMs, endMs)),
    coverage: ofSite(await coverage(url, firstDayMs, endMs)),
    keptFromMs: MONTH,
  }));
  return checkPromises(answers, PROJECTS, truthOf(cloud.servers));
}
