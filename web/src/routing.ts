import { PERIODS, type BucketStep, type PeriodName } from './period.ts';

/** The content of a page is in its address, so that a view can be bookmarked and shared. */
export interface OverviewRoute {
  page: 'overview';
  period: PeriodName;
  resource?: string;
  search: string;
  /** A resource, or `name`; undefined sorts by the shown resource. */
  sort?: string;
  tablePage: number;
}

export interface ProjectRoute {
  page: 'project';
  site: string;
  projectId: string;
  period: PeriodName;
  step?: BucketStep;
  tablePage: number;
}

export interface GrantRoute {
  page: 'grant';
  name: string;
  period: PeriodName;
  step?: BucketStep;
  tablePage: number;
}

/** Who is signed in, with roles and tokens. */
interface AccessRoute {
  page: 'access';
}

export interface AuditRoute {
  page: 'audit';
  /** Shows the rows after this cursor; undefined shows the newest. */
  cursor?: string;
}

interface UnknownRoute {
  page: 'unknown';
  address: string;
}

/** A route to a page with usage. */
type UsageRoute = OverviewRoute | ProjectRoute | GrantRoute;

/** A route to an existing page. */
export type KnownRoute = UsageRoute | AccessRoute | AuditRoute;

export type Route = KnownRoute | UnknownRoute;

export const OVERVIEW: OverviewRoute = { page: 'overview', period: '24h', search: '', tablePage: 1 };

/** The route of a fragment such as `#/projects/…`. */
export function parseRoute(hash: string): Route {
  const [path, query] = splitOnce(hash.replace(/^#?\/?/, ''), '?');
  const parameters = new URLSearchParams(query);
  if (path === '') return overviewRoute(parameters);
  const [room, site, projectId, ...rest] = path.split('/').map(decode);
  if (room === 'projects' && site && projectId && rest.length === 0)
    return projectRoute(site, projectId, parameters);
  if (room === 'grants' && site && projectId === undefined) return grantRoute(site, parameters);
  if (path === 'access') return { page: 'access' };
  if (path === 'audit') return auditRoute(parameters);
  return { page: 'unknown', address: hash };
}

/** The address of a route, without default values. */
export function routeAddress(route: KnownRoute): string {
  if (route.page === 'access') return '#/access';
  if (route.page === 'audit')
    return route.cursor === undefined ? '#/audit' : `#/audit?cursor=${encodeURIComponent(route.cursor)}`;
  const parameters = new URLSearchParams();
  if (route.period !== '24h') parameters.set('range', route.period);
  if (route.page === 'overview') addOverview(parameters, route);
  else if (route.step !== undefined) parameters.set('step', route.step);
  if (route.tablePage > 1) parameters.set('page', String(route.tablePage));
  const query = parameters.toString();
  return `#/${routePath(route)}${query === '' ? '' : `?${query}`}`;
}

function routePath(route: UsageRoute): string {
  if (route.page === 'overview') return '';
  if (route.page === 'grant') return `grants/${encodeURIComponent(route.name)}`;
  return `projects/${encodeURIComponent(route.site)}/${encodeURIComponent(route.projectId)}`;
}

function addOverview(parameters: URLSearchParams, route: OverviewRoute): void {
  if (route.resource !== undefined) parameters.set('resource', route.resource);
  if (route.search !== '') parameters.set('search', route.search);
  if (route.sort !== undefined) parameters.set('sort', route.sort);
}

function overviewRoute(parameters: URLSearchParams): OverviewRoute {
  const resource = parameters.get('resource');
  const sort = parameters.get('sort');
  return {
    page: 'overview',
    period: periodOf(parameters),
    ...(resource === null ? {} : { resource }),
    search: parameters.get('search') ?? '',
    ...(sort === null ? {} : { sort }),
    tablePage: tablePageOf(parameters),
  };
}

function projectRoute(site: string, projectId: string, parameters: URLSearchParams): ProjectRoute {
  return { page: 'project', site, projectId, ...viewOf(parameters) };
}

function grantRoute(name: string, parameters: URLSearchParams): GrantRoute {
  return { page: 'grant', name, ...viewOf(parameters) };
}

function auditRoute(parameters: URLSearchParams): AuditRoute {
  const cursor = parameters.get('cursor');
  return { page: 'audit', ...(cursor === null ? {} : { cursor }) };
}

function viewOf(parameters: URLSearchParams): Pick<ProjectRoute, 'period' | 'step' | 'tablePage'> {
  const step = parameters.get('step');
  return {
    period: periodOf(parameters),
    ...(step === 'hour' || step === 'day' ? { step } : {}),
    tablePage: tablePageOf(parameters),
  };
}

function periodOf(parameters: URLSearchParams): PeriodName {
  const wanted = parameters.get('range');
  return PERIODS.find(({ name }) => name === wanted)?.name ?? '24h';
}

function tablePageOf(parameters: URLSearchParams): number {
  const wanted = Number(parameters.get('page'));
  return Number.isSafeInteger(wanted) && wanted > 1 ? wanted : 1;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Decodes a part of an address. A broken escape stays as it is: a typing mistake must not break the page. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
