import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { Me } from '../../src/portal/api/shapes/access-answers.ts';
import type { CoverageRow, ProjectRow, SiteRow, UsageRow } from '../../src/portal/api/shapes/answers.ts';
import type { GrantDetail } from '../../src/portal/api/shapes/grant-answers.ts';
import { listen } from '../../src/runtime/http/listen.ts';

/** The contents of a portal as plain data, so that tests of the pages know every number. */
export interface CannedLedger {
  sites: SiteRow[];
  projects: ProjectRow[];
  /** One row for each hour, site, project and resource; of server hours one for each flavor and state. */
  usage: UsageRow[];
  grants?: GrantDetail[];
  /** Coverage of steps without usage. */
  coverage?: CoverageRow[];
}

export interface CannedPortal {
  url: string;
  ledger: CannedLedger;
  /** The addresses of all API requests. */
  requests: string[];
  /** While true, the API answers only 503. */
  broken: boolean;
  close(): Promise<void>;
}

/** The fixed time of a canned portal. */
export const PORTAL_NOW_MS = Date.UTC(2026, 10, 22, 14, 24);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** Serves the built pages and canned answers, with the content security policy of a real portal. */
export async function startCannedPortal(webRoot: string, ledger: CannedLedger): Promise<CannedPortal> {
  const server = createServer((request, response) => void answer(request, response));
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  const portal: CannedPortal = {
    url: `http://127.0.0.1:${address.port}/`,
    ledger,
    requests: [],
    broken: false,
    close: () => closeServer(server),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', portal.url);
    response.setHeader('date', new Date(PORTAL_NOW_MS).toUTCString());
    response.setHeader(
      'content-security-policy',
      "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    if (url.pathname.startsWith('/api/')) answerApi(portal, url, response);
    else await answerFile(webRoot, url.pathname, response);
  }
  return portal;
}

const OPERATOR: Me = {
  who: 'person p-1',
  by: 'session',
  person: 'p-1',
  name: 'Ada Example',
  rights: [{ role: { role: 'operator' }, because: 'a rule' }],
  allowed: ['reads and changes everything'],
};

function answerApi(portal: CannedPortal, url: URL, response: ServerResponse): void {
  portal.requests.push(`${url.pathname}${url.search}`);
  if (portal.broken) sendJson(response, 503, { error: 'the database does not answer' });
  else if (url.pathname === '/api/v1/me') sendJson(response, 200, OPERATOR);
  else if (url.pathname === '/api/v1/sites')
    sendJson(response, 200, { data: portal.ledger.sites, next: null });
  else if (url.pathname === '/api/v1/grants')
    sendJson(response, 200, { data: portal.ledger.grants ?? [], next: null });
  else if (url.pathname.startsWith('/api/v1/grants/')) sendGrant(portal, url.pathname, response);
  else if (url.pathname === '/api/v1/coverage')
    sendJson(response, 200, { data: portal.ledger.coverage ?? [], next: null });
  else if (url.pathname === '/api/v1/projects')
    sendJson(response, 200, projectsPage(portal.ledger, url.searchParams));
  else if (url.searchParams.get('format') === 'csv')
    sendCsv(response, usageRows(portal.ledger, url.searchParams));
  else sendJson(response, 200, { data: usageRows(portal.ledger, url.searchParams), next: null });
}

function sendGrant({ ledger }: CannedPortal, path: string, response: ServerResponse): void {
  const name = decodeURIComponent(path.slice('/api/v1/grants/'.length));
  const grant = ledger.grants?.find((candidate) => candidate.name === name);
  if (grant === undefined) sendJson(response, 404, { error: `there is no grant '${name}'` });
  else sendJson(response, 200, grant);
}

const PROJECTS_PER_PAGE = 20;

/** Answers in pages, so that a client that ignores the cursor shows too few projects. */
function projectsPage({ projects }: CannedLedger, parameters: URLSearchParams): unknown {
  const site = parameters.get('site');
  const search = parameters.get('search')?.toLowerCase() ?? '';
  const found = projects.filter(
    (row) =>
      (site === null || row.site === site) &&
      `${row.project_name}\n${row.project_id}`.toLowerCase().includes(search),
  );
  const first = Number(parameters.get('cursor') ?? 0);
  const end = first + PROJECTS_PER_PAGE;
  return { data: found.slice(first, end), next: end < found.length ? String(end) : null };
}

const STEPS: Readonly<Record<string, (start: string, from: string) => string>> = {
  hour: (start) => start,
  day: (start) => `${start.slice(0, 10)}T00:00:00.000Z`,
  month: (start) => `${start.slice(0, 7)}-01T00:00:00.000Z`,
  total: (_start, from) => new Date(from).toISOString(),
};
const FROM_BEST_TO_WORST: readonly UsageRow['coverage'][] = ['measured', 'spread', 'missing'];

export function usageRows({ usage, grants = [] }: CannedLedger, parameters: URLSearchParams): UsageRow[] {
  const from = parameters.get('from') ?? '';
  const stepOf = STEPS[parameters.get('step') ?? ''];
  if (stepOf === undefined) throw new Error(`no step in ${parameters.toString()}`);
  const by = (parameters.get('by') ?? '').split(',');
  const sums = new Map<string, UsageRow>();
  for (const row of withGrants(usage, grants).filter((candidate) => matchesQuery(candidate, parameters))) {
    const key = { ...keysOf(row, by), start: stepOf(row.start, from), unit: row.unit };
    const before = sums.get(JSON.stringify(key));
    sums.set(JSON.stringify(key), {
      ...key,
      amount: (before?.amount ?? 0) + row.amount,
      coverage:
        before === undefined ||
        FROM_BEST_TO_WORST.indexOf(row.coverage) > FROM_BEST_TO_WORST.indexOf(before.coverage)
          ? row.coverage
          : before.coverage,
    });
  }
  return [...sums.values()];
}

function withGrants(usage: readonly UsageRow[], grants: readonly GrantDetail[]): UsageRow[] {
  const byProject = new Map(
    grants.flatMap(({ name, projects }) =>
      projects.map(({ site, project_id }) => [`${site} ${project_id}`, name] as const),
    ),
  );
  return usage.map((row) => ({ ...row, grant: byProject.get(`${row.site} ${row.project_id}`) ?? null }));
}

function matchesQuery(row: UsageRow, parameters: URLSearchParams): boolean {
  const startMs = Date.parse(row.start);
  const matches = (name: string, value: string | undefined) => (parameters.get(name) ?? value) === value;
  return (
    startMs >= Date.parse(parameters.get('from') ?? '') &&
    startMs < Date.parse(parameters.get('to') ?? '') &&
    matches('site', row.site) &&
    matches('project', row.project_id) &&
    matches('grant', row.grant ?? undefined) &&
    matches('resource', row.resource) &&
    (isByServers(parameters) ? row.resource === 'server' : true)
  );
}

function isByServers(parameters: URLSearchParams): boolean {
  return /flavor|state/.test(parameters.get('by') ?? '');
}

function keysOf(row: UsageRow, by: readonly string[]): Partial<UsageRow> {
  const { site = '', project_id = '', project_name = '', resource = '' } = row;
  const { flavor, state } = row;
  return {
    ...(by.includes('grant') ? { grant: row.grant ?? null } : {}),
    ...(by.includes('site') ? { site } : {}),
    ...(by.includes('project') ? { project_id, project_name } : {}),
    ...(by.includes('resource') ? { resource } : {}),
    ...(by.includes('flavor') && flavor !== undefined ? { flavor } : {}),
    ...(by.includes('state') && state !== undefined ? { state } : {}),
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A flavor is shown by its label. */
function cellOf(value: UsageRow[keyof UsageRow]): string {
  return typeof value === 'object' && value !== null ? value.label : String(value);
}

function sendCsv(response: ServerResponse, rows: readonly UsageRow[]): void {
  const lines = rows.map((row) =>
    Object.values<UsageRow[keyof UsageRow]>(row)
      .map((value) => `"${cellOf(value).replaceAll('"', '""')}"`)
      .join(','),
  );
  response
    .writeHead(200, { 'content-type': 'text/csv' })
    .end(`${Object.keys(rows[0] ?? {}).join(',')}\n${lines.join('\n')}\n`);
}

async function answerFile(webRoot: string, path: string, response: ServerResponse): Promise<void> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  try {
    const body = await readFile(join(webRoot, name));
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
