import * as fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { csvOf, documentsOfCsv } from './csv-file.ts';
import { grantParts, grantsFile, type GrantDocument, type GrantsFile } from './documents.ts';
import { editOfFile, fileOf, planOf } from './plan.ts';
import type { StoredBook, StoredGrant, StoredState } from './stored.ts';
import { tomlOf } from './toml-text.ts';
import { documentsOfToml } from './toml-file.ts';

const HOUR = 3_600_000;
const SITES = ['site-a', 'site-b'];
const BY = { author: 'ada', nowMs: Date.UTC(2026, 5, 1) };

/** One line of text of every kind, as a document has it. */
const line = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '').trim())
  .filter((text) => text !== '');
const hour = fc.integer({ min: 400_000, max: 500_000 }).map((hours) => new Date(hours * HOUR).toISOString());
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const period = fc
  .tuple(maybe(hour), maybe(hour))
  .map(([from, to]) => (from !== undefined && to !== undefined && from >= to ? { from } : { from, to }));
const allowance = fc.record({
  resource: fc.constantFrom('vcpu', 'gpu', 'mb'),
  amount: fc.oneof(
    fc.integer({ min: 1, max: 1e9 }),
    fc.constantFrom('0.000001', '00012.340', '999999999999999.999999'),
  ),
  kind: fc.constantFrom('initial', 'top-up', 'cut'),
  at: maybe(fc.integer({ min: 1.6e12, max: 1.9e12 }).map((ms) => new Date(ms).toISOString())),
  reason: line,
});

/** A price book with each kind of price, and names that are keys elsewhere. */
const BOOK = {
  name: 'credits "x"',
  unit: '€',
  scale: 2,
  rounding: 'half-even',
  version: [
    {
      from: '2026-01-01T05:00Z',
      reason: 'the \\ first',
      server: [
        {
          name: 'GPU',
          site: 'site-a',
          flavor: { gpu: 'a100*', vcpu: 0 },
          sum: [
            {
              price: '1.5',
              per: { gpu: 1, vcpu: 24 },
              whole_units: true,
              steps: [{ above: 2, factor: '2' }],
            },
            { price: '0' },
          ],
        },
      ],
      states: { stopped: '0.5', from: '1', 'x.y': '0' },
      fallback: [{ resource: 'vcpu', price: '0.000000000001' }],
    },
    {
      from: '2026-02-01',
      reason: 'the second',
      resource: [{ resource: 'volume_gb', per: 1024, price: '3' }],
    },
  ],
};

/** Files whose grants keep all rules: each project id is used once. */
const files: fc.Arbitrary<GrantsFile> = fc
  .array(
    fc.tuple(
      fc.record({
        title: maybe(line),
        labels: fc.dictionary(fc.constantFrom('field', 'to', 'constructor', 'x.y-z'), line),
        allowances: fc.array(allowance, { maxLength: 3 }),
        role: fc.constantFrom('lead', 'member'),
      }),
      period,
      fc.array(fc.tuple(fc.constantFrom(...SITES), period, maybe(line)), { maxLength: 3 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((grants) =>
    grantsFile.parse({
      person: [{ id: 'p-17', name: 'Ada "x" \\', mail: 'a@b' }],
      account: [
        {
          name: 'university',
          contacts: ['p-17'],
          time_zone: 'Europe/Berlin',
          price_books: [{ book: 'credits "x"', from: '2026-01-01' }],
        },
      ],
      price_book: [BOOK],
      mark: [{ name: 'm', reason: 'power "cut"', site: 'site-a', from: '2026-01-01T05:00Z', project: 'p' }],
      grant: grants.map(([{ role, ...grant }, window, projects], index) => ({
        ...grant,
        ...window,
        name: `=grant ${index}`,
        account: 'university',
        people: [{ person: 'p-17', role }],
        projects: projects.map(([site, at, cloud], part) => ({
          site,
          id: `p${index}/${part}`,
          cloud,
          ...at,
        })),
      })),
    }),
  );

const EMPTY: StoredState = {
  grants: new Map(),
  accounts: new Map(),
  books: new Map(),
  published: new Map(),
  marks: new Map(),
  people: new Map(),
  sites: SITES,
};

/** The state after a file was applied to nothing. */
function applied(file: GrantsFile): StoredState {
  const { versions, people } = planOf(EMPTY, editOfFile(file, EMPTY, {}), BY);
  const of = (kind: string) =>
    new Map(
      versions.flatMap(({ kind: one, name, document }) =>
        one === kind ? [[name, { document, version: 1, changedMs: 0, author: 'ada' }] as const] : [],
      ),
    );
  return {
    ...EMPTY,
    grants: of('grant') as unknown as StoredState['grants'],
    accounts: of('account') as unknown as StoredState['accounts'],
    books: of('price_book') as unknown as StoredState['books'],
    published: new Map(
      versions.flatMap(({ kind, name, document }) =>
        kind === 'price_book' ? [[name, document as StoredBook] as const] : [],
      ),
    ),
    marks: of('mark') as unknown as StoredState['marks'],
    people: new Map(people.map((person) => [person.id, person])),
  };
}

/** The versions of a plan; undefined if the edit differs from an earlier allowance by its amount only. */
function versionsOf(plan: () => ReturnType<typeof planOf>) {
  try {
    return plan().versions;
  } catch (error) {
    if ((error as Error).message.includes('by its amount only')) return undefined;
    throw error;
  }
}

const changes = (state: StoredState, file: GrantsFile, keep?: Parameters<typeof editOfFile>[2]) =>
  planOf(state, editOfFile(file, state, keep ?? {}), BY).words;

describe('an exported file', () => {
  it('changes nothing when it is applied again, nor does the file that was applied', () => {
    fc.assert(
      fc.property(files, (file) => {
        const state = applied(file);
        const exported = documentsOfToml(parse(tomlOf(fileOf(state))), 'f');
        expect(changes(state, exported, { removeMissing: true })).toEqual([]);
        expect(changes(state, file)).toEqual([]);
      }),
    );
  });

  it('makes the same state again where there is nothing', () => {
    fc.assert(
      fc.property(files, (file) => {
        const first = fileOf(applied(file));
        const again = fileOf(applied(documentsOfToml(parse(tomlOf(first)), 'f')));
        expect(again).toEqual(first);
      }),
    );
  });

  it('as CSV carries all but people, accounts and labels', () => {
    fc.assert(
      fc.property(files, (file) => {
        const state = applied(file);
        const { file: exported, keep } = documentsOfCsv(csvOf(fileOf(state)), 'f.csv');
        expect(changes(state, exported, { keep })).toEqual([]);
        expect(keep).toEqual(['people', 'labels']);
        const without = (grant: GrantDocument) => ({ ...grant, people: [], labels: {} });
        expect(exported.grant).toEqual(fileOf(state).grant.map(without));
      }),
    );
  });

  it('with top-ups and cuts of a grant adds each of them once, however often it is applied', () => {
    const topUps = fc.array(
      allowance.map((one) => ({ ...one, kind: 'top-up' })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(files, topUps, (file, allowances) => {
        const state = applied(file);
        const [{ name, allowances: earlier } = { name: '', allowances: [] }] = fileOf(state).grant;
        const more = grantsFile.parse({ grant: [{ name, allowances }] });
        const keep = grantParts.filter((part) => part !== 'allowances');
        const versions = versionsOf(() => planOf(state, editOfFile(more, state, { keep }), BY));
        fc.pre(versions !== undefined);
        const [document] = versions.map((version) => version.document as StoredGrant);
        expect(document?.allowances.slice(0, earlier.length) ?? earlier).toMatchObject(earlier);
        expect(document?.allowances.length ?? earlier.length).toBeLessThanOrEqual(
          earlier.length + allowances.length,
        );
        if (document === undefined) return;
        const next = { document, version: 2, changedMs: 0, author: 'ada' };
        expect(
          changes({ ...state, grants: new Map([...state.grants, [name, next]]) }, more, { keep }),
        ).toEqual([]);
      }),
    );
  });

  it('differs in words as soon as a part differs', () => {
    fc.assert(
      fc.property(files, line, (file, title) => {
        const state = applied(file);
        const [first, ...rest] = file.grant;
        if (first === undefined || first.title === title) return;
        const changed = { ...file, grant: [{ ...first, title }, ...rest] };
        expect(changes(state, changed)).toHaveLength(1);
      }),
    );
  });
});
