import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExporterState } from '../../src/exporter/state/state-format.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { SIMULATED_ADMINISTRATOR } from '../../src/simulation/administrator.ts';
import {
  createSimulatedCloud,
  SIMULATION_DEFAULTS,
  type SimulatedCloud,
} from '../../src/simulation/simulated-cloud.ts';
import { ChangingCloud } from './changing-cloud.ts';
import { LivedSite, RESOURCES, SETTLING_MS } from '../portal/lived-site.ts';
import { life, type Life } from './random-lives.ts';
import { START_MS } from './small-cloud.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';
import { serverHoursTruth } from '../support/server-hours-truth.ts';
import { flavorTruth } from '../support/belongings-truth.ts';

/** The same seed makes the same lives. STACKMETER_LIVES_SEED sets the seed, STACKMETER_LIVES the number of lives. */
const SEED = Number(process.env['STACKMETER_LIVES_SEED'] ?? 1);
const RUNS = Number(process.env['STACKMETER_LIVES'] ?? 40);
const DAY_MS = 86_400_000;

/** True usage up to the state's instant, in the form of the state. */
function truthOf(simulated: SimulatedCloud, { meter }: ExporterState): Map<string, Record<string, bigint>> {
  const gpus = flavorTruth(simulated.model(), START_MS, meter.untilMs, ({ vcpus }) =>
    vcpus > 2 ? vcpus / 4 : 0,
  );
  const usage = usageTruth(simulated.model(), START_MS, meter.untilMs);
  return new Map([...usage].map(([id, used]) => [id, { ...used, gpu: gpus.get(id) ?? 0n }]));
}

/** Expects that each total is within `mayMiss` of the truth. */
function expectNear(
  { meter }: ExporterState,
  truth: ReadonlyMap<string, Record<string, bigint>>,
  mayMiss: ReadonlyMap<string, bigint>,
): void {
  for (const id of new Set([...meter.totals.keys(), ...truth.keys()])) {
    for (const resource of RESOURCES) {
      if (resource === 'gpu' && meter.unreadFlavors !== undefined) continue; // counted once flavors are read
      const counted: bigint = meter.totals.get(id)?.[resource] ?? 0n;
      const missed = (truth.get(id)?.[resource] ?? 0n) - counted;
      const allowed = mayMiss.get(id) ?? 0n;
      const isNear = missed <= allowed && -missed <= allowed;
      expect([id, resource, isNear ? 'near' : missed]).toEqual([id, resource, 'near']);
    }
  }
}

/** Usage that may be missing: unknowable usage, and the latest usage of servers missing from Nova's answer. */
function missable({ meter }: ExporterState, unknowable: ReadonlyMap<string, bigint>): Map<string, bigint> {
  const most = new Map(unknowable);
  for (const { projectId, countedUntilMs = meter.untilMs, absentSinceMs } of meter.servers.values()) {
    if (absentSinceMs === undefined) continue;
    const missed = BigInt(meter.untilMs - countedUntilMs) * 8192n;
    most.set(projectId, (most.get(projectId) ?? 0n) + missed);
  }
  return most;
}

/** Expects that a server is missing from a folded answer only before its launch or after it is archived. */
function expectNonePartial({ meter }: ExporterState, { servers }: ChangingCloud): void {
  for (const { id, launches, archivedMs } of servers) {
    if (meter.servers.get(id)?.absentSinceMs === undefined || archivedMs !== undefined) continue;
    expect([id, launches.at(-1)?.atMs]).toEqual([
      id,
      expect.toSatisfy((atMs: number) => atMs >= meter.untilMs),
    ]);
  }
}

/** Expects that server hours add up to the totals, and that no state is longer than it really was. */
function expectServerHours(
  { meter: { hours, totals, untilMs } }: ExporterState,
  simulated: SimulatedCloud,
  gentle: boolean,
): void {
  const real = new Map<string, bigint>();
  for (const { projectId, state, durationMs } of serverHoursTruth(simulated.model(), START_MS, untilMs)) {
    const key = `${projectId} ${state}`;
    real.set(key, (real.get(key) ?? 0n) + durationMs);
  }
  for (const [projectId, { vcpu, mb, disk_gb, instance }] of totals) {
    const sums = { vcpu: 0n, mb: 0n, disk_gb: 0n, instance: 0n };
    const told = new Map<string, bigint>();
    for (const { flavor, state, durationMs } of hours?.totals.get(projectId) ?? []) {
      sums.vcpu += BigInt(flavor.vcpu) * durationMs;
      sums.mb += BigInt(flavor.mb) * durationMs;
      sums.disk_gb += BigInt(flavor.disk_gb) * durationMs;
      sums.instance += durationMs;
      told.set(state, (told.get(state) ?? 0n) + durationMs);
    }
    expect({ projectId, ...sums }).toEqual({ projectId, vcpu, mb, disk_gb, instance });
    for (const [state, durationMs] of told) {
      const most = real.get(`${projectId} ${state}`) ?? 0n;
      const isRight = !gentle || state === 'unknown' || durationMs <= most;
      expect([projectId, state, isRight ? 'right' : durationMs - most]).toEqual([projectId, state, 'right']);
    }
  }
}

function expectNoneFell(before: ExporterState | undefined, after: ExporterState | undefined): void {
  for (const [id, usage] of before?.meter.totals ?? []) {
    for (const resource of RESOURCES) {
      const now: bigint = after?.meter.totals.get(id)?.[resource] ?? 0n;
      expect([id, resource, now >= (usage[resource] ?? 0n)]).toEqual([id, resource, true]);
    }
  }
}

async function startCloud(): Promise<{ simulated: SimulatedCloud; live: (cloud: ChangingCloud) => void }> {
  let shown: ChangingCloud | undefined;
  const clock = { nowMs: () => shown?.nowMs ?? START_MS, sleep: async () => await Promise.resolve() };
  const model = new ChangingCloud(START_MS, true).model();
  const simulated = createSimulatedCloud(
    {
      ...SIMULATION_DEFAULTS,
      listen: { host: '127.0.0.1', port: 0 },
      source: { model },
      users: [SIMULATED_ADMINISTRATOR],
    },
    { clock, logger: silentLogger() },
  );
  await simulated.start();
  return { simulated, live: (cloud) => (shown = cloud) };
}

/** Takes all steps, and expects after each step that the totals are near the truth and that none has fallen. */
async function live(
  { simulated, live: show }: Awaited<ReturnType<typeof startCloud>>,
  { firstStartDays, past: earlier, steps }: Life,
  gentle: boolean,
): Promise<void> {
  const nowMs = START_MS + firstStartDays * DAY_MS;
  const cloud = new ChangingCloud(nowMs, gentle);
  for (const { project, flavor, ageDays, lifetimeDays } of earlier) {
    const atMs = nowMs - (ageDays + 1) * DAY_MS;
    const endMs = atMs + lifetimeDays * DAY_MS + 17_000;
    cloud.addEarlier(project, flavor, atMs, endMs < nowMs ? endMs : undefined);
  }
  show(cloud);
  const site = new LivedSite(cloud, simulated, true);
  try {
    for (const next of [...steps, undefined]) {
      const before = site.state();
      await (next === undefined ? site.recover() : site.take(next));
      const after = site.state();
      expect(site.wrongWindows).toEqual([]);
      expectNoneFell(before, after);
      if (after !== undefined) expectNonePartial(after, cloud);
      if (after !== undefined)
        expectNear(after, truthOf(simulated, after), missable(after, cloud.unknowable));
      if (after !== undefined) expectServerHours(after, simulated, gentle);
    }
    expectComplete(site.state(), cloud);
  } finally {
    await site.close();
  }
}

function expectComplete(state: ExporterState | undefined, { nowMs }: ChangingCloud): void {
  const absent = [...(state?.meter.servers.values() ?? [])].filter(
    (server) => server.absentSinceMs !== undefined,
  );
  expect({ untilMs: state?.meter.untilMs, unread: state?.meter.unreadFlavors, absent }).toMatchObject({
    untilMs: nowMs - SETTLING_MS,
    unread: undefined,
  });
}

describe(`an exporter over random lives of servers and random faults (seed ${SEED})`, () => {
  it.each([
    ['counts usage exactly if Nova still tells all events', true],
    ['misses at most the time from the last count of a server to an event that Nova forgets', false],
  ])('%s', { timeout: 60_000 + RUNS * 10_000 }, async (_, gentle) => {
    const cloud = await startCloud();
    try {
      expect.hasAssertions();
      await fc.assert(
        fc.asyncProperty(life, async (lived) => await live(cloud, lived, gentle)),
        { numRuns: RUNS, seed: SEED, endOnFailure: process.env['STACKMETER_LIVES_SHRINK'] === undefined },
      );
    } finally {
      await cloud.simulated.close();
    }
  });
});
