import { describe, expect, it } from 'vitest';
import { Api, type ProjectUsageAnswer } from '../../api.ts';
import { LAST_24_HOURS } from '../../period.ts';
import { loadProjectPage, type ProjectPart } from './project-page.ts';

const PART: ProjectPart = { search: '', sort: undefined, page: 1, size: 25, maxAge: 60 };
const sumOf = (resource: string) => ({
  resource,
  unit: 'h',
  amount: 2,
  largest: 1,
  coverage: 'measured' as const,
});
const ROW = {
  site: 'a',
  project_id: 'p',
  project_name: 'P',
  domain_id: 'd',
  domain_name: 'D',
  amounts: { constructor: 1 },
  coverage: 'spread' as const,
};

async function pageOf(part: Partial<ProjectPart>, answer: Partial<ProjectUsageAnswer>) {
  const asked: string[] = [];
  const all: ProjectUsageAnswer = { data: [ROW], found: 1, resources: [sumOf('vcpu')], as_of: '', ...answer };
  const fetchAnswer = (address: string) => {
    const { searchParams } = new URL(address, 'http://portal');
    asked.push(['search', 'sort', 'offset', 'max_age'].map((name) => searchParams.get(name)).join(' '));
    return Promise.resolve(Response.json(all));
  };
  const api = new Api(fetchAnswer, () => Date.UTC(2026, 10, 22, 14, 30));
  return {
    page: await loadProjectPage(api, LAST_24_HOURS, { ...PART, ...part }, new AbortController().signal),
    asked,
  };
}

describe('a page of the projects', () => {
  it('is one question, whose answer is cut by the portal', async () => {
    const { page, asked } = await pageOf({ search: 'x y', page: 3 }, { found: 53 });
    expect([asked, page.sort]).toEqual([['x y vcpu 50 60'], 'vcpu']);
    expect({ ...page.shown, items: page.shown.items.length }).toEqual({
      page: 3,
      pages: 3,
      first: 50,
      items: 1,
      all: 53,
    });
  });

  it('after the end becomes the last one', async () => {
    const { page, asked } = await pageOf({ page: 9 }, { found: 53 });
    expect([asked, page.shown.page]).toEqual([[' vcpu 200 60', ' vcpu 50 60'], 3]);
  });

  it('is sorted by the first resource with usage if the wanted one has none, and by name without usage', async () => {
    const ofMemory = await pageOf({}, { resources: [sumOf('server'), sumOf('disk_gb'), sumOf('mb')] });
    expect([ofMemory.asked, ofMemory.page.sort]).toEqual([[' vcpu 0 60', ' mb 0 60'], 'mb']);
    expect((await pageOf({ sort: 'gpu' }, { resources: [] })).page.sort).toBe('name');
    expect((await pageOf({ sort: 'name' }, {})).asked).toEqual([' name 0 60']);
  });

  it('has amounts of resources with any name, with the coverage of the project', async () => {
    const { page } = await pageOf({}, {});
    const [line] = page.shown.items;
    expect([...(line?.amounts ?? [])]).toEqual([['constructor', { amount: 1, coverage: 'spread' }]]);
    expect(line?.amounts.get('toString')).toBe(undefined);
  });
});
