import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../runtime/logger.ts';
import type { Accounts } from '../../../accounts/accounts.ts';
import type { PresentGrant } from '../../../accounts/grants/grant.ts';
import { markDocument } from '../../../accounts/grants/marks.ts';
import type { StoredBook } from '../../../accounts/grants/stored.ts';
import { priceBookDocument } from '../../../accounts/price-books/documents.ts';
import type { Ledger, StepUsage, UsageQuery } from '../../../ledger/ledger.ts';
import { HoursGoneError } from '../../../ledger/question-errors.ts';
import { createPortalMetrics } from '../../../metrics.ts';
import { createApiServer } from '../../server.ts';
import type { ApiServer } from '../../shapes/api-parts.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 10, 12);
const SMALL = 'small/1/2048/20/0/0/0';

const grantOf = (name: string, account?: string): PresentGrant => ({
  name,
  title: undefined,
  account,
  institution: account && 'Ulm',
  fromMs: undefined,
  toMs: undefined,
  projects: [{ site: 'a', projectId: name }],
  people: [],
  labels: {},
  allowances: [],
  version: 1,
  changedMs: 0,
  author: 'ada',
});

const version = (from: string, price: string) => ({
  from,
  reason: 'call 7',
  author: 'ada',
  written: '2026-01-01T00:00:00Z',
  server: [{ name: 'servers', sum: [{ price, per: { vcpu: 1 } }] }],
  resource: [{ resource: 'volume_gb', per: 1000, price: '0.3' }],
});
const bookOf = (...versions: object[]) => ({
  name: 'credits',
  unit: 'credits',
  scale: 2,
  rounding: 'half-up',
  version: versions,
});
const BOOK = {
  ...priceBookDocument.parse(
    bookOf(
      ...[version('2026-01-01', '1'), version('2026-05-15T06:00Z', '2')].map(
        ({ author: _author, written: _written, ...one }) => one,
      ),
    ),
  ),
} as object as StoredBook;

let server: ApiServer;
let queries: UsageQuery[];
let marks: Awaited<ReturnType<Accounts['present']>>['marks'];
/** Parts of the time up to then are refused. */
let goneBeforeMs: number;

beforeEach(async () => {
  queries = [];
  marks = [];
  goneBeforeMs = 0;
  const usage: Ledger['usage'] = async (query) => {
    queries.push(query);
    if (query.toMs <= goneBeforeMs) throw new HoursGoneError(goneBeforeMs / HOUR);
    const row = (resource: string, amount: number, others: Partial<StepUsage> = {}): StepUsage => ({
      grant: 'climate',
      site: 'a',
      resource,
      flavor: '',
      state: '',
      startMs: query.fromMs,
      amountMs: BigInt(amount * HOUR),
      amount,
      unit: '',
      coverage: 'measured',
      ...others,
    });
    const data = [
      row('server', 10, { flavor: SMALL, state: 'active' }),
      row('vcpu', 10),
      row('volume_gb', 500),
      row('vcpu', 7, { grant: 'other' }),
      row('gpu', 0.5, { grant: null }),
    ];
    return { data, next: query.step === 'hour' ? 'more' : null };
  };
  const accounts: Pick<Accounts, 'present'> = {
    present: async () => ({
      grants: [grantOf('climate', 'university'), grantOf('other')],
      accounts: [],
      books: [{ document: BOOK, version: 2, changedMs: 0, author: 'ada' }],
      marks,
      billing: [{ account: 'university', books: [{ fromMs: Date.UTC(2026, 0), book: BOOK }] }],
    }),
  };
  server = await createApiServer({
    ledger: { usage } as Ledger,
    accounts: accounts as Accounts,
    metrics: createPortalMetrics(),
    clock: { nowMs: () => NOW, sleep: async () => undefined },
    logger: silentLogger(),
    localWrites: true,
  });
});

afterEach(async () => await server.close());

const MAY = 'from=2026-05-01&to=2026-06-01';
const money = (charge: string, exact: string) => ({
  charge,
  charge_exact: exact,
  unit: 'credits',
  price_book: 'credits',
});
const UNPRICED = [
  {
    grant: 'other',
    site: 'a',
    resource: 'vcpu',
    usage: 14,
    usage_unit: 'vCPU-hours',
    reason: 'the grant has no account',
  },
  {
    grant: null,
    site: 'a',
    resource: 'gpu',
    usage: 1,
    usage_unit: 'GPU-hours',
    reason: 'no grant has the project',
  },
];

describe('the API of charges', () => {
  it('asks for each part of the time with the same prices, in one question, and sums the steps', async () => {
    const answer = await server.inject(`/api/v1/charges?${MAY}&by=grant`);
    const start = '2026-05-01T00:00:00.000Z';
    expect(answer.json()).toEqual({
      data: [{ grant: 'climate', start, ...money('30.30', '303/10') }],
      next: null,
      totals: [money('30.30', '303/10')],
      not_charged: [],
      not_priced: UNPRICED.map((row) => ({ start, ...row })),
      unused_prices: [],
    });
    const border = Date.UTC(2026, 4, 15, 6);
    expect(queries.map(({ fromMs, toMs, step, by }) => ({ fromMs, toMs, step, by: [...by] }))).toEqual(
      [
        [Date.UTC(2026, 4), border],
        [border, Date.UTC(2026, 5)],
      ].map(([fromMs, toMs]) => ({
        fromMs,
        toMs,
        step: 'total',
        by: ['site', 'resource', 'flavor', 'state', 'grant', 'cloud'],
      })),
    );
  });

  it('asks once if the price books and marks that change concern other grants, projects and sites', async () => {
    marks = [{ site: 'b' }, { site: 'a', project: 'climate' }, { account: 'university' }].map(
      (place, index) => ({
        document: markDocument.parse({
          name: `m${index}`,
          reason: 'why',
          from: '2026-05-20T06:00Z',
          ...place,
        }),
        version: 1,
        changedMs: 0,
        author: 'ada',
      }),
    );
    await server.inject(`/api/v1/charges?${MAY}&grant=other`);
    expect(queries).toHaveLength(1);
    await server.inject(`/api/v1/charges?${MAY}&grant=climate`);
    expect(queries).toHaveLength(1 + 3);
  });

  it('names the change of prices that needs hours which are gone, and says what to do', async () => {
    goneBeforeMs = Date.UTC(2026, 4, 20);
    const errorOf = async (time: string) =>
      (await server.inject(`/api/v1/charges?${time}`)).json<{ error: string }>().error;
    const gone = 'hours before 2026-05-20T00:00:00.000Z are no longer kept, only their days';
    expect(await errorOf(MAY)).toBe(
      `${gone}, and a price book, its account or a mark changes prices at 2026-05-15T06:00:00.000Z: ask for a time without that day, or move this instant to 00:00 UTC`,
    );
    expect(await errorOf('from=2026-05-01&to=2026-05-10T13:00Z')).toBe(
      `${gone}: ask by day, month or total, from 00:00 to 00:00 UTC`,
    );
  });

  it('says by which price usage was charged, as CSV too', async () => {
    const answer = await server.inject(`/api/v1/charges?${MAY}&by=account,price&format=csv`);
    const servers = `server,${SMALL},active,servers`;
    expect(answer.body.split('\r\n').map((line) => line.replaceAll(/:00\.000Z/g, 'Z'))).toEqual([
      'row,account,resource,flavor,state,price,prices_from,why,site,start,usage,usage_unit,mark,reason,charge,charge_exact,unit,price_book',
      `charge,university,${servers},2026-01-01T00:00Z,1 vcpu at 1,,2026-05-01T00:00Z,10,server-hours,,,10.00,10,credits,credits`,
      'charge,university,volume_gb,,,volume_gb,2026-01-01T00:00Z,0.3 for each of 1000 GiB-hours,,2026-05-01T00:00Z,500,GiB-hours,,,0.15,3/20,credits,credits',
      `charge,university,${servers},2026-05-15T06:00Z,1 vcpu at 2,,2026-05-01T00:00Z,10,server-hours,,,20.00,20,credits,credits`,
      'charge,university,volume_gb,,,volume_gb,2026-05-15T06:00Z,0.3 for each of 1000 GiB-hours,,2026-05-01T00:00Z,500,GiB-hours,,,0.15,3/20,credits,credits',
      'not priced,,vcpu,,,,,,a,2026-05-01T00:00Z,14,vCPU-hours,,the grant has no account,,,,',
      'not priced,,gpu,,,,,,a,2026-05-01T00:00Z,1,GPU-hours,,no grant has the project,,,,',
      '',
    ]);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="charges.csv"');
  });

  it('adds charges up by institution', async () => {
    const answer = await server.inject(`/api/v1/charges?${MAY}&by=institution`);
    expect(answer.json()).toMatchObject({
      data: [{ institution: 'Ulm', ...money('30.30', '303/10') }],
      not_priced: [{ institution: null }, { institution: null }],
    });
  });

  it('charges all usage by a named book', async () => {
    const answer = await server.inject(`/api/v1/charges?${MAY}&by=&book=credits`);
    expect(answer.json()).toMatchObject({
      data: [money('30.30', '303/10')],
      not_priced: [
        { resource: 'vcpu', usage: 14, reason: 'no price matches' },
        { resource: 'gpu', usage: 1, reason: 'no price matches' },
      ],
    });
    expect(queries[0]?.by.has('grant')).toBe(false);
  });

  it('compares what was charged with another book, side by side', async () => {
    const url = `/api/v1/charges/what-if?${MAY}&by=grant`;
    const other = {
      ...bookOf({ from: '2026-01-01', resource: [{ resource: 'vcpu', price: '0.1' }] }),
      name: 'new',
    };
    const answer = await server.inject({ method: 'POST', url, payload: other });
    const start = '2026-05-01T00:00:00.000Z';
    const ofNew = (charge: string, exact: string) => ({ ...money(charge, exact), price_book: 'new' });
    expect(answer.json()).toMatchObject({
      data: [
        {
          grant: 'climate',
          start,
          charged: [money('30.30', '303/10')],
          what_if: ofNew('2.00', '2'),
          difference: '-28.30',
          difference_exact: '-283/10',
        },
        { grant: 'other', start, charged: [], what_if: ofNew('1.40', '7/5'), difference: '1.40' },
      ],
      totals: {
        charged: [money('30.30', '303/10')],
        what_if: ofNew('3.40', '17/5'),
        difference: '-26.90',
        difference_exact: '-269/10',
      },
      not_priced: [
        { grant: 'climate', resource: 'volume_gb' },
        { grant: null, resource: 'gpu' },
      ],
    });
    // Both sides are of the same answers of the ledger.
    expect(queries).toHaveLength(2);
  });

  it('has no difference of amounts in two units', async () => {
    const payload = {
      ...bookOf({ from: '2026-01-01', resource: [{ resource: 'vcpu', price: '1' }] }),
      unit: 'EUR',
    };
    const url = `/api/v1/charges/what-if?${MAY}&by=`;
    const answer = await server.inject({ method: 'POST', url, payload });
    expect(answer.json()).toMatchObject({ totals: { difference: null, difference_exact: null } });
  });

  it('compares with a published book, or with one of its versions for the whole time', async () => {
    const totals = async (question: string) => {
      const answer = await server.inject(`/api/v1/charges/what-if?${MAY}&by=&${question}`);
      return answer.json<{ totals: unknown }>().totals;
    };
    const charged = [money('30.30', '303/10')];
    const same = { charged, what_if: money('30.30', '303/10'), difference: '0.00', difference_exact: '0' };
    expect(await totals('book=credits')).toEqual(same);
    expect(await totals('book=credits&book_version=2')).toEqual({
      charged,
      what_if: money('40.30', '403/10'),
      difference: '10.00',
      difference_exact: '10',
    });
    const answer = await server.inject(`/api/v1/charges/what-if?${MAY}&book=credits&book_version=3`);
    expect(answer.json()).toMatchObject({ error: "book_version: 'credits' has 2 versions" });
  });

  it('compares as CSV, with the rows of both sides in the same columns', async () => {
    const url = `/api/v1/charges/what-if?${MAY}&by=resource&book=credits&book_version=1&format=csv`;
    const answer = await server.inject(url);
    const start = '2026-05-01T00:00:00.000Z';
    expect(answer.body.split('\r\n')).toEqual([
      'row,resource,site,flavor,state,start,usage,usage_unit,mark,reason,charge,charge_exact,unit,price_book',
      `charged,server,,,,${start},,,,,30.00,30,credits,credits`,
      `charged,volume_gb,,,,${start},,,,,0.30,3/10,credits,credits`,
      `what if,server,,,,${start},,,,,20.00,20,credits,credits`,
      `what if,volume_gb,,,,${start},,,,,0.30,3/10,credits,credits`,
      `not priced,vcpu,a,,,${start},14,vCPU-hours,,no price matches,,,,`,
      `not priced,gpu,a,,,${start},1,GPU-hours,,no price matches,,,,`,
      '',
    ]);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="what-if.csv"');
  });

  it('refuses a book in the question with many versions in its time', async () => {
    const versions = Array.from({ length: 60 }, (_, index) => ({
      from: new Date(Date.UTC(2026, 3, 1 + index)).toISOString(),
      resource: [{ resource: 'vcpu', price: '1' }],
    }));
    const ask = async (time: string) =>
      await server.inject({
        method: 'POST',
        url: `/api/v1/charges/what-if?${time}`,
        payload: bookOf(...versions),
      });
    expect((await ask('from=2026-04-01&to=2026-06-01')).json()).toMatchObject({
      error: 'the book has 59 versions that begin in this time, 50 at most: ask for a shorter time',
    });
    expect((await ask(MAY)).statusCode).toBe(200);
  });

  it.each([
    ['book=credit', "book: there is no price book 'credit'; /api/v1/price-books lists them"],
    ['account=lab', "account: no grant of 'lab' is there"],
    ['grant=clima', "grant: there is no grant 'clima'; /api/v1/grants lists them"],
    [
      'by=flavour',
      'by: must be some of institution, account, grant, site, cloud, project, resource, flavor, state, price, with commas between them',
    ],
  ])('says what is wrong with %s', async (parameters, error) => {
    const answer = await server.inject(`/api/v1/charges?${parameters}`);
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { error }]);
  });

  it('refuses an answer of more usage than fits into memory', async () => {
    const answers = await Promise.all([
      server.inject(`/api/v1/charges?${MAY}&by=project&step=hour`),
      server.inject(`/api/v1/charges?${MAY}&by=project&step=hour&format=csv`),
      server.inject({
        method: 'POST',
        url: `/api/v1/charges/what-if?${MAY}&step=hour`,
        payload: bookOf({ from: '2026-01-01', resource: [{ resource: 'vcpu', price: '0.1' }] }),
      }),
    ]);
    for (const answer of answers)
      expect([answer.statusCode, answer.json()]).toMatchObject([
        400,
        { error: expect.stringContaining('more than 100000 rows of usage: ask for a longer step') as string },
      ]);
    expect(new Set(queries.map(({ limit }) => limit))).toEqual(new Set([100_000]));
  });

  it('refuses a book in the question that is too large', async () => {
    const url = `/api/v1/charges/what-if?${MAY}`;
    const payload = { ...bookOf(version('2026-01-01', '1')), unit: 'x'.repeat(600_000) };
    expect((await server.inject({ method: 'POST', url, payload })).statusCode).toBe(413);
  });
});
