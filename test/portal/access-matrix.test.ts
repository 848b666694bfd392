import { expect, it } from 'vitest';
import type { Role } from '../../src/portal/access/rights/roles.ts';
import type { TokenOwner } from '../../src/portal/access/tokens.ts';
import { grantsFile } from '../../src/portal/accounts/grants/documents.ts';
import { reading } from '../ledger/in-memory-book.ts';
import { HOUR, NOON, onEmbeddedPostgresql, sweep, type FreshLedger } from '../ledger/fixture.ts';
import { accessPortalOn, type AccessPortal } from '../support/access-portal.ts';
import { textOf } from '../support/api-client.ts';

const ISS = 'https://id.example.org';
const OPERATOR = { who: 'owner root', by: 'socket' as const, rights: [] };
const BY = { author: 'root', origin: 'command' };
const ROLES = {
  member: { role: 'member', grant: 'climate' },
  lead: { role: 'lead', grant: 'climate' },
  site: { role: 'site', site: 'alpha' },
  auditor: { role: 'auditor' },
  operator: { role: 'operator' },
} as const satisfies Record<string, Role>;

/** Each name says to whom it belongs. */
const PROJECTS = {
  alpha: ['p-climate-alpha', 'p-free-alpha'],
  beta: ['p-climate-beta', 'p-imaging-beta'],
} as const;

const FILE = {
  person: [
    { id: 'lead-17', name: 'Ada L.', mail: 'ada@example.org' },
    { id: 'pi-of-imaging', name: 'Bob' },
  ],
  account: [
    {
      name: 'university',
      cost_centre: 'cc-4711',
      price_books: [{ book: 'credits-of-university', from: '2026-01-01' }],
    },
  ],
  mark: [
    { name: 'outage-of-alpha', reason: 'power cut', site: 'alpha', from: '2026-01-31T10:00Z' },
    {
      name: 'outage-of-imaging',
      reason: 'test of imaging',
      site: 'beta',
      project: 'p-imaging-beta',
      from: '2026-01-31',
    },
  ],
  price_book: ['credits-of-university', 'credits-of-imaging'].map((name) => ({
    name,
    unit: 'credits',
    scale: 2,
    rounding: 'half-up',
    version: [{ from: '2026-01-01', reason: 'call 7', resource: [{ resource: 'vcpu', price: '2' }] }],
  })),
  grant: [
    {
      name: 'climate',
      title: 'Climate models',
      account: 'university',
      labels: { field: 'label-of-climate' },
      people: [{ person: 'lead-17', role: 'lead' }],
      projects: [
        { site: 'alpha', id: 'p-climate-alpha' },
        { site: 'beta', id: 'p-climate-beta' },
      ],
      allowances: [
        { resource: 'vcpu', amount: '1234', kind: 'initial', at: '2026-01-01', reason: 'call-of-climate' },
      ],
    },
    {
      name: 'imaging',
      title: 'Imaging of cells',
      people: [{ person: 'pi-of-imaging', role: 'lead' }],
      projects: [{ site: 'beta', id: 'p-imaging-beta' }],
    },
  ],
};

/** A portal on a ledger in which each of these projects has used something. */
async function portalWith(
  freshLedger: FreshLedger,
  projects: Readonly<Record<string, readonly string[]>>,
  file: object,
) {
  const fixture = await freshLedger(Object.keys(projects));
  for (const [site, ids] of Object.entries(projects))
    for (const hour of [3, 2, 1])
      await fixture.ledger.fold(
        site,
        sweep(
          ids.map((projectId) =>
            reading(NOON - hour * HOUR, (4 - hour) * HOUR * projectId.length, {
              projectId,
              projectName: `name of ${projectId}`,
            }),
          ),
        ),
      );
  const rules = Object.entries(ROLES).map(([text, role], index) => ({
    place: `access.rule[${index + 1}]`,
    issuer: ISS,
    claim: 'groups',
    test: 'includes' as const,
    text,
    role,
  }));
  const portal = await accessPortalOn(fixture, [], rules);
  await portal.accounts.apply(grantsFile.parse(file), BY);
  return { portal, fixture };
}

type Headers = Record<string, string>;

/**
 * The headers of somebody with this role: by a session, by a token of the installation, or by a token of the site, grant or
 * person that has the role.
 */
async function headersOf(
  portal: AccessPortal,
  way: 'session' | 'token' | 'own token',
  role?: keyof typeof ROLES,
) {
  const identity = { iss: ISS, sub: `sub-${role}` };
  const person = await portal.access.people.keep(identity, { groups: role === undefined ? [] : [role] });
  if (way !== 'session') {
    const roles = role === undefined ? [] : [ROLES[role]];
    const owner = way === 'token' ? { kind: 'installation' as const } : ownerOf(person, roles[0]);
    const { secret } = await portal.access.tokens.create({ name: 'ci', owner, roles }, OPERATOR);
    return { authorization: `Bearer ${secret}` };
  }
  const secret = await portal.access.sessions.open({ ...identity, idToken: 'e.y.J' }, undefined);
  return { cookie: `stackmeter=${secret}`, origin: portal.url };
}

function ownerOf(person: string, role: Role | undefined): TokenOwner {
  if (role !== undefined && 'site' in role) return { kind: 'site', site: role.site };
  if (role !== undefined && 'grant' in role) return { kind: 'grant', grant: role.grant };
  return { kind: 'person', person };
}

async function ask(
  { url }: AccessPortal,
  headers: Headers,
  path: string,
  method = 'GET',
  body?: object,
): Promise<{ status: number; text: string; headers: [string, string][] }> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { accept: '*/*', ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    redirect: 'manual',
  });
  return {
    status: answer.status,
    text: await textOf(answer),
    headers: [...answer.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name)),
  };
}

type Asker = 'none' | keyof typeof ROLES;
const ASKERS: readonly Asker[] = ['none', 'member', 'lead', 'site', 'auditor', 'operator'];

/** A request to a route, and its status for each asker in the order of `ASKERS`; for tokens, if these have others. */
interface Line {
  path?: string;
  body?: object;
  statuses: readonly number[];
  ofTokens?: readonly number[];
}

const SPAN = 'from=2026-01-31&to=2026-02-01';

const READERS = [403, 200, 200, 200, 200, 200];
const ALL_READERS = [403, 403, 403, 403, 200, 200];
const operatorGets = (status: number) => [403, 403, 403, 403, 403, status];
const SIGNED_IN = [200, 200, 200, 200, 200, 200];
const token = { name: 'mine', roles: [ROLES.member] };

/** One line for each route of the OpenAPI document that needs a sign-in; more for foreign objects. */
const MATRIX: Readonly<Record<string, readonly Line[]>> = {
  'get /api/v1/sites': [{ statuses: READERS }],
  'get /api/v1/events': [{ statuses: READERS }],
  'get /api/v1/projects': [{ statuses: READERS }],
  'get /api/v1/usage': [{ statuses: READERS }],
  'get /api/v1/usage/projects': [{ statuses: READERS }],
  'get /api/v1/coverage': [{ statuses: READERS }],
  'get /api/v1/corrections': [{ path: `/api/v1/corrections?${SPAN}`, statuses: READERS }],
  'get /api/v1/anomalies': [{ path: `/api/v1/anomalies?${SPAN}`, statuses: READERS }],
  'get /api/v1/refusals': [{ path: `/api/v1/refusals?${SPAN}`, statuses: READERS }],
  'get /api/v1/sweeps': [{ path: `/api/v1/sweeps?${SPAN}`, statuses: READERS }],
  'get /api/v1/accounts': [{ statuses: READERS }],
  'get /api/v1/grants': [{ statuses: READERS }],
  'get /api/v1/grants/{name}': [
    { path: '/api/v1/grants/climate', statuses: READERS },
    { path: '/api/v1/grants/imaging', statuses: [403, 404, 404, 404, 200, 200] },
  ],
  'get /api/v1/grants/{name}/history': [
    { path: '/api/v1/grants/climate/history', statuses: [403, 200, 200, 404, 200, 200] },
    { path: '/api/v1/grants/imaging/history', statuses: [403, 404, 404, 404, 200, 200] },
  ],
  'put /api/v1/grants/{name}': [
    { path: '/api/v1/grants/climate', body: { name: 'climate' }, statuses: operatorGets(428) },
    { path: '/api/v1/grants/absent', body: {}, statuses: operatorGets(400) },
  ],
  'delete /api/v1/grants/{name}': [
    { path: '/api/v1/grants/climate', statuses: operatorGets(428) },
    { path: '/api/v1/grants/absent', statuses: operatorGets(404) },
  ],
  'put /api/v1/accounts/{name}': [
    { path: '/api/v1/accounts/university', body: { name: 'university' }, statuses: operatorGets(428) },
  ],
  'delete /api/v1/accounts/{name}': [
    { path: '/api/v1/accounts/university', statuses: operatorGets(428) },
    { path: '/api/v1/accounts/absent', statuses: operatorGets(404) },
  ],
  'get /api/v1/charges': [{ statuses: READERS }],
  'get /api/v1/charges/what-if': [
    {
      path: '/api/v1/charges/what-if?book=credits-of-university',
      statuses: [403, 200, 200, 400, 200, 200],
    },
    { path: '/api/v1/charges/what-if?book=credits-of-imaging', statuses: [403, 400, 400, 400, 200, 200] },
  ],
  'post /api/v1/charges/what-if': [{ body: { ...FILE.price_book[0] }, statuses: READERS }],
  'get /api/v1/marks': [{ statuses: READERS }],
  'get /api/v1/marks/{name}/history': [
    { path: '/api/v1/marks/outage-of-alpha/history', statuses: READERS },
    { path: '/api/v1/marks/outage-of-imaging/history', statuses: [403, 404, 404, 404, 200, 200] },
  ],
  'put /api/v1/marks/{name}': [
    { path: '/api/v1/marks/outage-of-alpha', body: { ...FILE.mark[0] }, statuses: operatorGets(428) },
  ],
  'delete /api/v1/marks/{name}': [
    { path: '/api/v1/marks/outage-of-alpha', statuses: operatorGets(428) },
    { path: '/api/v1/marks/absent', statuses: operatorGets(404) },
  ],
  'get /api/v1/quote': [
    {
      path: '/api/v1/quote?book=credits-of-university&server=m1/1/2048&hours=1',
      statuses: [403, 200, 200, 400, 200, 200],
    },
    {
      path: '/api/v1/quote?book=credits-of-imaging&server=m1/1/2048&hours=1',
      statuses: [403, 400, 400, 400, 200, 200],
    },
  ],
  'get /api/v1/price-books': [{ statuses: READERS }],
  'get /api/v1/price-books/{name}': [
    { path: '/api/v1/price-books/credits-of-university', statuses: [403, 200, 200, 404, 200, 200] },
    { path: '/api/v1/price-books/credits-of-imaging', statuses: [403, 404, 404, 404, 200, 200] },
  ],
  'get /api/v1/price-books/{name}/history': [
    { path: '/api/v1/price-books/credits-of-university/history', statuses: [403, 200, 200, 404, 200, 200] },
    { path: '/api/v1/price-books/credits-of-imaging/history', statuses: [403, 404, 404, 404, 200, 200] },
  ],
  'put /api/v1/price-books/{name}': [
    {
      path: '/api/v1/price-books/credits-of-university',
      body: { ...FILE.price_book[0] },
      statuses: operatorGets(428),
    },
  ],
  'delete /api/v1/price-books/{name}': [
    { path: '/api/v1/price-books/credits-of-university', statuses: operatorGets(428) },
    { path: '/api/v1/price-books/absent', statuses: operatorGets(404) },
  ],
  'get /api/v1/grants-file': [{ statuses: operatorGets(200) }],
  'post /api/v1/grants-file': [{ body: {}, statuses: operatorGets(200) }],
  'delete /api/v1/people/{id}': [{ path: '/api/v1/people/absent', statuses: operatorGets(404) }],
  'post /api/v1/people/{id}/invitation': [
    { path: '/api/v1/people/lead-17/invitation', statuses: operatorGets(200) },
    { path: '/api/v1/people/absent/invitation', statuses: operatorGets(404) },
  ],
  'get /api/v1/me': [{ statuses: SIGNED_IN }],
  'get /api/v1/tokens': [{ statuses: SIGNED_IN }],
  'post /api/v1/tokens': [
    { body: token, statuses: [403, 201, 201, 403, 201, 201], ofTokens: [403, 403, 403, 403, 403, 403] },
  ],
  'delete /api/v1/tokens/{id}': [{ path: '/api/v1/tokens/999999', statuses: [404, 404, 404, 404, 404, 404] }],
  'get /api/v1/audit': [{ statuses: ALL_READERS }],
  'get /metrics': [{ statuses: ALL_READERS }],
  'get /api/openapi.json': [{ statuses: READERS }],
  'get /api/': [{ statuses: READERS }],
  'get /api/style.css': [{ statuses: READERS }],
  // Files of the pages are for people with a role.
  'get /not-there': [{ statuses: [403, 404, 404, 404, 404, 404] }],
};

function everyLine() {
  return Object.entries(MATRIX).flatMap(([route, lines]) => {
    const [method = '', described = ''] = route.split(' ');
    return lines.map((line) => [route, { path: described, ...line, method: method.toUpperCase() }] as const);
  });
}

/** Whether a route answers with objects of the ledger or the accounts. */
function isRead(route: string): boolean {
  return /^get \/api\/v1\/(?!me$|tokens|audit)/.test(route);
}

const OWN_ROUTES = new Set(['get /api/v1/projects', 'get /api/v1/usage', 'get /api/v1/usage/projects']);

/** Words that somebody with the role reads among the projects and their usage. */
const OWN: Readonly<Partial<Record<Asker, RegExp>>> = {
  member: /p-climate-alpha.*p-climate-beta/,
  lead: /p-climate-alpha.*p-climate-beta/,
  site: /p-climate-alpha.*p-free-alpha/,
  auditor: /p-free-alpha.*p-imaging-beta/,
  operator: /p-free-alpha.*p-imaging-beta/,
};

/** Words that somebody with the role must never read. */
const FOREIGN: Readonly<Partial<Record<Asker, RegExp>>> = {
  none: /p-|alpha|beta|climate|imaging|university|cc-4711|Ada/,
  member: /p-free|imaging|cc-4711|mail.:.ada/i,
  lead: /p-free|imaging|cc-4711|mail.:.ada/i,
  site: /beta|imaging|university|cc-4711|Ada L|lead-17|label-of|call-of|1234/,
  auditor: /ada@example/,
};

onEmbeddedPostgresql('access by roles', (freshLedger) => {
  it('gives each role the routes of its line, and bodies without foreign objects', async () => {
    const { portal, fixture } = await portalWith(freshLedger, PROJECTS, FILE);
    const operator = await headersOf(portal, 'token', 'operator');
    const { paths } = JSON.parse((await ask(portal, operator, '/api/openapi.json')).text) as {
      paths: Record<string, Record<string, { security?: object[] }>>;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({ route: `${method} ${path}`, security })),
    );
    const open = routes.filter(({ route }) => MATRIX[route] === undefined);
    expect(open).toEqual([
      { route: 'get /healthz', security: [] },
      { route: 'get /readyz', security: [] },
    ]);

    const ended = { name: 'ended', owner: { kind: 'installation' as const }, roles: [ROLES.operator] };
    const expired = await portal.access.tokens.create(
      { ...ended, expiresMs: fixture.time.nowMs + 1 },
      OPERATOR,
    );
    const revoked = await portal.access.tokens.create(ended, OPERATOR);
    await portal.access.tokens.revoke(revoked.id);
    fixture.time.nowMs += 1;

    const wrong: unknown[] = [];
    // A HEAD of events would open a stream for nobody.
    const hasHead = (path: string) => path !== '/api/v1/events';
    for (const way of ['session', 'token', 'own token'] as const)
      for (const [index, asker] of ASKERS.entries()) {
        const headers = await headersOf(portal, way, asker === 'none' ? undefined : asker);
        for (const [route, { path, method, body, statuses, ofTokens = statuses }] of everyLine()) {
          const { status, text } = await ask(portal, headers, path, method, body);
          const expected = (way === 'session' ? statuses : ofTokens)[index];
          if (status !== expected) wrong.push({ route, path, way, asker, status, expected, text });
          const isAsked = way === 'session' && method === 'GET' && hasHead(path);
          const head = isAsked ? (await ask(portal, headers, path, 'HEAD')).status : status;
          if (head !== status) wrong.push({ route, path, way, asker, head, status });
          const leak = isRead(route) && status < 400 ? FOREIGN[asker]?.exec(text)?.[0] : undefined;
          if (leak !== undefined) wrong.push({ path, way, asker, leak });
          const lacks = OWN_ROUTES.has(route) && status < 400 && OWN[asker]?.test(text) !== true;
          if (lacks) wrong.push({ path, way, asker, lacks: OWN[asker], text });
        }
      }
    for (const [route, { path, method, body }] of everyLine()) {
      const { status } = await ask(portal, {}, path, method, body);
      if (status !== 401) wrong.push({ route, status, asker: 'nobody' });
    }
    expect(wrong).toEqual([]);
    for (const { secret } of [expired, revoked]) {
      const { status } = await ask(portal, { authorization: `Bearer ${secret}` }, '/api/v1/sites');
      expect(status).toBe(401);
    }
  });

  it('tells nobody of anything outside of their scope, compared with a portal that has nothing else', async () => {
    const climate = FILE.grant[0] ?? {};
    const own: [keyof typeof ROLES, Record<string, readonly string[]>, object][] = [
      ['lead', { alpha: ['p-climate-alpha'], beta: ['p-climate-beta'] }, { ...FILE, grant: [climate] }],
      [
        'site',
        { alpha: PROJECTS.alpha },
        {
          grant: [
            {
              name: 'climate',
              title: 'Climate models',
              projects: [{ site: 'alpha', id: 'p-climate-alpha' }],
            },
          ],
          mark: FILE.mark.slice(0, 1),
        },
      ],
    ];
    const { portal: whole } = await portalWith(freshLedger, PROJECTS, FILE);
    for (const [role, projects, file] of own) {
      const { portal: only } = await portalWith(freshLedger, projects, file);
      const [seen, few] = [await headersOf(whole, 'token', role), await headersOf(only, 'token', role)];
      for (const path of await withNextPages(few, only)) {
        const { status, text, headers } = await ask(whole, seen, path);
        const other = await ask(only, few, path);
        expect([role, path, status, text, headers]).toEqual([
          role,
          path,
          other.status,
          other.text,
          other.headers,
        ]);
      }
    }
  });
});

/** The probes, and the later pages of those with pages. */
async function withNextPages(headers: Headers, portal: AccessPortal): Promise<string[]> {
  const paths = [...PROBES];
  for (const path of paths) {
    const [, cursor] = /"next":"([^"]+)"/.exec((await ask(portal, headers, path)).text) ?? [];
    if (cursor !== undefined) paths.push(`${path.replace(/&cursor=.*/, '')}&cursor=${cursor}`);
  }
  return paths;
}

const PROBES = [
  '/api/v1/sites',
  '/api/v1/accounts',
  '/api/v1/projects',
  '/api/v1/projects?limit=1',
  '/api/v1/projects?search=p-',
  '/api/v1/projects?site=beta',
  '/api/v1/projects?search=imaging',
  ...['total', 'hour', 'day', 'month', 'quarter', 'year'].map((step) => `/api/v1/usage?${SPAN}&step=${step}`),
  ...[
    '',
    '&sort=vcpu&limit=1',
    '&search=imaging',
    '&site=beta&offset=1',
    '&max_age=60',
    '&max_age=60&search=p-',
  ].map((more) => `/api/v1/usage/projects?${SPAN}${more}`),
  ...['resource', 'site,resource', 'grant,resource', 'grant,site,cloud,project,resource'].flatMap((by) => [
    `/api/v1/usage?${SPAN}&by=${by}`,
    `/api/v1/usage?${SPAN}&by=${by}&format=csv&step=hour`,
    `/api/v1/usage?${SPAN}&by=${by}&limit=1&step=hour`,
  ]),
  ...[
    'site=beta',
    'site=absent',
    'site=alpha&site=beta',
    'project=p-imaging-beta',
    'project=p-climate-alpha&project=p-imaging-beta',
    'grant=climate',
    'grant=imaging',
    'grant=climate&grant=imaging',
  ].flatMap((filter) => [
    `/api/v1/usage?${SPAN}&${filter}`,
    `/api/v1/usage?${SPAN}&${filter}&format=csv`,
    `/api/v1/coverage?${SPAN}&${filter}`,
  ]),
  `/api/v1/coverage?${SPAN}&limit=1`,
  `/api/v1/coverage?${SPAN}&by=`,
  `/api/v1/coverage?${SPAN}&step=day&by=site`,
  ...['corrections', 'anomalies', 'refusals', 'sweeps'].flatMap((list) => [
    `/api/v1/${list}?${SPAN}`,
    `/api/v1/${list}?${SPAN}&limit=1`,
    `/api/v1/${list}?${SPAN}&site=beta&format=csv`,
  ]),
  '/api/v1/grants',
  '/api/v1/grants/climate',
  '/api/v1/grants/imaging',
  '/api/v1/grants/imaging/history',
  ...['', '&by=grant,project,price', '&by=site&format=csv', '&grant=imaging', '&book=credits-of-imaging'].map(
    (more) => `/api/v1/charges?${SPAN}${more}`,
  ),
  '/api/v1/price-books',
  '/api/v1/marks',
  '/api/v1/marks/outage-of-imaging/history',
  '/api/v1/price-books/credits-of-imaging',
  '/api/v1/price-books/credits-of-imaging/history',
  '/api/v1/tokens',
  '/api/v1/audit',
  '/api/v1/grants-file',
];
