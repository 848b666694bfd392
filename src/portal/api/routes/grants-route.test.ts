import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../runtime/logger.ts';
import type { Accounts, AccountsState } from '../../accounts/accounts.ts';
import type { PresentGrant } from '../../accounts/grants/grant.ts';
import type { StoredBook } from '../../accounts/grants/stored.ts';
import { priceBookDocument } from '../../accounts/price-books/documents.ts';
import type { CoverageQuery, Ledger, UsageQuery } from '../../ledger/ledger.ts';
import { HoursGoneError, RefusedQuestionError } from '../../ledger/question-errors.ts';
import { createPortalMetrics } from '../../metrics.ts';
import { createApiServer } from '../server.ts';
import type { GrantDetail } from '../shapes/grant-answers.ts';
import type { ApiServer } from '../shapes/api-parts.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 5, 10, 12);
const MIDNIGHT = Date.UTC(2026, 5, 10);

const CLIMATE: PresentGrant = {
  name: 'climate',
  title: 'Klimamodelle',
  account: 'university',
  fromMs: Date.UTC(2026, 5, 1),
  toMs: Date.UTC(2026, 6, 1),
  projects: [
    { site: 'a', projectId: 'p', fromMs: Date.UTC(2026, 5, 1), toMs: Date.UTC(2026, 6, 1) },
    { site: 'b', projectId: 'pool/x', cloud: 'west' },
  ],
  people: [
    { person: 'p-17', role: 'lead', name: 'Ada', mail: 'ada@example.org' },
    { person: 'p-18', role: 'member' },
  ],
  labels: { field: 'climate science' },
  allowances: [
    {
      resource: 'vcpu',
      amount: '600.5',
      kind: 'initial',
      atMs: Date.UTC(2026, 5, 1),
      reason: 'call 7',
      author: 'operator',
      writtenMs: Date.UTC(2026, 4, 20),
    },
  ],
  version: 3,
  changedMs: Date.UTC(2026, 4, 21),
  author: 'operator',
};
const IMAGING: PresentGrant = {
  ...CLIMATE,
  name: 'imaging & <x>',
  title: undefined,
  account: undefined,
  fromMs: undefined,
  toMs: undefined,
  projects: [{ site: 'a', projectId: 'q' }],
  people: [],
  labels: {},
  allowances: [],
  version: 1,
};
const BALANCE = {
  resource: 'vcpu',
  price_book: null,
  unit: 'vCPU-hours',
  granted: 600.5,
  granted_later: 0,
  used: 240.25,
  left: 360.25,
  used_share: 240.25 / 600.5,
  period_gone_share: 9.5 / 30,
  rate_per_day: 24,
  days: 9,
  missing_hours: 0,
  runs_out_on: '2026-06-25',
  reason: null,
};
const CLIMATE_ROW = {
  name: 'climate',
  title: 'Klimamodelle',
  account: 'university',
  from: '2026-06-01T00:00:00.000Z',
  to: '2026-07-01T00:00:00.000Z',
  labels: { field: 'climate science' },
  projects: [
    {
      site: 'a',
      cloud: null,
      project_id: 'p',
      from: '2026-06-01T00:00:00.000Z',
      to: '2026-07-01T00:00:00.000Z',
    },
    { site: 'b', cloud: 'west', project_id: 'pool/x', from: null, to: null },
  ],
  people: [
    { person: 'p-17', role: 'lead', name: 'Ada' },
    { person: 'p-18', role: 'member', name: null },
  ],
  balances: [BALANCE],
  unknown: null,
  version: 3,
};

let server: ApiServer;
let grants: PresentGrant[];
let books: AccountsState['books'];
let usageQueries: UsageQuery[];
let coverageQueries: CoverageQuery[];
let refusal: RefusedQuestionError | undefined;
/** The grant of which the ledger has lost hours. */
let lost: string | undefined;

beforeEach(async () => {
  [grants, books, usageQueries, coverageQueries] = [[CLIMATE, IMAGING], [], [], []];
  refusal = lost = undefined;
  const ledger: Pick<Ledger, 'usage' | 'coverage'> = {
    usage: async (query) => {
      usageQueries.push(query);
      if (refusal !== undefined) throw refusal;
      const gone = query.grants?.find(({ name }) => name === lost);
      if (gone !== undefined)
        throw new HoursGoneError(1000, {
          what: `a project joins or leaves the grant '${gone.name}'`,
          grant: gone.name,
          hour: 500,
        });
      const amountMs = BigInt((query.by.has('cloud') ? 9 * 24 : 240.25) * HOUR);
      const place = query.by.has('cloud') ? { site: 'a', cloud: '' } : {};
      const known = { startMs: query.fromMs, amount: 0, unit: 'vCPU-hours', coverage: 'measured' } as const;
      return {
        data: [null, 'climate'].map((grant) => ({ grant, ...place, resource: 'vcpu', amountMs, ...known })),
        next: null,
      };
    },
    coverage: async (query) => {
      coverageQueries.push(query);
      const data = Array.from({ length: (query.toMs - query.fromMs) / HOUR }, (_, hour) => ({
        site: 'a',
        cloud: '',
        startMs: query.fromMs + hour * HOUR,
        coverage: 'measured' as const,
        measuredMs: HOUR,
        spreadMs: 0,
        reached: true,
      }));
      return { data, next: null };
    },
  };
  const accounts: Pick<Accounts, 'present'> = {
    present: async () => ({ grants, accounts: [], books, billing: [], marks: [] }),
  };
  server = await createApiServer({
    ledger: ledger as Ledger,
    accounts: accounts as Accounts,
    metrics: createPortalMetrics(),
    clock: { nowMs: () => NOW, sleep: async () => undefined },
    logger: silentLogger(),
    localWrites: true,
  });
});

afterEach(async () => await server.close());

describe('the API of grants', () => {
  it('lists grants with what is left, from one question about all usage and one about the last days', async () => {
    const answer = await server.inject('/api/v1/grants');
    expect(answer.json()).toEqual({
      data: [
        CLIMATE_ROW,
        {
          ...CLIMATE_ROW,
          name: 'imaging & <x>',
          title: null,
          account: null,
          from: null,
          to: null,
          labels: {},
          projects: [{ site: 'a', cloud: null, project_id: 'q', from: null, to: null }],
          people: [],
          balances: [],
          version: 1,
        },
      ],
      next: null,
    });
    expect(usageQueries).toMatchObject([
      {
        fromMs: Date.UTC(2026, 5, 1),
        toMs: NOW + HOUR,
        step: 'total',
        by: new Set(['grant', 'resource']),
        grants: [CLIMATE],
      },
      { fromMs: MIDNIGHT - 28 * DAY, toMs: MIDNIGHT, by: new Set(['grant', 'site', 'cloud', 'resource']) },
    ]);
    expect(coverageQueries).toMatchObject([{ fromMs: MIDNIGHT - 28 * DAY, toMs: MIDNIGHT }]);
  });

  it('says what is left by charges of an allowance in the unit of a price book', async () => {
    const [allowance] = CLIMATE.allowances;
    if (allowance === undefined) throw new Error('the grant has no allowance');
    const charges = { ...allowance, resource: 'charge', priceBook: 'credits', amount: '1000' };
    grants = [{ ...CLIMATE, allowances: [charges] }];
    const version = { from: '2026-01-01', resource: [{ resource: 'vcpu', price: '0.5' }] };
    const book = { name: 'credits', unit: 'SU', scale: 2, rounding: 'half-up', version: [version] };
    const document = priceBookDocument.parse(book) as object as StoredBook;
    books = [{ document, version: 1, changedMs: 0, author: 'operator' }];
    expect((await server.inject('/api/v1/grants/climate')).json()).toMatchObject({
      allowances: [{ resource: 'charge', price_book: 'credits', unit: 'SU', amount: '1000' }],
      balances: [
        {
          resource: 'charge',
          price_book: 'credits',
          unit: 'SU',
          granted: 1000,
          used: 120.125,
          left: 879.875,
          rate_per_day: 12,
          days: 9,
        },
      ],
    });
    expect(usageQueries.map(({ by }) => [...by])).toEqual([
      ['site', 'resource', 'grant'],
      ['site', 'resource', 'grant', 'cloud'],
    ]);
  });

  it('asks the ledger nothing if no grant has an allowance', async () => {
    grants = [IMAGING];
    expect((await server.inject('/api/v1/grants')).json()).toMatchObject({ data: [{ balances: [] }] });
    expect([usageQueries, coverageQueries]).toEqual([[], []]);
  });

  it('shows a grant with its version as ETag, its allowances and the addresses of its people', async () => {
    const answer = await server.inject('/api/v1/grants/climate');
    expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"3"']);
    expect(answer.json()).toEqual({
      ...CLIMATE_ROW,
      people: [
        { person: 'p-17', role: 'lead', name: 'Ada', mail: 'ada@example.org' },
        { person: 'p-18', role: 'member', name: null, mail: null },
      ],
      allowances: [
        {
          resource: 'vcpu',
          price_book: null,
          unit: 'vCPU-hours',
          amount: '600.5',
          kind: 'initial',
          at: '2026-06-01T00:00:00.000Z',
          reason: 'call 7',
          author: 'operator',
          written_at: '2026-05-20T00:00:00.000Z',
        },
      ],
      changed_at: '2026-05-21T00:00:00.000Z',
      author: 'operator',
    });
    expect(usageQueries.map(({ grant }) => grant)).toEqual(['climate', 'climate']);
  });

  it('shows mail addresses to nobody who may not make changes', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    const { people } = (await server.inject({ url: '/api/v1/grants/climate', headers })).json<GrantDetail>();
    expect(people).toMatchObject([{ name: 'Ada', mail: null }, { mail: null }]);
  });

  it('finds a grant by any name, and says which one does not exist', async () => {
    const named = await server.inject(`/api/v1/grants/${encodeURIComponent('imaging & <x>')}`);
    expect(named.json()).toMatchObject({ name: 'imaging & <x>', balances: [], allowances: [] });
    const unknown = await server.inject('/api/v1/grants/clima');
    expect([unknown.statusCode, unknown.json()]).toEqual([
      404,
      { error: "there is no grant 'clima'; /api/v1/grants lists them" },
    ]);
  });

  it('says of which grant the usage is not known, and tells the balances of the others', async () => {
    grants = [CLIMATE, { ...CLIMATE, name: 'lost' }];
    lost = 'lost';
    const unknown = expect.stringContaining("joins or leaves the grant 'lost' at 1970-01-21T20:00:00.000Z");
    expect((await server.inject('/api/v1/grants')).json()).toMatchObject({
      data: [CLIMATE_ROW, { name: 'lost', balances: [], unknown }],
    });
    expect((await server.inject('/api/v1/grants/lost')).json()).toMatchObject({ balances: [], unknown });
  });

  it('refuses as problem+json if the ledger has too many questions', async () => {
    refusal = new RefusedQuestionError('busy', 'too many questions are asked at once: ask again later');
    for (const address of ['/api/v1/grants', '/api/v1/grants/climate']) {
      const answer = await server.inject(address);
      expect([answer.statusCode, answer.headers['content-type'], answer.headers['retry-after']]).toEqual([
        503,
        expect.stringContaining('application/problem+json'),
        '5',
      ]);
    }
  });
});
