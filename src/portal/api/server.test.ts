import { EVERYTHING } from '../access/rights/scope.ts';
import { HoursGoneError } from '../ledger/question-errors.ts';
import { EventEmitter, once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../runtime/logger.ts';
import type {
  CoverageQuery,
  Grant,
  Ledger,
  Page,
  Project,
  ProjectQuery,
  ProjectUsageQuery,
  SiteStatus,
  StepUsage,
  UsageQuery,
} from '../ledger/ledger.ts';
import { createPortalMetrics } from '../metrics.ts';
import type { SiteRow, UsageRow } from './shapes/answers.ts';
import type { ApiServer } from './shapes/api-parts.ts';
import { configuredGrants } from '../accounts/configured-grants.ts';
import { LiveStreams } from './events/live-streams.ts';
import { createApiServer } from './server.ts';

const SITE: SiteRow = {
  name: 'a',
  labels: { location_id: '8676' },
  first_reading_at: '2026-01-01T00:00:00.000Z',
  last_reading_at: '2026-01-02T00:00:00.000Z',
  clouds: [{ cloud: '', last_reading_at: '2026-01-02T00:00:00.000Z' }],
  last_sweep_at: null,
  last_success_at: null,
  last_error: null,
  declared: true,
  ordinary_pause_seconds: 900,
  projects: 1,
  meters: 2,
  refused_series: 0,
  anomalies: 0,
};
const ROW: UsageRow = {
  site: 'a',
  project_id: 'p',
  project_name: '=cmd "x"',
  resource: 'vcpu',
  start: '2026-01-01T00:00:00.000Z',
  amount: 1.5,
  unit: 'vCPU-hours',
  coverage: 'measured',
};

/** The same site in the ledger's form. */
const STATUS: SiteStatus = {
  name: 'a',
  labels: { location_id: '8676' },
  firstReadingMs: Date.UTC(2026, 0, 1),
  lastReadingMs: Date.UTC(2026, 0, 2),
  clouds: [{ cloud: '', lastReadingMs: Date.UTC(2026, 0, 2) }],
  lastSweepMs: undefined,
  lastSuccessMs: undefined,
  lastError: undefined,
  declared: true,
  ordinaryPauseMs: 900_000,
  projects: 1,
  meters: 2,
  refusedSeries: 0,
  anomalies: 0,
};
const USED: StepUsage = {
  site: 'a',
  projectId: 'p',
  projectName: '=cmd "x"',
  resource: 'vcpu',
  startMs: Date.UTC(2026, 0, 1),
  amountMs: 5_400_000n,
  amount: 1.5,
  unit: 'vCPU-hours',
  coverage: 'measured',
};

interface ApiDocument {
  openapi: string;
  paths: Record<
    string,
    {
      get: { parameters?: { name: string }[]; responses: Record<string, unknown> };
      put?: { requestBody: unknown };
    }
  >;
}

/** The grants of the test server. */
const GRANTS: Grant[] = [
  {
    name: 'climate',
    projects: [
      { site: 'a', projectId: 'p' },
      { site: 'b', projectId: 'q', cloud: 'west' },
    ],
  },
];

let usage: (query: UsageQuery) => Promise<Page<StepUsage>>;
let allUsage: Ledger['allUsage'];
let projectUsages: Ledger['projectUsages'];
let ping: () => Promise<void>;
let projectQueries: ProjectQuery[];
let projects: Page<Project>;
let coverageQueries: CoverageQuery[];
let webFolder: string;
let server: ApiServer;
let live: LiveStreams;

const unused = async (): Promise<never> => await Promise.reject(new Error('not asked for in this test'));

beforeEach(async () => {
  usage = async () => ({ data: [USED], next: null });
  allUsage = async function* (query) {
    let cursor: string | undefined;
    do {
      const { data, next } = await usage({ ...query, cursor });
      yield data;
      cursor = next ?? undefined;
    } while (cursor !== undefined);
  };
  projectUsages = unused;
  ping = async () => undefined;
  projectQueries = [];
  projects = { data: [], next: 'more' };
  coverageQueries = [];
  webFolder = mkdtempSync(join(tmpdir(), 'stackmeter-web-'));
  mkdirSync(join(webFolder, 'assets'));
  writeFileSync(join(webFolder, 'index.html'), '<title>portal</title>');
  writeFileSync(join(webFolder, 'assets', 'index-a1B2c3D4.js'), '1');
  writeFileSync(join(webFolder, 'assets', 'index-a1B2c3D4.js.br'), brotliCompressSync('1'));
  const ledger: Ledger = {
    declareSites: unused,
    fold: unused,
    foldInAnyOrder: unused,
    gaps: unused,
    foldLate: unused,
    recordFailure: unused,
    site: unused,
    coverage: async (query) => {
      coverageQueries.push(query);
      return { data: [], next: null };
    },
    corrections: unused,
    anomalies: unused,
    refusals: unused,
    sweeps: unused,
    coverageShares: unused,
    verify: unused,
    maintain: unused,
    exportLines: () => {
      throw new Error('not asked for');
    },
    importLines: unused,
    close: unused,
    sites: async () => [STATUS],
    projects: async (query) => {
      projectQueries.push(query);
      return projects;
    },
    usage: async (query) => await usage(query),
    allUsage: (query, gone) => allUsage(query, gone),
    projectUsages: async (query) => await projectUsages(query),
    ping: async () => await ping(),
  };
  live = new LiveStreams();
  server = await createApiServer({
    ledger,
    live,
    metrics: createPortalMetrics(),
    clock: { nowMs: () => Date.UTC(2026, 0, 31), sleep: unused },
    accounts: {
      present: async () => ({
        grants: configuredGrants(GRANTS).map((grant) => ({ ...grant, account: 'cc-1', institution: 'Ulm' })),
        accounts: [],
        books: [],
        billing: [],
        marks: [],
      }),
      file: unused,
      apply: unused,
      put: unused,
      remove: unused,
      erase: unused,
      history: unused,
    },
    logger: silentLogger(),
    webFolder,
    stalledMs: 200,
    ownNames: ['usage.example.org'],
  });
});

afterEach(async () => {
  live.close();
  await server.close();
  rmSync(webFolder, { recursive: true });
});

describe('the API', () => {
  it('lists the sites', async () => {
    const answer = await server.inject('/api/v1/sites');
    expect([answer.statusCode, answer.json()]).toEqual([200, { data: [SITE], next: null }]);
  });

  it('asks the ledger for projects by site and name, page by page', async () => {
    const answer = await server.inject(
      '/api/v1/projects?site=a&search=k%C3%A4se&limit=5&cursor=c&history=true&renamed=true',
    );
    expect(answer.json()).toEqual({ data: [], next: 'more' });
    expect(projectQueries).toEqual([
      {
        scope: EVERYTHING,
        grants: [],
        site: 'a',
        search: 'käse',
        history: true,
        renamed: true,
        limit: 5,
        cursor: 'c',
      },
    ]);
  });

  it('asks the ledger for the coverage of hours, for at most a year at once', async () => {
    const month = '/api/v1/coverage?site=a&from=2026-01-30T12:30&limit=5';
    expect((await server.inject(month)).json()).toEqual({ data: [], next: null });
    expect(coverageQueries).toEqual([
      {
        scope: EVERYTHING,
        grants: [],
        fromMs: Date.UTC(2026, 0, 30, 12),
        toMs: Date.UTC(2026, 0, 31, 1),
        step: 'hour',
        by: new Set(['site', 'cloud']),
        site: 'a',
        limit: 5,
        cursor: undefined,
      },
    ]);
    const years = await server.inject('/api/v1/coverage?from=2020-01-01');
    expect([years.statusCode, years.json()]).toEqual([
      400,
      { error: 'from: is more than 366 days before to; ask for less at once' },
    ]);
  });

  it('asks the ledger for the coverage of longer steps, of all sites together, and of an existing grant', async () => {
    const together = '/api/v1/coverage?from=2026-01-30&step=day&by=&project=p&grant=climate';
    expect((await server.inject(together)).statusCode).toBe(200);
    expect(coverageQueries).toMatchObject([
      { step: 'day', by: new Set(), projectId: 'p', grant: 'climate', grants: GRANTS },
    ]);
    for (const [wrong, error] of [
      ['step=week', 'step: must be hour, day, month, quarter, year or total'],
      ['by=project', 'by: must be some of site, cloud, with commas between them'],
      ['grant=x', "grant: there is no grant 'x'; /api/v1/grants lists them"],
    ] as const) {
      const answer = await server.inject(`/api/v1/coverage?${wrong}`);
      expect([answer.statusCode, answer.json()]).toEqual([400, { error }]);
    }
  });

  it('answers usage with the rows of the ledger', async () => {
    expect((await server.inject('/api/v1/usage')).json()).toEqual({ data: [ROW], next: null });
  });

  it('answers with a row for each project, from sums as old as the question allows', async () => {
    const asked: ProjectUsageQuery[] = [];
    const usages = [{ resource: 'vcpu', amountMs: 5_400_000n, coverage: 'measured' as const }];
    const project = { site: 'a', cloud: '', domainId: 'd', domainName: 'D', usages };
    projectUsages = async (query) => {
      asked.push(query);
      return [
        { ...project, projectId: 'p', projectName: '=cmd "x"' },
        { ...project, projectId: 'q', projectName: 'other' },
      ];
    };
    const answer = await server.inject(
      '/api/v1/usage/projects?from=2026-01-30&site=a&search=cmd&sort=vcpu&limit=1&max_age=60',
    );
    const sum = { resource: 'vcpu', unit: 'vCPU-hours', amount: 3, largest: 1.5, coverage: 'measured' };
    const { unit: _unit, start: _start, amount, resource: _resource, ...row } = ROW;
    expect(answer.json()).toEqual({
      data: [{ ...row, domain_id: 'd', domain_name: 'D', amounts: { vcpu: amount } }],
      found: 1,
      resources: [sum],
      as_of: '2026-01-31T00:00:00.000Z',
    });
    const next = await server.inject('/api/v1/usage/projects?from=2026-01-30&site=a&offset=1&max_age=60');
    expect(next.json()).toMatchObject({ data: [{ project_id: 'q' }], found: 2, resources: [sum] });
    expect(asked).toMatchObject([
      {
        scope: EVERYTHING,
        fromMs: Date.UTC(2026, 0, 30),
        toMs: Date.UTC(2026, 0, 31, 1),
        site: 'a',
      },
    ]);
    await server.inject('/api/v1/usage/projects?from=2026-01-30&site=a');
    expect(asked).toHaveLength(2);
    expect((await server.inject('/api/v1/usage/projects?max_age=61')).json()).toEqual({
      error: 'max_age: must be a number from 0 to 60',
    });
  });

  it('asks for usage by grants with their present projects, and names a grant that does not exist', async () => {
    const asked: UsageQuery[] = [];
    usage = async (query) => {
      asked.push(query);
      return {
        data: [
          { ...USED, grant: 'climate' },
          { ...USED, grant: null },
        ],
        next: null,
      };
    };
    const csv = await server.inject('/api/v1/usage?format=csv&by=grant,resource');
    expect(csv.body.split('\r\n').slice(0, 3)).toEqual([
      'grant,resource,start,amount,unit,coverage',
      'climate,vcpu,2026-01-01T00:00:00.000Z,1.5,vCPU-hours,measured',
      ',vcpu,2026-01-01T00:00:00.000Z,1.5,vCPU-hours,measured',
    ]);
    const answer = await server.inject('/api/v1/usage?by=grant,resource&grant=climate');
    expect(answer.json<Page<UsageRow>>().data.map(({ grant }) => grant)).toEqual(['climate', null]);
    await server.inject('/api/v1/usage');
    expect(asked.map(({ grant, grants }) => [grant, grants])).toMatchObject([
      [undefined, GRANTS],
      ['climate', GRANTS],
      [undefined, []],
    ]);
    const unknown = await server.inject('/api/v1/usage?grant=clima');
    expect([unknown.statusCode, unknown.json()]).toEqual([
      400,
      { error: "grant: there is no grant 'clima'; /api/v1/grants lists them" },
    ]);
  });

  it('asks for usage by institution or account by groups of grants, and has one row for each', async () => {
    const asked: UsageQuery[] = [];
    usage = async (query) => {
      asked.push(query);
      return {
        data: [...(query.grants ?? []), { group: null }].map(({ group }) => ({ ...USED, grant: group })),
        next: null,
      };
    };
    const csv = await server.inject('/api/v1/usage?format=csv&by=institution,resource');
    expect(csv.body.split('\r\n').slice(0, 3)).toEqual([
      'institution,resource,start,amount,unit,coverage',
      'Ulm,vcpu,2026-01-01T00:00:00.000Z,1.5,vCPU-hours,measured',
      ',vcpu,2026-01-01T00:00:00.000Z,1.5,vCPU-hours,measured',
    ]);
    const answer = await server.inject('/api/v1/usage?by=account,institution,resource');
    expect(answer.json<Page<UsageRow>>().data).toMatchObject([
      { institution: 'Ulm', account: 'cc-1' },
      { institution: null, account: null },
    ]);
    expect(asked.map(({ by, grants }) => [[...by], grants?.map(({ group }) => group)])).toEqual([
      [['grant', 'resource'], ['Ulm']],
      [['grant', 'resource'], ['cc-1']],
    ]);
  });

  it('answers usage by domain with id and name, also as CSV', async () => {
    usage = async () => ({
      data: [{ ...USED, projectId: undefined, projectName: undefined, domainId: 'd1', domainName: 'elixir' }],
      next: null,
    });
    const { data } = (await server.inject('/api/v1/usage?by=domain,resource')).json<Page<UsageRow>>();
    expect(data).toMatchObject([{ domain_id: 'd1', domain_name: 'elixir', amount: 1.5 }]);
    const csv = await server.inject('/api/v1/usage?format=csv&by=domain,resource');
    expect(csv.body.split('\r\n').slice(0, 2)).toEqual([
      'domain_id,domain_name,resource,start,amount,unit,coverage',
      'd1,elixir,vcpu,2026-01-01T00:00:00.000Z,1.5,vCPU-hours,measured',
    ]);
  });

  it('answers server hours with the facts of each flavor, as CSV with its label', async () => {
    const asked: UsageQuery[] = [];
    const { startMs } = USED;
    const servers = {
      startMs,
      amountMs: 7_200_000n,
      amount: 2,
      unit: 'server-hours',
      coverage: 'measured',
    } as const;
    usage = async (query) => {
      asked.push(query);
      return {
        data: [
          { ...servers, flavor: 'm1.small/1/2048/20/0/0/0', state: 'active' },
          { ...servers, flavor: '=gpu, big/8/65536/80/10/512/a100=2,h100=1', state: 'stopped' },
          { ...servers, flavor: '/4/8192/0/?/?/?', state: 'unknown' },
        ],
        next: null,
      };
    };
    const address = '/api/v1/usage?by=flavor,state&flavor=m1.small/1/2048/20/0/0/0&state=active';
    const answer = (await server.inject(address)).json<Page<UsageRow>>();
    expect(asked).toMatchObject([
      {
        resource: 'server',
        flavor: 'm1.small/1/2048/20/0/0/0',
        state: 'active',
        by: new Set(['flavor', 'state']),
      },
    ]);
    expect(answer.data[0]).toEqual({
      flavor: {
        label: 'm1.small/1/2048/20/0/0/0',
        name: 'm1.small',
        vcpus: 1,
        memory_mb: 2048,
        disk_gb: 20,
        ephemeral_gb: 0,
        swap_mb: 0,
        gpus: {},
      },
      state: 'active',
      start: '2026-01-01T00:00:00.000Z',
      amount: 2,
      unit: 'server-hours',
      coverage: 'measured',
    });
    expect(answer.data.slice(1)).toMatchObject([
      {
        state: 'stopped',
        flavor: { name: '=gpu, big', ephemeral_gb: 10, swap_mb: 512, gpus: { a100: 2, h100: 1 } },
      },
      { state: 'unknown', flavor: { name: null, disk_gb: 0, ephemeral_gb: null, swap_mb: null, gpus: null } },
    ]);
    const csv = await server.inject('/api/v1/usage?by=flavor,state&format=csv');
    expect(csv.body.split('\r\n')).toEqual([
      'flavor,state,start,amount,unit,coverage',
      'm1.small/1/2048/20/0/0/0,active,2026-01-01T00:00:00.000Z,2,server-hours,measured',
      '"\'=gpu, big/8/65536/80/10/512/a100=2,h100=1",stopped,2026-01-01T00:00:00.000Z,2,server-hours,measured',
      '/4/8192/0/?/?/?,unknown,2026-01-01T00:00:00.000Z,2,server-hours,measured',
      '',
    ]);
    const mixed = await server.inject('/api/v1/usage?by=flavor&resource=vcpu');
    expect([mixed.statusCode, mixed.json()]).toEqual([
      400,
      {
        error:
          "resource: only 'server' has flavors and states; leave resource out, or leave out flavor and state",
      },
    ]);
  });

  it('starts a CSV with a byte order mark only on request, so that Excel reads UTF-8', async () => {
    usage = async () => await Promise.resolve({ data: [{ ...USED, projectName: 'Größe' }], next: null });
    const csv = '/api/v1/usage?format=csv&by=project,resource';
    const [plain, marked] = [await server.inject(csv), await server.inject(`${csv}&bom=true`)];
    expect(marked.rawPayload.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(marked.rawPayload.subarray(3)).toEqual(plain.rawPayload);
    expect(plain.body).toContain('Größe');
    expect((await server.inject(`${csv}&bom=1`)).statusCode).toBe(400);
  });

  it('returns usage as CSV over all pages, with the requested columns', async () => {
    const seen: (string | undefined)[] = [];
    usage = async ({ cursor }) => {
      seen.push(cursor);
      return { data: [USED], next: cursor === undefined ? 'second' : null };
    };
    const answer = await server.inject(
      '/api/v1/usage?format=csv&by=project&resource=vcpu&from=2026-01-01&step=day',
    );
    expect(answer.body).toBe(
      'project_id,project_name,start,amount,unit,coverage\r\n' +
        'p,"\'=cmd ""x""",2026-01-01T00:00:00.000Z,1.5,vCPU-hours,measured\r\n'.repeat(2),
    );
    expect(seen).toEqual([undefined, 'second']);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers['content-disposition']).toBe(
      'attachment; filename="usage-2026-01-01-to-2026-01-31T0100-by-day.csv"',
    );
  });

  it('names the wrong parameter in one line', async () => {
    const answer = await server.inject('/api/v1/usage?limit=many');
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      { error: 'limit: must be a number from 1 to 50000' },
    ]);
    const misspelt = await server.inject('/api/v1/projects?sites=a');
    expect([misspelt.statusCode, misspelt.json()]).toEqual([
      400,
      { error: "unknown parameter 'sites'; did you mean 'site'?" },
    ]);
    const unitless = await server.inject('/api/v1/usage?by=site');
    expect([unitless.statusCode, unitless.json()]).toEqual([
      400,
      {
        error: "by: amounts of several resources have no common unit; add 'resource' to by, or set resource",
      },
    ]);
  });

  it('hides the details of internal errors', async () => {
    usage = async () => await Promise.reject(new Error('SELECT secret FROM table'));
    const answer = await server.inject('/api/v1/usage');
    expect([answer.statusCode, answer.json()]).toEqual([
      500,
      { error: 'the portal could not answer; its log says why' },
    ]);
  });

  it('refuses hours that were dropped, also as CSV', async () => {
    usage = async () => await Promise.reject(new HoursGoneError(Date.UTC(2026, 0) / 3_600_000));
    for (const format of ['json', 'csv']) {
      const answer = await server.inject(`/api/v1/usage?step=hour&from=2025-01-01&format=${format}`);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect([answer.statusCode, answer.json()]).toEqual([
        400,
        {
          error:
            'hours before 2026-01-01T00:00:00.000Z are no longer kept, only their days: ask by day, month or total, from 00:00 to 00:00 UTC',
        },
      ]);
    }
  });

  it('says that the database is down', async () => {
    usage = async () => await Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));
    const answer = await server.inject('/api/v1/usage');
    expect([answer.statusCode, answer.json()]).toEqual([503, { error: 'the database does not answer' }]);
  });

  it('breaks a CSV off if the ledger fails, so that nobody takes half of it for the whole', async () => {
    usage = async ({ cursor }) =>
      cursor === undefined ? { data: [USED], next: 'second' } : await Promise.reject(new Error('gone'));
    await expect(server.inject('/api/v1/usage?format=csv')).rejects.toThrow(/destroyed/);
  });

  it.each(['before its first row', 'while it is sent'])(
    'ends a CSV if its client leaves %s, because it keeps a connection to the database',
    async (when) => {
      const told = new EventEmitter();
      const [started, gone, ended] = ['started', 'gone', 'ended'].map(
        async (event) => await once(told, event),
      );
      allUsage = async function* (_query, signal) {
        signal?.addEventListener('abort', () => told.emit('gone'));
        try {
          if (when === 'while it is sent') yield [USED];
          told.emit('started');
          await gone;
          for (;;) yield Array.from({ length: 1000 }, () => USED);
        } finally {
          told.emit('ended', 'let go');
        }
      };
      const client = await askedForCsv();
      await started;
      client.destroy();
      expect(await ended).toEqual(['let go']);
    },
  );

  it('ends a CSV if its client no longer reads', async () => {
    const told = new EventEmitter();
    const ended = once(told, 'ended');
    allUsage = async function* () {
      try {
        for (;;) yield Array.from({ length: 1000 }, () => USED);
      } finally {
        told.emit('ended', 'let go');
      }
    };
    const client = await askedForCsv();
    expect(await ended).toEqual(['let go']);
    client.destroy();
  });

  it('says that a path does not exist', async () => {
    const answer = await server.inject({ method: 'POST', url: '/api/v1/sites?x=1' });
    expect([answer.statusCode, answer.json()]).toEqual([404, { error: 'there is no POST /api/v1/sites' }]);
  });

  it('answers an invalid path in the same form', async () => {
    const answer = await server.inject('/api/%ff');
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      { error: "'/api/%ff' is not a valid url component" },
    ]);
  });

  it('describes itself with the schemas that check its requests', async () => {
    const document = (await server.inject('/api/openapi.json')).json<ApiDocument>();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual([
      '/api/v1/sites',
      '/api/v1/projects',
      '/api/v1/grants',
      '/api/v1/grants/{name}',
      '/api/v1/grants-file',
      '/api/v1/people/{id}',
      '/api/v1/accounts',
      '/api/v1/grants/{name}/history',
      '/api/v1/price-books/{name}/history',
      '/api/v1/marks/{name}/history',
      '/api/v1/accounts/{name}',
      '/api/v1/price-books/{name}',
      '/api/v1/marks/{name}',
      '/api/v1/price-books',
      '/api/v1/charges',
      '/api/v1/charges/what-if',
      '/api/v1/quote',
      '/api/v1/marks',
      '/api/v1/coverage',
      '/api/v1/corrections',
      '/api/v1/anomalies',
      '/api/v1/refusals',
      '/api/v1/sweeps',
      '/api/v1/usage',
      '/api/v1/usage/projects',
      '/metrics',
      '/healthz',
      '/readyz',
      '/api/v1/me',
      '/api/v1/events',
    ]);
    expect(document.paths['/api/v1/usage']?.get.parameters?.map(({ name }) => name)).toEqual([
      'from',
      'to',
      'step',
      'tz',
      'by',
      'site',
      'project',
      'grant',
      'resource',
      'flavor',
      'state',
      'limit',
      'cursor',
      'format',
      'bom',
    ]);
    expect(document.paths['/api/v1/usage']?.get.responses).toMatchObject({
      200: {
        content: {
          'application/json': { schema: { properties: { data: { type: 'array' } } } },
          'text/csv': { schema: { type: 'string' } },
        },
      },
      default: {
        content: {
          'application/json': { schema: { required: ['error'] } },
          'application/problem+json': {
            schema: { required: ['type', 'title', 'status', 'detail', 'error'] },
          },
        },
      },
    });
    expect(document.paths['/api/v1/grants/{name}']?.put?.requestBody).toMatchObject({
      content: {
        'application/json': { schema: { properties: { projects: { items: { required: ['site', 'id'] } } } } },
      },
    });
  });

  it('shows its description as a page below any prefix', async () => {
    const [page, style, moved] = await Promise.all(
      ['/api/', '/api/style.css', '/api'].map(async (url) => await server.inject(url)),
    );
    expect([page?.headers['content-type'], style?.headers['content-type']]).toEqual([
      'text/html; charset=utf-8',
      'text/css; charset=utf-8',
    ]);
    expect(page?.body).toContain('GET /api/v1/usage');
    expect([moved?.statusCode, moved?.headers.location]).toEqual([302, 'api/']);
  });

  it('sends files of pages as they were compressed when they were built', async () => {
    const url = '/assets/index-a1B2c3D4.js';
    const answer = await server.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.headers).toMatchObject({
      'content-encoding': 'br',
      'content-type': 'application/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: expect.stringMatching(/accept-encoding/i) as string,
    });
    expect(brotliDecompressSync(answer.rawPayload).toString()).toBe('1');
    const plain = await server.inject({ url });
    expect([plain.headers['content-encoding'], plain.body]).toEqual([undefined, '1']);
  });

  it('compresses large answers', async () => {
    usage = async () => ({ data: Array.from({ length: 100 }, () => USED), next: null });
    const headers = { 'accept-encoding': 'gzip' };
    for (const format of ['json', 'csv']) {
      const answer = await server.inject({ url: `/api/v1/usage?format=${format}`, headers });
      expect(answer.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(answer.rawPayload).toString()).toContain('vCPU-hours');
    }
  });
});

describe('a request under a foreign name', () => {
  const get = async (url: string, host: string, more: Record<string, string> = {}) =>
    await server.inject({ url, headers: { host, ...more } });

  it('is refused, because a page of another site could have sent it to us', async () => {
    for (const url of ['/', '/api/v1/usage', '/api/openapi.json', '/metrics', '/nowhere']) {
      const answer = await get(url, 'evil.example:8000', { authorization: 'Bearer x' });
      expect([answer.statusCode, answer.json()]).toEqual([
        421,
        { error: expect.stringContaining('set public_url') as string },
      ]);
    }
  });

  it('is answered for health; under our own names everything is answered', async () => {
    expect((await get('/healthz', 'evil.example')).statusCode).toBe(200);
    expect((await get('/readyz', 'evil.example')).statusCode).toBe(200);
    for (const host of ['usage.example.org', 'portal:8000', '10.0.0.1', '[::1]:8000'])
      expect((await get('/api/v1/sites', host)).statusCode).toBe(200);
  });
});

describe('health', () => {
  it('depends on the process, and readiness on the database', async () => {
    ping = async () => await Promise.reject(new Error('away'));
    const healthy = await server.inject('/healthz');
    const ready = await server.inject('/readyz');
    expect([healthy.statusCode, healthy.body]).toEqual([200, 'ok\n']);
    expect([ready.statusCode, ready.body]).toEqual([503, 'not ready\n']);
    ping = async () => undefined;
    const { statusCode, body } = await server.inject('/readyz');
    expect([statusCode, body]).toEqual([200, 'ready\n']);
  });

  it('streams events as they come: uncompressed, through proxies, and not longer than the portal runs', async () => {
    const answer = await server.inject({
      url: '/api/v1/events',
      headers: { 'accept-encoding': 'gzip' },
      payloadAsStream: true,
    });
    for (const lastReadingMs of [1, 2]) live.note([{ name: 'east', clouds: [{ cloud: '', lastReadingMs }] }]);
    live.close();
    const { headers } = answer;
    expect([answer.statusCode, headers['content-type'], headers['content-encoding']]).toEqual([
      200,
      'text/event-stream',
      undefined,
    ]);
    expect([headers['x-accel-buffering'], headers['cache-control']]).toEqual(['no', 'no-store']);
    expect(String(Buffer.concat((await answer.stream().toArray()) as Buffer[]))).toBe(
      'retry: 500\n\nevent: readings\ndata: new\n\n',
    );
    const late = await server.inject('/api/v1/events');
    expect([late.statusCode, late.headers['content-type']]).toEqual([
      429,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it.each(['/healthz', '/readyz'])('answers HEAD %s without a body', async (url) => {
    const { statusCode, body } = await server.inject({ method: 'HEAD', url });
    expect([statusCode, body]).toEqual([200, '']);
  });

  it('has metrics, including metrics of the process', async () => {
    const { body, headers } = await server.inject('/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^stackmeter_portal_build_info\{version="\d/m);
    expect(body).toMatch(/^process_resident_memory_bytes \d/m);
  });
});

describe('the pages', () => {
  it('are cached by browsers if their names have a hash, and usage only to ask whether it changed', async () => {
    const cached = async (url: string) => (await server.inject(url)).headers['cache-control'];
    expect(await cached('/')).toBe('no-cache');
    expect(await cached('/assets/index-a1B2c3D4.js')).toBe('public, max-age=31536000, immutable');
    expect(await cached('/api/v1/sites')).toBe('private, no-cache');
    expect(await cached('/api/v1/me')).toBe('no-store');
  });

  it('forbid foreign content, framing and guessing of types, like all other answers', async () => {
    for (const url of ['/', '/api/v1/sites', '/nowhere', '/api/v1/usage?limit=x']) {
      const { headers } = await server.inject(url);
      expect(headers['content-security-policy']).toMatch(/^default-src 'self';.*frame-ancestors 'none'$/);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('give no access outside their folder', async () => {
    for (const url of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/assets/..%5c..%5cx',
    ])
      expect((await server.inject(url)).statusCode).toBeGreaterThanOrEqual(400);
  });
});

/** A client that has sent a request and reads nothing of the answer. */
async function askedForCsv(): Promise<Socket> {
  await server.listen({ host: '127.0.0.1', port: 0 });
  const client = connect((server.server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => undefined).write('GET /api/v1/usage?format=csv HTTP/1.1\r\nhost: a\r\n\r\n');
  return client;
}
