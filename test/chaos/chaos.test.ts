import { expect, it } from 'vitest';
import type { Page, ProjectRow, SiteStatus } from '../../src/portal/ledger/ledger.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { coverage, getJson, hourlyUsage, totalUsage } from '../api-client.ts';
import { describeWith } from '../describe-with.ts';
import { runSql } from '../postgresql-server.ts';
import { eventually, temporaryFolder } from '../processes.ts';
import { startFederation, type ChaosFederation } from './federation.ts';
import type { LivingCloud } from './living-cloud.ts';
import { log } from './log.ts';
import { planOf } from './plan.ts';
import { checkPromises } from './promises.ts';
import { truthOf } from './truth.ts';

/** Real minutes of faults; a longer run, such as 8, by STACKMETER_CHAOS_MINUTES. */
const MINUTES = Number(process.env['STACKMETER_CHAOS_MINUTES'] ?? 0.5);
/** The same seed makes the same plan of faults, and the same servers. */
const SEED = process.env['STACKMETER_CHAOS_SEED'] ?? 'one';
/** Twelve minutes in a second. */
const SPEED = 720;
const HOUR = 3_600_000;
const PROJECTS = ['steady', 'busy', 'short', 'ending', 'coming'];

describeWith(['prometheus'], `a federation in which everything breaks (seed ${SEED})`, ({ prometheus }) => {
  it('counts exactly what was used, hour by hour', { timeout: 300_000 + MINUTES * 60_000 }, async () => {
    // In the evening, so that a day is over soon, and is packed.
    const acceleration = { realMs: Date.now(), simulatedMs: Date.UTC(2026, 0, 10, 19, 20), speed: SPEED };
    const untilMs = acceleration.simulatedMs + (MINUTES + 5) * 60_000 * SPEED;
    const folder = temporaryFolder();
    const federation = await startFederation({ folder, prometheus, seed: SEED, acceleration, untilMs });
    await calm(federation, 2 * HOUR);
    const faults = faultsOf(federation);
    const plan = planOf(SEED, Object.keys(faults));
    const endMs = Date.now() + MINUTES * 60_000;
    for (let step = 0; Date.now() < endMs || step < Object.keys(faults).length; step += 1) {
      const { fault = '', lastsMs = 0, pauseMs = 0 } = plan.next().value ?? {};
      faults[fault]?.(lastsMs);
      log('faults', `${new Date().toISOString()} ${fault} ${Math.round(lastsMs)}\n`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await removeWhatWasRead(federation);
    }
    await calm(federation, 2 * HOUR);
    await settle(federation);
    await federation.packer.pack();
    expect(federation.packer.packed).toBeGreaterThan(0);

    const checked = await Promise.all(
      Object.entries(federation.clouds).map(async ([name, cloud]) => await check(federation, name, cloud)),
    );
    for (const { site, measured, spread } of checked)
      log('faults', `${site}: ${measured} hours are measured, ${spread} spread\n`);
    expect(checked.flatMap(({ broken }) => broken)).toEqual([]);
    for (const { measured } of checked) expect(measured).toBeGreaterThan(0);
    const ledger = await openLedger({
      connection: federation.connection,
      clock: systemClock,
      logger: silentLogger(),
    });
    expect(await ledger.verify()).toEqual([]);
    await ledger.close();
  });
});

/** By name: begins, and lasts so long, in real milliseconds, where it does not end at once. */
function faultsOf({ clouds, ...parts }: ChaosFederation): Record<string, (lastsMs: number) => void> {
  const { exporters, gates, prometheuses, portals, proxies } = parts;
  const killed = Object.entries({ exporters, gates, prometheuses, portals }).flatMap(([kind, victims]) =>
    Object.entries(victims).map(([name, victim]) => [`kill ${kind} ${name}`, () => victim.kill()] as const),
  );
  const disturbed = Object.entries(proxies).flatMap(([name, proxy]) => [
    [`cut ${name}`, (lastsMs: number) => proxy.cut(lastsMs)] as const,
    [`delay ${name}`, (lastsMs: number) => proxy.delay(lastsMs)] as const,
  ]);
  const lived = Object.entries(clouds).flatMap(([name, cloud]) => [
    [`fail cloud ${name}`, (lastsMs: number) => cloud.fail(lastsMs)] as const,
    [`rename ${name}`, () => cloud.rename()] as const,
    [`move ${name}`, () => cloud.move()] as const,
    [`bring ${name}`, () => cloud.bring()] as const,
    [`end ${name}`, () => cloud.end()] as const,
  ]);
  return {
    ...Object.fromEntries([...killed, ...disturbed, ...lived]),
    'pause portal one': (lastsMs) => portals.one.pause(2 * lastsMs),
    'pause portal two': (lastsMs) => portals.two.pause(2 * lastsMs),
    pack: () => void parts.packer.pack(),
    'pack again': () => void parts.packer.pack(),
    'kill database': () => parts.killDatabase(),
    'kill database again': () => parts.killDatabase(),
  };
}

/** Of a portal that answers. */
async function ask<T>({ urls }: ChaosFederation, path: string): Promise<T[]> {
  return await Promise.any(urls.map(async (url) => ((await getJson(`${url}${path}`)) as Page<T>).data));
}

/** Every site is read again, and again, until so much simulated time of it is read. */
async function calm(federation: ChaosFederation, durationMs: number): Promise<void> {
  const lastOf = async () => {
    const sites = await ask<SiteStatus>(federation, '/api/v1/sites');
    return sites.map(({ last_reading_at: last }) => Date.parse(last ?? ''));
  };
  const some = async () => {
    const last = await lastOf();
    return last.length === 2 && last.every(Number.isFinite) ? last : undefined;
  };
  const before = await eventually(some, 120_000);
  await eventually(async () => {
    const last = await lastOf();
    return last.every((ms, index) => ms >= (before[index] ?? 0) + durationMs) ? last : undefined;
  }, 120_000);
}

/** A project whose servers have ended leaves Keystone once the portal has read all of it: what was never shown nobody can count. */
async function removeWhatWasRead(federation: ChaosFederation): Promise<void> {
  for (const [site, cloud] of Object.entries(federation.clouds)) {
    const { endedMs } = cloud;
    if (endedMs === undefined) continue;
    const rows = await ask<ProjectRow>(federation, `/api/v1/projects?site=${site}&search=ending`).catch(
      () => [],
    );
    if (rows.some(({ last_reading_at: last }) => Date.parse(last) >= endedMs)) cloud.remove();
  }
}

/** Nothing is read any more, and what was written is folded. */
async function settle({ exporters, prometheuses, connection }: ChaosFederation): Promise<void> {
  await Promise.all(
    [...Object.values(exporters), ...Object.values(prometheuses)].map(async (one) => await one.end()),
  );
  await eventually(async () => {
    const rows = await runSql(connection, 'SELECT FROM remote_write.inbox LIMIT 1');
    return rows.length === 0 ? true : undefined;
  }, 120_000);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

async function check(federation: ChaosFederation, name: string, cloud: LivingCloud) {
  const sites = await ask<SiteStatus>(federation, '/api/v1/sites');
  const site = sites.find((one) => one.name === name);
  if (site === undefined) throw new Error(`there is no site ${name}`);
  expect([name, site.anomalies]).toEqual([name, 0]);
  const hourOf = (time: string | null) => Math.floor(Date.parse(time ?? '') / HOUR) * HOUR;
  const period = [hourOf(site.first_reading_at), hourOf(site.last_reading_at) + HOUR] as const;
  const ofSite = <T extends { site: string }>(rows: T[]) => rows.filter((row) => row.site === name);
  const [url = ''] = federation.urls;
  const answers = {
    site,
    hours: ofSite(await hourlyUsage(url, ...period)),
    totals: ofSite(await totalUsage(url, ...period)),
    coverage: ofSite(await coverage(url, ...period)),
  };
  return checkPromises(answers, PROJECTS, truthOf(cloud.servers));
}
