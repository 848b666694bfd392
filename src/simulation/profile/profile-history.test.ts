import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usageTruth } from '../model/truth.ts';
import { changeLives, cloudOf, firstLives } from './profile-history.ts';
import { parseProfile, type Profile } from './profile.ts';

const START = Date.UTC(2026, 0, 1);
const CHANGE = Date.UTC(2026, 0, 10);
const END = Date.UTC(2026, 0, 20);

function profile(...machines: string[]): Profile {
  const tables = machines.map((lines) => `[[d.projects.machines]]\n${lines}\n`).join('');
  return parseProfile(`[d]\n[[d.projects]]\nproject_id = "p"\n${tables}`, 'p.toml');
}

function livesAfter(before: Profile, after: Profile) {
  const lives = changeLives(firstLives(before, START), after, CHANGE, START);
  return [...lives.values()]
    .flat()
    .map(({ launches, deletedMs }) => [
      ...launches.map(({ atMs, flavor }) => [new Date(atMs).toISOString().slice(5, 10), flavor.vcpus]),
      ...(deletedMs === undefined ? [] : [new Date(deletedMs).toISOString().slice(5, 10)]),
    ]);
}

describe('a profile that changes', () => {
  it('does not touch an unchanged machine', () => {
    expect(livesAfter(profile('cpus = 1'), profile('cpus = 1'))).toEqual([[['01-01', 1]]]);
  });

  it('deletes a machine whose existence becomes false', () => {
    expect(livesAfter(profile('cpus = 1'), profile('cpus = 1\nexistence = false'))).toEqual([
      [['01-01', 1], '01-10'],
    ]);
  });

  it('deletes a machine that was removed from the file', () => {
    expect(livesAfter(profile('cpus = 1', 'cpus = 2'), profile('cpus = 1'))).toEqual([
      [['01-01', 1]],
      [['01-01', 2], '01-10'],
    ]);
  });

  it('resizes a machine with a new size', () => {
    expect(livesAfter(profile('cpus = 1'), profile('cpus = 3'))).toEqual([
      [
        ['01-01', 1],
        ['01-10', 3],
      ],
    ]);
  });

  it('launches a new machine at the change, even if the file says that it was up before', () => {
    expect(livesAfter(profile(), profile('cpus = 2\nexistence = 2026-01-03'))).toEqual([[['01-10', 2]]]);
  });

  it('brings a deleted machine back as another server', () => {
    const ended = 'cpus = 1\nexistence = [2026-01-02, 2026-01-04]';
    expect(livesAfter(profile(ended), profile('cpus = 1'))).toEqual([
      [['01-02', 1], '01-04'],
      [['01-10', 1]],
    ]);
  });

  it('cancels machines that have not started', () => {
    const planned = 'cpus = 1\nexistence = 2026-01-15';
    expect(livesAfter(profile(planned), profile('existence = false'))).toEqual([]);
  });

  it('never changes the usage before the change, and decides the usage after it', () => {
    const machine = fc.record({
      cpus: fc.integer({ min: 1, max: 4 }),
      existence: fc.constantFrom(
        'true',
        'false',
        '2026-01-05',
        '2026-01-15',
        '[2026-01-03, 2026-01-12]',
        '[2026-01-02, 2026-01-05]',
      ),
    });
    const profiles = fc
      .array(machine, { maxLength: 4 })
      .map((list) =>
        profile(...list.map(({ cpus, existence }) => `cpus = ${cpus}\nexistence = ${existence}`)),
      );
    fc.assert(
      fc.property(profiles, profiles, (before, after) => {
        const first = firstLives(before, START);
        const changed = cloudOf(after, changeLives(first, after, CHANGE, START));
        const only = (read: Profile) => cloudOf(read, firstLives(read, START));
        expect(usageTruth(changed, START, CHANGE)).toEqual(usageTruth(only(before), START, CHANGE));
        expect(usageTruth(changed, CHANGE, END)).toEqual(usageTruth(only(after), CHANGE, END));
      }),
    );
  });
});
