import { describe, expect, it } from 'vitest';
import { newMeterState } from '../metering/meter-state.ts';
import { shownProjects, withNames, type ShownSettings } from './shown-projects.ts';
import type { ExporterState } from '../state/state-format.ts';

const DAY_MS = 86_400_000;
const domain = { id: 'd1', name: 'Physics' };
const projects = ['p1', 'p2', 'p3'].map((id) => ({ id, name: `project ${id}`, domain }));
const [p1, p2, p3] = projects as [Project, Project, Project];
type Project = (typeof projects)[number];

const settings: ShownSettings = {
  domains: { names: [], ids: [] },
  split: undefined,
  keepDeletedMs: 7 * DAY_MS,
};

/** A state with this usage of servers and of volumes at `untilMs`. */
function state(untilMs: number, servers: Record<string, bigint>, volumes: Record<string, bigint> = {}) {
  const usage = (instance: bigint) => ({ vcpu: 0n, mb: 0n, disk_gb: 0n, instance });
  const totals = new Map(Object.entries(servers).map(([id, used]) => [id, usage(used)] as const));
  const byProject = new Map(Object.entries(volumes));
  const sampled = new Map([['volume_gb', { untilMs, totals: new Map([['volume_gb', byProject]]) }]]);
  const meter = { ...newMeterState('e1', 0), untilMs, totals };
  return { meter, allProjects: true, names: new Map(), sampled, flavorGpus: new Map() } as ExporterState;
}

/** Continues with the names of an earlier state. */
function next(
  before: ExporterState,
  after: ExporterState,
  listed: readonly Project[],
  split = settings.split,
) {
  return withNames({ ...after, names: before.names }, before, listed, split);
}

const idsAt = (shown: ExporterState, listed: readonly Project[], more: Partial<ShownSettings> = {}) =>
  shownProjects(listed, shown, { ...settings, ...more }).map(({ id }) => id);

describe('the projects that an exporter shows', () => {
  it('are those that Keystone lists, and for some days those that it no longer lists and that have usage', () => {
    const listed = next(state(0, {}), state(DAY_MS, { p1: 1n, p3: 1n }, { p2: 1n }), projects);
    expect(shownProjects([p3], listed, settings)).toEqual([p1, p2, p3]);
    const gone = next(listed, state(2 * DAY_MS, { p1: 2n, p3: 1n }, { p2: 1n }), [p3]);
    expect(shownProjects([p3], gone, settings)).toEqual([p1, p2, p3]);
    const later = (days: number) =>
      idsAt(next(gone, state((2 + days) * DAY_MS, { p1: 2n, p3: 1n }, { p2: 1n }), [p3]), [p3]);
    expect([later(6.9), later(7)]).toEqual([['p1', 'p2', 'p3'], ['p3']]);
  });

  it('stay while their servers or their volumes are used', () => {
    let before = next(state(0, {}), state(DAY_MS, { p1: 1n }, { p2: 1n }), projects);
    for (let day = 2; day < 30; day++)
      before = next(before, state(day * DAY_MS, { p1: BigInt(day) }, { p2: BigInt(day) }), []);
    expect(idsAt(before, [])).toEqual(['p1', 'p2']);
  });

  it('return to their place, with their new name, when Keystone lists them again', () => {
    const listed = next(state(0, {}), state(DAY_MS, { p1: 1n }), projects);
    const gone = next(listed, state(2 * DAY_MS, { p1: 1n }), [p2]);
    const renamed = { ...p1, name: 'new' };
    const back = next(gone, state(30 * DAY_MS, { p1: 1n }), [renamed, p2]);
    expect(shownProjects([renamed, p2], back, settings)).toEqual([renamed, p2]);
    expect(back.names.get('p1')).toEqual({ name: 'new', domainId: 'd1', domainName: 'Physics' });
  });

  it('are without projects that never used anything, and without those that the settings exclude', () => {
    const listed = next(state(0, {}), state(DAY_MS, { p1: 1n }), projects);
    const gone = next(listed, state(2 * DAY_MS, { p1: 1n }), []);
    expect(idsAt(gone, [])).toEqual(['p1']);
    const shownWith = (names: string[], ids: string[]) => idsAt(gone, [], { domains: { names, ids } });
    expect([shownWith(['PHYSICS'], []), shownWith([], ['d1'])]).toEqual([['p1'], ['p1']]);
    expect([shownWith(['Chemistry'], []), shownWith([], ['d2'])]).toEqual([[], []]);
  });

  it('have the parts of a pool after the pool, even after its deletion', () => {
    const split = { projectId: 'p1', metadataKey: 'course' };
    const listed = next(state(0, {}), state(DAY_MS, { 'p1/a': 1n }), projects, split);
    const gone = next(listed, state(2 * DAY_MS, { 'p1/a': 2n, 'p1/b': 1n }), [p2], split);
    expect(shownProjects([p2], gone, { ...settings, split })).toEqual([
      p1,
      { id: 'p1/a', name: 'a', domain },
      { id: 'p1/b', name: 'b', domain },
      p2,
    ]);
    expect(idsAt(gone, [p2])).toEqual(['p1', 'p2']);
  });

  it('never have the id of a part', () => {
    const split = { projectId: 'p1', metadataKey: 'course' };
    const odd = { id: 'p1/a', name: 'odd', domain };
    expect(() => idsAt(state(0, {}), [p1, odd], { split })).toThrow(
      "the project 'odd' has the id p1/a, as a part of the pool p1 would: leave out --split-project",
    );
  });

  it('are remembered in the same state if nothing has changed', () => {
    const listed = next(state(0, {}), state(DAY_MS, { p1: 1n }), projects);
    expect(withNames(listed, listed, projects, undefined)).toBe(listed);
  });
});
