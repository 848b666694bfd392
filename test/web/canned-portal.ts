import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { AuditRowAnswer, Me, TokenRow } from '../../src/portal/api/shapes/access-answers.ts';
import { answerOf } from '../../src/portal/api/routes/project-usage/project-usage-route.ts';
import { projectTable, type ProjectTable } from '../../src/portal/api/routes/project-usage/project-table.ts';
import type {
  CoverageRow,
  ProjectRow,
  ProjectUsageAnswer,
  SiteRow,
  UsageRow,
} from '../../src/portal/api/shapes/answers.ts';
import type { GrantDetail } from '../../src/portal/api/shapes/grant-answers.ts';
import type { BookRow } from '../../src/portal/api/shapes/prices/book-answers.ts';
import type { ChargesAnswer } from '../../src/portal/api/shapes/prices/charge-answers.ts';
import type { WhatIfAnswer } from '../../src/portal/api/shapes/prices/what-if-answers.ts';
import { listen } from '../../src/runtime/http/listen.ts';
import { isRecordList, recordsPage, type CannedRecords } from './canned-quality.ts';

/** The contents of a portal as plain data, so that tests of the pages know every number. */
export interface CannedLedger extends CannedRecords {
  sites: SiteRow[];
  projects: ProjectRow[];
  /** One row for each hour, site, project and resource; of server hours one for each flavor and state. */
  usage: UsageRow[];
  grants?: GrantDetail[];
  /** Coverage of steps without usage. */
  coverage?: CoverageRow[];
  tokens?: TokenRow[];
  audit?: AuditRowAnswer[];
  /** The answer to every question about charges. */
  charges?: ChargesAnswer;
  books?: BookRow[];
  /** The answer to every what-if. */
  whatIf?: WhatIfAnswer;
}

export interface CannedPortal {
  url: string;
  ledger: CannedLedger;
  /** The addresses of all API requests. */
  requests: string[];
  /** While true, the API answers only 503. */
  broken: boolean;
  /** The answers of the API, except who is signed in: data, nothing yet, or an error. */
  data: 'there' | 'late' | CannedError;
  /** Who is signed in. */
  me: Me;
  /** While true, the portal has a stream of events; otherwise pages ask from time to time. */
  streams: boolean;
  /** The open stream of a page. */
  events: ServerResponse | undefined;
  close(): Promise<void>;
}

export interface CannedError {
  status: number;
  error: string;
}

export const AWAY: CannedError = { status: 503, error: 'the database does not answer' };

/** The fixed time of a canned portal. */
export const PORTAL_NOW_MS = Date.UTC(2026, 10, 22, 14, 24);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** Serves the built pages as they are packed, and canned answers, with the content security policy of a real portal. */
export async function startCannedPortal(webRoot: string, ledger: CannedLedger): Promise<CannedPortal> {
  const server = createServer((request, response) => void answer(request, response));
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  const portal: CannedPortal = {
    url: `http://127.0.0.1:${address.port}/`,
    ledger,
    requests: [],
    broken: false,
    data: 'there',
    me: OPERATOR,
    streams: false,
    events: undefined,
    close: () => closeServer(server),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', portal.url);
    response.setHeader('date', new Date(PORTAL_NOW_MS).toUTCString());
    response.setHeader(
      'content-security-policy',
      "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    if (url.pathname === '/sign-in') response.end('Sign in');
    else if (url.pathname.startsWith('/api/')) answerApi(portal, url, response);
    else await answerFile(webRoot, url.pathname, response);
  }
  return portal;
}

const NO_CHARGES: ChargesAnswer = {
  data: [],
  next: null,
  totals: [],
  not_charged: [],
  not_priced: [],
  unused_prices: [],
};

export const OPERATOR: Me = {
  who: 'person p-1',
  by: 'session',
  person: 'p-1',
  name: 'Ada Example',
  rights: [{ role: { role: 'operator' }, because: 'a rule' }],
  allowed: ['reads and changes everything'],
  price_books: 1,
};

function answerApi(portal: CannedPortal, url: URL, response: ServerResponse): void {
  if (url.pathname === '/api/v1/events') return openEvents(portal, response);
  portal.requests.push(`${url.pathname}${url.search}`);
  const isMe = url.pathname === '/api/v1/me';
  if (portal.data === 'late' && !isMe) return;
  const failure = portal.broken ? AWAY : isMe || typeof portal.data === 'string' ? undefined : portal.data;
  if (failure !== undefined) sendJson(response, failure.status, failure);
  else if (isMe) sendJson(response, 200, portal.me);
  else if (url.pathname === '/api/v1/tokens')
    sendJson(response, 200, { data: portal.ledger.tokens ?? [], next: null });
  else if (url.pathname === '/api/v1/audit')
    sendJson(response, 200, { data: portal.ledger.audit ?? [], next: null });
  else if (isRecordList(url.pathname)) sendJson(response, 200, recordsPage(portal.ledger, url));
  else if (url.pathname === '/api/v1/sites')
    sendJson(response, 200, { data: portal.ledger.sites, next: null });
  else if (url.pathname === '/api/v1/grants')
    sendJson(response, 200, { data: portal.ledger.grants ?? [], next: null });
  else if (url.pathname.startsWith('/api/v1/grants/')) sendGrant(portal, url.pathname, response);
  else if (url.pathname === '/api/v1/charges') sendJson(response, 200, portal.ledger.charges ?? NO_CHARGES);
  else if (url.pathname === '/api/v1/charges/what-if') sendJson(response, 200, portal.ledger.whatIf);
  else if (url.pathname === '/api/v1/price-books')
    sendJson(response, 200, { data: portal.ledger.books ?? [], next: null });
  else if (url.pathname === '/api/v1/coverage')
    sendJson(response, 200, { data: portal.ledger.coverage ?? [], next: null });
  else if (url.pathname === '/api/v1/projects')
    sendJson(response, 200, projectsPage(portal.ledger, url.searchParams));
  else if (url.pathname === '/api/v1/usage/projects')
    void projectUsage(portal.ledger, url.searchParams).then((answer) => sendJson(response, 200, answer));
  else if (url.searchParams.get('format') === 'csv')
    sendCsv(response, usageRows(portal.ledger, url.searchParams));
  else sendJson(response, 200, { data: usageRows(portal.ledger, url.searchParams), next: null });
}

/** 204 tells an `EventSource` to give up. */
function openEvents(portal: CannedPortal, response: ServerResponse): void {
  if (!portal.streams) return void response.writeHead(204).end();
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  portal.events = response;
}

function sendGrant({ ledger }: CannedPortal, path: string, response: ServerResponse): void {
  const name = decodeURIComponent(path.slice('/api/v1/grants/'.length));
  const grant = ledger.grants?.find((candidate) => candidate.name === name);
  if (grant === undefined) sendJson(response, 404, { error: `there is no grant '${name}'` });
  else sendJson(response, 200, grant);
}

/** Tables by ledger and period: one for each key that somebody presses would take long. */
const tables = new WeakMap<CannedLedger, Map<string, Promise<ProjectTable>>>();

/** Searches and sorts like a real portal. */
async function projectUsage(ledger: CannedLedger, asked: URLSearchParams): Promise<ProjectUsageAnswer> {
  const [from = '', to = '', search = '', sort = '', offset, limit] = [
    'from',
    'to',
    'search',
    'sort',
    'offset',
    'limit',
  ].map((name) => asked.get(name) ?? undefined);
  const known = tables.get(ledger) ?? new Map<string, Promise<ProjectTable>>();
  tables.set(ledger, known);
  const table = known.get(from + to) ?? tableOf(ledger, { from, to });
  known.set(from + to, table);
  return await answerOf(
    await table,
    { search, sort, offset: Number(offset), limit: Number(limit) },
    PORTAL_NOW_MS,
  );
}

async function tableOf(ledger: CannedLedger, period: Record<'from' | 'to', string>): Promise<ProjectTable> {
  const asked = new URLSearchParams({ ...period, step: 'total', by: 'site,project,resource' });
  const rows = usageRows(ledger, asked);
  const projects = ledger.projects.map(({ site, cloud, ...row }) => ({
    site,
    cloud,
    projectId: row.project_id,
    projectName: row.project_name,
    domainId: row.domain_id,
    domainName: row.domain_name,
    usages: rows
      .filter((used) => used.site === site && used.project_id === row.project_id)
      .map(({ resource = '', amount, coverage }) => ({
        resource,
        amountMs: BigInt(Math.round(amount * 3_600_000)),
        coverage,
      })),
  }));
  return await projectTable(projects);
}

const PROJECTS_PER_PAGE = 20;

/** Answers in pages, so that a client that ignores the cursor shows too few projects. */
function projectsPage({ projects, grants = [] }: CannedLedger, parameters: URLSearchParams): unknown {
  const site = parameters.get('site');
  const grant = grants.find(({ name }) => name === parameters.get('grant'));
  const search = parameters.get('search')?.toLowerCase() ?? '';
  const found = projects.filter(
    (row) =>
      (site === null || row.site === site) &&
      (grant?.projects.some((one) => one.site === row.site && one.project_id === row.project_id) ?? true) &&
      (parameters.get('renamed') === null || (row.names?.length ?? 0) > 1) &&
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
  const found = rowsBetween(usage, Date.parse(from), Date.parse(parameters.get('to') ?? ''));
  for (const row of withGrants(found, grants).filter((candidate) => matchesQuery(candidate, parameters))) {
    const keys = { ...keysOf(row, by), start: stepOf(row.start, from), unit: row.unit };
    const key = JSON.stringify(keys);
    const before = sums.get(key);
    sums.set(key, {
      ...keys,
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

/** The start of each row, which takes long to parse. */
const starts = new WeakMap<readonly UsageRow[], number[]>();

function rowsBetween(usage: readonly UsageRow[], fromMs: number, toMs: number): UsageRow[] {
  const startsMs = starts.get(usage) ?? usage.map(({ start }) => Date.parse(start));
  starts.set(usage, startsMs);
  const isBetween = (startMs = NaN) => startMs >= fromMs && startMs < toMs;
  return usage.filter((_row, index) => isBetween(startsMs[index]));
}

function withGrants(usage: readonly UsageRow[], grants: readonly GrantDetail[]): UsageRow[] {
  const ofProjects = new Map(
    grants.flatMap(({ name: grant, account: institution, projects }) =>
      projects.map(({ site, project_id }) => [`${site} ${project_id}`, { grant, institution }] as const),
    ),
  );
  return usage.map((row) => ({ ...row, ...ofProjects.get(`${row.site} ${row.project_id}`) }));
}

function matchesQuery(row: UsageRow, parameters: URLSearchParams): boolean {
  const matches = (name: string, value: string | undefined) => (parameters.get(name) ?? value) === value;
  return (
    matches('site', row.site) &&
    (parameters.has('project') ? parameters.getAll('project').includes(row.project_id ?? '') : true) &&
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
  const { domain_id = '', domain_name = '' } = row;
  const { flavor, state } = row;
  return {
    ...(by.includes('institution') ? { institution: row.institution ?? null } : {}),
    ...(by.includes('grant') ? { grant: row.grant ?? null } : {}),
    ...(by.includes('site') ? { site } : {}),
    ...(by.includes('domain') ? { domain_id, domain_name } : {}),
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
    const isPacked = name !== 'favicon.svg';
    if (isPacked) response.setHeader('content-encoding', 'gzip');
    const body = await readFile(join(webRoot, isPacked ? `${name}.gz` : name));
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
