import { describe, expect, it } from 'vitest';
import type { ProjectRow } from '../api.ts';
import { projectKey } from '../names.ts';
import { pageOf, projectLines, sortLines, type ProjectLine } from './project-list.ts';

function known(site: string, id: string, name: string): ProjectRow {
  const at = '2026-11-22T14:00:00.000Z';
  return {
    site,
    cloud: '',
    project_id: id,
    project_name: name,
    domain_id: 'd1',
    domain_name: 'Elixir',
    first_reading_at: at,
    last_reading_at: at,
  };
}

function line(name: string, vcpu: number | undefined, site = 'a'): ProjectLine {
  const amounts = new Map(
    vcpu === undefined ? [] : [['vcpu', { amount: vcpu, coverage: 'measured' as const }]],
  );
  return {
    key: projectKey(site, name),
    site,
    projectId: `id-${name}`,
    projectName: name,
    domainName: 'Elixir',
    amounts,
  };
}

const names = (lines: readonly ProjectLine[]) => lines.map(({ projectName }) => projectName);

describe('the list of projects', () => {
  it('has every known project with or without usage, and projects with usage that are not known yet', () => {
    const amounts = new Map([['vcpu', { amount: 1, coverage: 'measured' as const }]]);
    const usage = (id: string) => ({
      key: projectKey('a', id),
      site: 'a',
      projectId: id,
      projectName: `now ${id}`,
      amounts,
    });
    const lines = projectLines([known('a', '1', 'one'), known('a', '2', 'two')], [usage('2'), usage('3')]);
    expect(
      lines.map(({ projectName, domainName, amounts: of }) => [projectName, domainName, of.size]),
    ).toEqual([
      ['one', 'Elixir', 0],
      ['now 2', 'Elixir', 1],
      ['now 3', '', 1],
    ]);
  });

  it('is sorted by usage, the largest first, projects without usage last, equal ones by name', () => {
    const lines = [line('none', undefined), line('p10', 5), line('p9', 5), line('most', 7), line('zero', 0)];
    expect(names(sortLines(lines, 'vcpu'))).toEqual(['most', 'p9', 'p10', 'zero', 'none']);
  });

  it('is sorted by name, with numbers in numeric order', () => {
    expect(names(sortLines([line('p10', 1), line('p9', 2)], 'name'))).toEqual(['p9', 'p10']);
  });
});

describe('a page of a list', () => {
  it('is a part of the list; a page after the end is the last one', () => {
    expect(pageOf(['a', 'b', 'c', 'd', 'e'], 2, 2)).toEqual({
      page: 2,
      pages: 3,
      first: 2,
      items: ['c', 'd'],
      all: 5,
    });
    expect(pageOf(['a', 'b', 'c', 'd', 'e'], 9, 2)).toEqual({
      page: 3,
      pages: 3,
      first: 4,
      items: ['e'],
      all: 5,
    });
    expect(pageOf([], 1, 2)).toEqual({ page: 1, pages: 1, first: 0, items: [], all: 0 });
  });
});
