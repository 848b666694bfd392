import { describe, expect, it } from 'vitest';
import { byProjectThenId } from '../model/cloud-model.ts';
import { serverHoursTruth } from '../../../test/support/server-hours-truth.ts';
import { usageTruth } from '../model/truth.ts';
import { generatedCloud } from './generated-cloud.ts';

const NOON = Date.parse('2026-05-01T12:00:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a generated cloud', () => {
  it('is the same for the same seed, after any earlier questions', () => {
    const fresh = generatedCloud({ seed: 'a', projects: 24 });
    const asked = generatedCloud({ seed: 'a', projects: 24 });
    for (let day = -30; day < 30; day++) asked.livesTouching(NOON + day * DAY_MS, NOON + (day + 1) * DAY_MS);
    expect(asked.livesTouching(NOON, NOON + HOUR_MS)).toEqual(fresh.livesTouching(NOON, NOON + HOUR_MS));
    expect(asked.projects).toEqual(fresh.projects);
  });

  it('is a different one for another seed', () => {
    const [a, b] = ['a', 'b'].map((seed) => generatedCloud({ seed, projects: 24 }));
    expect(a?.projects.map(({ id }) => id)).not.toEqual(b?.projects.map(({ id }) => id));
  });

  it('lists servers in the order of Nova, and each server once', () => {
    const lives = generatedCloud({ seed: 'a', projects: 24 }).livesTouching(NOON, NOON + 30 * DAY_MS);
    expect(lives).toEqual([...lives].sort(byProjectThenId));
    expect(new Set(lives.map(({ id }) => id)).size).toBe(lives.length);
  });

  it('has usage today and in years, and a different amount in each hour of a day', () => {
    const model = generatedCloud({ seed: 'a', projects: 24 });
    for (const day of [0, 30, 1000]) {
      const hours = Array.from({ length: 24 }, (_, hour) => {
        const fromMs = NOON + day * DAY_MS + hour * HOUR_MS;
        return [...usageTruth(model, fromMs, fromMs + HOUR_MS).values()].reduce(
          (sum, { vcpu }) => sum + vcpu,
          0n,
        );
      });
      expect(Math.min(...hours.map(Number))).toBeGreaterThan(0);
      expect(new Set(hours).size).toBeGreaterThan(10);
    }
  });

  it('has more than two hours between two launches of a server, and between a launch and its end', () => {
    const lives = generatedCloud({ seed: 'a', projects: 100 }).livesTouching(NOON, NOON + 60 * DAY_MS);
    const again = lives.filter(({ launches }) => launches.length > 1);
    const gaps = again.flatMap(({ launches, deletedMs = Infinity }) =>
      launches.map(({ atMs }, index) => (launches[index + 1]?.atMs ?? deletedMs) - atMs),
    );
    expect(again.length).toBeGreaterThan(20);
    expect(Math.min(...gaps)).toBeGreaterThan(2 * HOUR_MS);
  });

  it('has servers that are stopped and shelved, some until they are deleted, and a record of that', () => {
    const lives = generatedCloud({ seed: 'a', projects: 100 }).livesTouching(NOON, NOON + 60 * DAY_MS);
    const states = lives.map(({ states: own = [] }) => own.map(({ state }) => state).join(' '));
    for (const wanted of ['', 'stopped', 'shelved_offloaded', 'stopped active', 'shelved_offloaded active'])
      expect(states).toContain(wanted);
    for (const { states: own = [], actions = [], launches, deletedMs = Infinity } of lives) {
      const instants = actions.map(({ startMs }) => startMs);
      expect(instants).toEqual(instants.toSorted((one, other) => one - other));
      expect(own.every(({ atMs }) => atMs > launches[0].atMs && atMs < deletedMs)).toBe(true);
    }
    const rested = serverHoursTruth({ livesTouching: () => lives }, NOON, NOON + 60 * DAY_MS);
    expect(new Set(rested.map(({ state }) => state))).toEqual(
      new Set(['active', 'stopped', 'shelved_offloaded']),
    );
  });
});
