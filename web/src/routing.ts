import { LAST_24_HOURS, type BucketStep, type Period } from './period.ts';
import { parseRange } from './periods/range.ts';
import { isZone } from './periods/zone.ts';

/** The content of a page is in its address, so that a view can be bookmarked and shared. */
export interface OverviewRoute {
  page: 'overview';
  period: Period;
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
  period: Period;
  step?: BucketStep;
  tablePage: number;
}

export interface GrantRoute {
  page: 'grant';
  name: string;
  period: Period;
  step?: BucketStep;
  tablePage: number;
}

/** What usage is added up by. An institution is that of the account of a grant. */
export const GROUP_KINDS = ['site', 'domain', 'institution', 'grant'] as const;

export type GroupKind = (typeof GROUP_KINDS)[number];

export interface TotalsRoute {
  page: 'totals';
  period: Period;
  by: GroupKind;
  resource?: string;
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

/** The state of a site, and what is known of the quality of its numbers. */
export interface SiteRoute {
  page: 'site';
  name: string;
}

/** The quality of the numbers of all sites. */
interface QualityRoute {
  page: 'quality';
}

/** The price books, or one of them, with what it would have charged. */
export interface PricesRoute {
  page: 'prices';
  /** Undefined shows the list of all. */
  name?: string;
  period: Period;
  grant?: string;
  /** Only this version counts, for the whole time; from 1. */
  version?: number;
}

interface UnknownRoute {
  page: 'unknown';
  address: string;
}

/** A route to a page with usage. */
type UsageRoute = OverviewRoute | ProjectRoute | GrantRoute;

/** A route to an existing page. */
export type KnownRoute =
  UsageRoute | TotalsRoute | PricesRoute | SiteRoute | QualityRoute | AccessRoute | AuditRoute;

export type Route = KnownRoute | UnknownRoute;

export const OVERVIEW: OverviewRoute = { page: 'overview', period: LAST_24_HOURS, search: '', tablePage: 1 };

/** The route of a fragment such as `#/projects/…`. */
export function parseRoute(hash: string): Route {
  const [path, query] = splitOnce(hash.replace(/^#?\/?/, ''), '?');
  const parameters = new URLSearchParams(query);
  if (path === '') return overviewRoute(parameters);
  const [room, site, projectId, ...rest] = path.split('/').map(decode);
  if (room === 'projects' && site && projectId && rest.length === 0)
    return projectRoute(site, projectId, parameters);
  if (room === 'grants' && site && projectId === undefined) return grantRoute(site, parameters);
  if (room === 'sites' && site && projectId === undefined) return { page: 'site', name: site };
  if (room === 'prices' && projectId === undefined) return pricesRoute(site, parameters);
  if (path === 'quality') return { page: 'quality' };
  if (path === 'totals') return totalsRoute(parameters);
  if (path === 'access') return { page: 'access' };
  if (path === 'audit') return auditRoute(parameters);
  return { page: 'unknown', address: hash };
}

/** The address of a route, without default values. */
export function routeAddress(route: KnownRoute): string {
  if (route.page === 'access') return '#/access';
  if (route.page === 'quality') return '#/quality';
  if (route.page === 'site') return `#/sites/${encodeURIComponent(route.name)}`;
  if (route.page === 'audit')
    return route.cursor === undefined ? '#/audit' : `#/audit?cursor=${encodeURIComponent(route.cursor)}`;
  const parameters = new URLSearchParams();
  addPeriod(parameters, route.period);
  if (route.page === 'totals') return totalsAddress(parameters, route);
  if (route.page === 'prices') return pricesAddress(parameters, route);
  if (route.page === 'overview') addOverview(parameters, route);
  else if (route.step !== undefined) parameters.set('step', route.step);
  if (route.tablePage > 1) parameters.set('page', String(route.tablePage));
  const query = parameters.toString();
  return `#/${routePath(route)}${query === '' ? '' : `?${query}`}`;
}

function totalsAddress(parameters: URLSearchParams, { by, resource }: TotalsRoute): string {
  parameters.set('by', by);
  if (resource !== undefined) parameters.set('resource', resource);
  return `#/totals?${parameters}`;
}

function totalsRoute(parameters: URLSearchParams): TotalsRoute {
  const [by, resource] = [parameters.get('by'), parameters.get('resource')];
  return {
    page: 'totals',
    period: periodOf(parameters),
    by: GROUP_KINDS.find((kind) => kind === by) ?? 'site',
    ...(resource === null ? {} : { resource }),
  };
}

function pricesAddress(parameters: URLSearchParams, { name, grant, version }: PricesRoute): string {
  if (grant !== undefined) parameters.set('grant', grant);
  if (version !== undefined) parameters.set('version', String(version));
  const query = parameters.toString();
  return `#/prices${name === undefined ? '' : `/${encodeURIComponent(name)}`}${query === '' ? '' : `?${query}`}`;
}

function pricesRoute(name: string | undefined, parameters: URLSearchParams): PricesRoute {
  const [grant, version] = [parameters.get('grant'), Number(parameters.get('version'))];
  return {
    page: 'prices',
    ...(name ? { name } : {}),
    period: periodOf(parameters),
    ...(grant === null ? {} : { grant }),
    ...(Number.isSafeInteger(version) && version > 0 ? { version } : {}),
  };
}

function routePath(route: UsageRoute): string {
  if (route.page === 'overview') return '';
  if (route.page === 'grant') return `grants/${encodeURIComponent(route.name)}`;
  return `projects/${encodeURIComponent(route.site)}/${encodeURIComponent(route.projectId)}`;
}

function addPeriod(parameters: URLSearchParams, { range, zone, compare }: Period): void {
  if (range !== LAST_24_HOURS.range) parameters.set('range', range);
  if (zone !== LAST_24_HOURS.zone) parameters.set('tz', zone);
  if (compare !== LAST_24_HOURS.compare) parameters.set('compare', compare);
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
    ...(step === 'hour' || step === 'day' || step === 'month' ? { step } : {}),
    tablePage: tablePageOf(parameters),
  };
}

/** A part of an address that names no period counts as not given. */
function periodOf(parameters: URLSearchParams): Period {
  const [range, zone, compare] = ['range', 'tz', 'compare'].map((name) => parameters.get(name) ?? '');
  return {
    range: range !== undefined && parseRange(range) !== undefined ? range : LAST_24_HOURS.range,
    zone: zone !== undefined && zone !== '' && isZone(zone) ? zone : LAST_24_HOURS.zone,
    compare: compare === 'before' || compare === 'year' ? compare : LAST_24_HOURS.compare,
  };
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
