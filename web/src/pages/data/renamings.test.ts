import { expect, it } from 'vitest';
import type { ProjectRow } from '../../api.ts';
import { latestRenamings } from './renamings.ts';

const day = (number: number) => new Date(Date.UTC(2026, 0, number)).toISOString();

/** A project with a new name on each of some days of January. */
function project(id: string, ...days: number[]): ProjectRow {
  const names = days.map((from, index) => ({
    project_name: `${id}${index}`,
    domain_name: 'Default',
    from: day(from),
    to: null,
  }));
  return {
    site: 'a',
    cloud: '',
    project_id: id,
    project_name: id,
    domain_id: 'default',
    domain_name: 'Default',
    first_reading_at: day(1),
    last_reading_at: day(31),
    names,
  };
}

it('the changes of names of all projects come with the latest one first, at most 20', () => {
  const words = (projects: ProjectRow[]) =>
    latestRenamings(projects).map(({ before, after }) => `${before.project_name} ${after.project_name}`);
  expect(words([project('p', 1, 3, 9), project('q', 2, 5), project('r', 4)])).toEqual([
    'p1 p2',
    'q0 q1',
    'p0 p1',
  ]);
  expect(words([project('p', ...Array.from({ length: 30 }, (_, index) => index + 1))])).toHaveLength(20);
});
