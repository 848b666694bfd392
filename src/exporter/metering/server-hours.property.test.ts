import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Amounts } from './amounts.ts';
import { flavorOf } from './flavor.ts';
import { foldWindow } from './fold.ts';
import { countTotals, ServerHoursSum, type ServerHours, type StateChange } from './server-hours.ts';
import { newMeterState, type MeterState, type ServerLife } from './meter-state.ts';

const START_MS = 1_000_000_000_000;
const SECONDS = 120;
const instant = (second: number) => START_MS + second * 1000;

/** A server with all its flavors and states, of which an answer shows the last launch by then. */
interface ModelServer {
  id: string;
  projectId: string;
  launches: readonly { atS: number; vcpus: number }[];
  endedS: number | undefined;
  states: readonly { atS: number; state: string }[];
}

const amounts = (vcpus: number): Amounts => {
  const sizes = { vcpu: vcpus, mb: 512 * vcpus, disk_gb: 10 + vcpus };
  return { ...sizes, instance: 1, flavor: flavorOf({ name: `c${vcpus}`, ...sizes }) };
};

/** Servers as an answer at `nowS` has them. */
function lifeOf({ id, projectId, launches, endedS, states }: ModelServer, nowS: number): ServerLife[] {
  const last = launches.findLast(({ atS }) => atS < nowS);
  if (last === undefined) return [];
  const changes: StateChange[] = states.map(({ atS, state }) => ({ atMs: instant(atS), state }));
  const endedMs = endedS !== undefined && endedS <= nowS ? instant(endedS) : undefined;
  return [
    {
      id,
      projectId,
      launchedMs: instant(last.atS),
      endedMs,
      amounts: amounts(last.vcpus),
      states: changes,
      earlierLaunches: launches
        .filter(({ atS }) => atS < last.atS)
        .map(({ atS, vcpus }) => ({ atMs: instant(atS), amounts: amounts(vcpus) })),
    },
  ];
}

/** By project, flavor and state, second by second. */
function truth(servers: readonly ModelServer[], untilS: number): Record<string, bigint> {
  const hours: Record<string, bigint> = {};
  for (let second = 0; second < untilS; second++)
    for (const { projectId, launches, endedS = Infinity, states } of servers) {
      const launch = launches.findLast(({ atS }) => atS <= second);
      if (launch === undefined || second >= endedS) continue;
      const state = states.findLast(({ atS }) => atS <= second)?.state ?? 'unknown';
      const key = `${projectId} c${launch.vcpus} ${state}`;
      hours[key] = (hours[key] ?? 0n) + 1000n;
    }
  return hours;
}

function counted({ hours }: MeterState): Record<string, bigint> {
  return Object.fromEntries(
    [...(hours?.totals ?? [])].flatMap(([projectId, totals]) =>
      totals.map(({ flavor, state, durationMs }) => [`${projectId} ${flavor.name} ${state}`, durationMs]),
    ),
  );
}

/** Sums over flavors and states, by project. */
function expectSameSums({ hours, totals }: MeterState): void {
  for (const [projectId, { vcpu, mb, disk_gb, instance }] of totals) {
    const ofProject = hours?.totals.get(projectId) ?? [];
    const sum = (of: (flavor: { vcpu: number; mb: number; disk_gb: number }) => number) =>
      ofProject.reduce((total, { flavor, durationMs }) => total + BigInt(of(flavor)) * durationMs, 0n);
    const sums = [sum((one) => one.vcpu), sum((one) => one.mb), sum((one) => one.disk_gb), sum(() => 1)];
    expect(sums).toEqual([vcpu, mb, disk_gb, instance]);
  }
}

const second = fc.integer({ min: 0, max: SECONDS });
const instants = fc
  .uniqueArray(second, { minLength: 1, maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b));
const server = fc
  .record({
    projectId: fc.constantFrom('p', 'q'),
    launchesS: instants,
    vcpus: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 5 }),
    lastsS: fc.option(fc.integer({ min: 1, max: 60 })),
    statesS: instants,
    states: fc.array(fc.constantFrom('active', 'stopped', 'unknown'), { minLength: 5, maxLength: 5 }),
  })
  .map(({ projectId, launchesS, vcpus, lastsS, statesS, states }): Omit<ModelServer, 'id'> => ({
    projectId,
    launches: launchesS.map((atS, index) => ({ atS, vcpus: vcpus[index] ?? 1 })),
    endedS: lastsS === null ? undefined : (launchesS.at(-1) ?? 0) + lastsS,
    states: statesS.map((atS, index) => ({ atS, state: states[index] ?? 'active' })),
  }));

describe('server hours that are folded window by window', () => {
  it('are those of each second, and add up to the totals of every resource', () => {
    fc.assert(
      fc.property(fc.array(server, { maxLength: 5 }), instants, (drafts, ends) => {
        const servers = drafts.map((draft, index) => ({ id: `s${index}`, ...draft }));
        const empty = newMeterState('epoch', START_MS);
        let state: MeterState = { ...empty, hours: { sinceMs: START_MS, totals: new Map() } };
        for (const endS of ends) {
          if (instant(endS) <= state.untilMs) continue;
          const lives = servers.flatMap((one) => lifeOf(one, endS));
          const novaNowMs = instant(endS);
          state = foldWindow(state, { servers: lives, endMs: instant(endS), novaNowMs }).state;
          expectSameSums(state);
          expect(counted(state)).toEqual(truth(servers, endS));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('server hours of more flavors than their names have room for', () => {
  const addition = fc.record({
    projectId: fc.constantFrom('p', 'q', 'r'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    vcpu: fc.integer({ min: 1, max: 2 }),
    state: fc.constantFrom('active', 'stopped'),
    durationMs: fc.integer({ min: 1, max: 1000 }),
  });

  /** By project, sizes and state. */
  const bySize = ({ totals }: ServerHours): Record<string, bigint> => {
    const sums: Record<string, bigint> = {};
    for (const [projectId, ofProject] of totals)
      for (const { flavor, state, durationMs } of ofProject) {
        const key = `${projectId} ${flavor.vcpu} ${state}`;
        sums[key] = (sums[key] ?? 0n) + durationMs;
      }
    return sums;
  };
  const byName = ({ totals }: ServerHours): Map<string, bigint> =>
    new Map(
      [...totals].flatMap(([projectId, ofProject]) =>
        ofProject.map(({ flavor, state, durationMs }) => [`${projectId} ${flavor.key} ${state}`, durationMs]),
      ),
    );

  it('merge names, but never sizes or states, and no total falls', () => {
    const windows = fc.array(fc.array(addition, { maxLength: 10 }), { maxLength: 6 });
    fc.assert(
      fc.property(windows, fc.nat({ max: 12 }), (all, mostNamed) => {
        let hours: ServerHours = { sinceMs: START_MS, totals: new Map() };
        let unbounded = hours;
        for (const window of all) {
          const before = byName(hours);
          const [sum, free] = [new ServerHoursSum(hours, mostNamed), new ServerHoursSum(unbounded)];
          for (const { projectId, name, vcpu, state, durationMs } of window) {
            const sizes = { vcpu, mb: 512, disk_gb: 1 };
            const one = { ...sizes, instance: 1, flavor: flavorOf({ name, ...sizes }) };
            for (const into of [sum, free]) into.add(projectId, one, [{ state, durationMs }]);
          }
          [hours, unbounded] = [sum.totals(), free.totals()];
          expect(bySize(hours)).toEqual(bySize(unbounded));
          const after = byName(hours);
          for (const [key, durationMs] of before) expect(after.get(key)).toBeGreaterThanOrEqual(durationMs);
          const named = [...hours.totals.values()].flat().filter(({ flavor }) => flavor.name !== undefined);
          expect(named.length).toBeLessThanOrEqual(mostNamed);
          expect(hours).toEqual(countTotals(unbounded) <= mostNamed ? unbounded : hours);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
