import { describe, expect, it } from 'vitest';
import type { Ledger } from '../ledger/ledger.ts';
import { EVERYTHING } from '../access/rights/scope.ts';
import { pricesFor } from './asked-prices.ts';
import type { PriceBook } from './charges/price-book.ts';
import { grantBalances } from './grant-balances.ts';
import type { PresentGrant, SiteGrant } from './grants/grant.ts';
import { markDocument, markOfDocument } from './grants/marks.ts';

const [MAY, JUNE, JULY] = [Date.UTC(2026, 4), Date.UTC(2026, 5), Date.UTC(2026, 6)];
const BOOK: PriceBook = {
  name: 'credits',
  unit: 'credits',
  scale: 2,
  rounding: 'half-up',
  version: [
    {
      from: '2026-01-01T00:00:00Z',
      server: [],
      states: {},
      resource: [{ resource: 'vcpu', per: 1, price: '1' }],
      fallback: [],
    },
  ],
};

const grantOf = (name: string, account: string, projects: PresentGrant['projects']): PresentGrant => ({
  name,
  title: undefined,
  account,
  institution: undefined,
  fromMs: undefined,
  toMs: undefined,
  projects,
  people: [],
  labels: {},
  allowances: [],
  version: 1,
  changedMs: 0,
  author: 'ada',
});
const CLIMATE = grantOf('climate', 'uni', [{ site: 'a', projectId: 'p', cloud: 'west', toMs: JUNE }]);
const IMAGING = grantOf('imaging', 'lab', [{ site: 'b', projectId: 'q' }]);
/** A grant as its site sees it. */
const PART: SiteGrant = {
  name: 'part',
  title: undefined,
  fromMs: undefined,
  toMs: undefined,
  projects: [{ site: 'a', projectId: 's', fromMs: JUNE }],
};
const GRANTS = [CLIMATE, IMAGING, PART];

const BILLING = ['uni', 'lab', 'idle'].map((account) => ({ account, books: [{ fromMs: MAY, book: BOOK }] }));
const markOf = (name: string, where: object) =>
  markOfDocument(markDocument.parse({ name, reason: 'why', from: '2026-05-10T06:00Z', ...where }));
const MARKS = [
  markOf('uni', { account: 'uni' }),
  markOf('lab', { account: 'lab' }),
  markOf('a', { site: 'a' }),
  markOf('p', { site: 'a', project: 'p' }),
  markOf('p east', { site: 'a', project: 'p', cloud: 'east' }),
  markOf('b', { site: 'b' }),
];

describe('the prices that concern a question', () => {
  it.each([
    ['all usage', {}, ['uni', 'lab'], ['uni', 'lab', 'a', 'p', 'p east', 'b']],
    ['a grant', { grant: 'climate' }, ['uni'], ['uni', 'a', 'p']],
    ['two grants', { grant: ['climate', 'imaging'] }, ['uni', 'lab'], ['uni', 'lab', 'a', 'p', 'b']],
    ['a part of a grant', { grant: 'part' }, [], ['a']],
    ['a site', { site: 'a' }, ['uni'], ['uni', 'a', 'p', 'p east']],
    ['a site without grants', { site: 'c' }, [], []],
    ['a project', { projectId: 'q' }, ['lab'], ['lab', 'a', 'b']],
    ['a grant at a site where it has no project', { grant: 'climate', site: 'b' }, [], []],
    ['a grant after its projects', { grant: 'climate', fromMs: JUNE }, [], []],
  ])('are for %s: only those of its grants, projects and sites', (_, asked, accounts, marks) => {
    const prices = pricesFor({ fromMs: MAY, toMs: JULY, ...asked }, GRANTS, {
      billing: BILLING,
      marks: MARKS,
    });
    expect(prices.billing.map(({ account }) => account)).toEqual(accounts);
    expect(prices.marks.map(({ name }) => name)).toEqual(marks);
  });

  it('are for a balance: only those of its grant', async () => {
    const allowance = { resource: 'charge', priceBook: 'credits', amount: '9', kind: 'initial', reason: 'r' };
    const grant = {
      ...CLIMATE,
      fromMs: MAY,
      allowances: [{ ...allowance, author: 'ada', atMs: MAY, writtenMs: MAY }],
    } as PresentGrant;
    const questionsWith = async (marks: typeof MARKS) => {
      let questions = 0;
      const usage = async () => {
        questions += 1;
        return { data: [], next: null };
      };
      const ledger = { usage, coverage: usage } as Pick<Ledger, 'usage' | 'coverage'>;
      await grantBalances(ledger, { scope: EVERYTHING, grants: [grant], books: [BOOK], marks }, JUNE);
      return questions;
    };
    const without = await questionsWith([]);
    expect(await questionsWith(MARKS.filter(({ name }) => ['lab', 'b', 'p east'].includes(name)))).toBe(
      without,
    );
    // One more in the period of the grant, and one in the last days.
    expect(await questionsWith(MARKS)).toBe(without + 2);
  });
});
