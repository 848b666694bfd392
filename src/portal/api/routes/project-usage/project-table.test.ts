import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Coverage, ProjectUsage } from '../../../ledger/ledger.ts';
import { projectTable, type ProjectTable } from './project-table.ts';

const HOUR = 3_600_000n;

function project(projectName: string, more: Partial<ProjectUsage> = {}): ProjectUsage {
  const domain = { domainId: 'd1', domainName: 'Elixir' };
  return {
    site: 'a',
    cloud: '',
    projectId: `id-${projectName}`,
    projectName,
    ...domain,
    usages: [],
    ...more,
  };
}

function using(
  projectName: string,
  hours: bigint,
  more: Partial<ProjectUsage> = {},
  coverage: Coverage = 'measured',
) {
  return project(projectName, { ...more, usages: [{ resource: 'vcpu', amountMs: hours * HOUR, coverage }] });
}

async function namesOf(table: ProjectTable, part: Partial<Parameters<ProjectTable['part']>[0]>) {
  const { lines } = await table.part({ sort: 'name', offset: 0, limit: 100, ...part });
  return lines.map(({ projectName }) => projectName);
}

describe('the table of projects', () => {
  it('has every project, with or without usage', async () => {
    const table = await projectTable([project('one'), using('two', 2n)]);
    const { found, lines } = await table.part({ sort: 'name', offset: 0, limit: 10 });
    expect([
      found,
      lines.map(({ projectName, domainName, amounts }) => [projectName, domainName, amounts]),
    ]).toEqual([
      2,
      [
        ['one', 'Elixir', new Map()],
        ['two', 'Elixir', new Map([['vcpu', 2n * HOUR]])],
      ],
    ]);
  });

  it('adds up the clouds of a site, with the worst coverage, and treats one id at two sites as two projects', async () => {
    const table = await projectTable([
      using('p', 1n, { cloud: 'east' }),
      using('p', 4n, { cloud: 'west' }, 'spread'),
      using('p', 2n, { site: 'b' }),
    ]);
    const { lines } = await table.part({ sort: 'name', offset: 0, limit: 10 });
    expect(lines.map(({ site, amounts, coverage }) => [site, amounts.get('vcpu'), coverage])).toEqual([
      ['a', 5n * HOUR, 'spread'],
      ['b', 2n * HOUR, 'measured'],
    ]);
    expect(table.sums).toEqual([
      {
        resource: 'vcpu',
        unit: 'vCPU-hours',
        amountMs: 7n * HOUR,
        largestMs: 5n * HOUR,
        coverage: 'spread' satisfies Coverage,
      },
    ]);
  });

  it('has one name for the clouds of a site, in any order of the database', async () => {
    const clouds = ['east', 'west'].map((cloud) => ({ projectId: 'p', cloud }));
    const [east, west] = [using('old', 1n, clouds[0]), using('new', 2n, clouds[1])];
    const [table, other] = [await projectTable([east, west]), await projectTable([west, east])];
    const part = { sort: 'name', offset: 0, limit: 10 };
    expect((await other.part(part)).lines).toEqual((await table.part(part)).lines);
    expect(await namesOf(other, {})).toEqual(['old']);
  });

  it('is searched by words in name, id, domain and site, in upper or lower case', async () => {
    const table = await projectTable([project('Alpha'), project('beta', { site: 'b' }), project('Άλφα')]);
    expect(await namesOf(table, { search: 'ALPHA' })).toEqual(['Alpha']);
    expect(await namesOf(table, { search: ' elixir  id-beta ' })).toEqual(['beta']);
    expect(await namesOf(table, { search: 'άλφα' })).toEqual(['Άλφα']);
    expect(await namesOf(table, { search: '.*' })).toEqual([]);
    expect(await namesOf(table, { search: '  ' })).toHaveLength(3);
  });

  it('is sorted by usage, the largest first, projects without usage last, equal ones by name', async () => {
    const table = await projectTable([
      project('none'),
      using('p10', 5n),
      using('p9', 5n),
      using('most', 7n),
      using('zero', 0n),
    ]);
    expect(await namesOf(table, { sort: 'vcpu' })).toEqual(['most', 'p9', 'p10', 'zero', 'none']);
    expect(await namesOf(table, { sort: 'gpu' })).toEqual(['most', 'none', 'p9', 'p10', 'zero']);
  });

  it('is cut anywhere, with the number of all that were found', async () => {
    const names = Array.from({ length: 1_200 }, (_, index) => `p${index}`);
    const table = await projectTable(names.toReversed().map((name) => project(name)));
    expect(await namesOf(table, { offset: 998, limit: 3 })).toEqual(['p998', 'p999', 'p1000']);
    expect(await table.part({ sort: 'name', search: 'p11', offset: 200, limit: 5 })).toEqual({
      found: 111,
      lines: [],
    });
  });

  it('shows each project once over its pages, in any order and of any size', async () => {
    const names = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.constantFrom('name', 'vcpu'),
        fc.integer({ min: 1, max: 7 }),
        async (all, sort, limit) => {
          const table = await projectTable(all.map((name, index) => using(name, BigInt(index % 3))));
          const pages: string[] = [];
          for (let offset = 0; offset < all.length; offset += limit)
            pages.push(...(await namesOf(table, { sort, offset, limit })));
          expect(pages.toSorted()).toEqual(all.toSorted());
          expect(await namesOf(table, { sort })).toEqual(pages);
        },
      ),
      { numRuns: 50 },
    );
  });
});
