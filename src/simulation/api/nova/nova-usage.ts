import { compareText } from '../../model/cloud-model.ts';
import { serverAt, type ServerLife, type ServerState } from '../../model/server-life.ts';
import type { ApiContext } from '../context/api-context.ts';
import type { Answer, ApiRequest } from '../context/exchange.ts';
import { NOVA_PATH } from '../keystone/keystone-catalog.ts';
import { novaBadRequest, novaCrash, novaForbidden } from './nova-errors.ts';
import { markerNotFound, nextPageQuery, parsePage, type PageRequest } from './nova-paging.ts';
import { parseWindow, type UsageWindow } from './nova-time.ts';
import { describeUsage } from './nova-usage-view.ts';
import type { Token } from '../context/tokens.ts';

const PATH = '/os-simple-tenant-usage';

/**
 * `GET /os-simple-tenant-usage[/PROJECT]`, like Nova's simple_tenant_usage.py: the limit applies to every microversion, but
 * only answers since 2.40 have a link to the next page.
 */
export function answerUsage(
  request: ApiRequest,
  context: ApiContext,
  token: Token,
  minor: number,
  projectId?: string,
): Answer {
  requireUsageRight(token, projectId);
  if (minor >= 75) refuseUnknownParameters(request.query, projectId);
  const window = parseWindow(request.query, context.novaNowMs);
  const paged = minor >= 40;
  const asked = paged
    ? parsePage(request.query, context.maxLimit)
    : { limit: context.maxLimit, marker: undefined };
  const servers = selectPage(window, context, projectId, asked);
  const detailed = projectId !== undefined || request.query.get('detailed') === '1';
  const usages = describeUsage(servers, window, context.novaNowMs, detailed);
  const path = projectId === undefined ? PATH : `${PATH}/${projectId}`;
  const links = paged ? nextLink(request, servers, asked.limit, path) : undefined;
  const body =
    projectId === undefined
      ? { tenant_usages: usages, ...(links && { tenant_usages_links: links }) }
      : { tenant_usage: usages[0] ?? {}, ...(links && { tenant_usage_links: links }) };
  return { status: 200, body };
}

function requireUsageRight({ user }: Token, projectId: string | undefined): void {
  if (user.role === 'admin' || projectId === user.project.id) return;
  throw novaForbidden(`os_compute_api:os-simple-tenant-usage:${projectId === undefined ? 'list' : 'show'}`);
}

function refuseUnknownParameters(query: URLSearchParams, projectId: string | undefined): void {
  const known = new Set([
    'start',
    'end',
    'limit',
    'marker',
    ...(projectId === undefined ? ['detailed'] : []),
  ]);
  const unknown = [...query.keys()].find((key) => !known.has(key));
  if (unknown !== undefined)
    throw novaBadRequest(`Additional properties are not allowed ('${unknown}' was unexpected)`);
}

/**
 * A page of the servers in Nova's tables whose last launch is before the end of the window, and that were not deleted
 * before its start. The page reads one cell after the other, and fails if it reaches a cell that is down.
 */
function selectPage(
  window: UsageWindow,
  context: ApiContext,
  projectId: string | undefined,
  { limit, marker }: PageRequest,
): ServerState[] {
  const servers: ServerState[] = [];
  let after = marker;
  for (const cell of context.model.cells ?? [undefined]) {
    if (cell !== undefined && context.downCells.has(cell))
      throw novaCrash('oslo_db.exception.DBConnectionError');
    const candidates = candidatesOf(window, context, cell);
    const first = after === undefined ? 0 : firstAfter(candidates, after, context, cell);
    if (first === undefined) continue; // the marker is in another cell
    after = undefined;
    const left = limit - servers.length;
    servers.push(...selectServers(candidates, first, left, { window, context, projectId }));
    if (servers.length === limit) break;
  }
  if (after !== undefined) throw markerNotFound(after);
  return servers;
}

function candidatesOf({ startMs, endMs }: UsageWindow, { model, nowMs }: ApiContext, cell?: string) {
  const lives = model.livesTouching(Math.min(startMs, nowMs), Math.min(endMs, nowMs));
  return cell === undefined ? lives : lives.filter((life) => (life.cell ?? '') === cell);
}

interface Selection {
  window: UsageWindow;
  context: ApiContext;
  projectId: string | undefined;
}

/** Reads only as many candidates as the page needs. */
function selectServers(
  candidates: readonly ServerLife[],
  first: number,
  limit: number,
  { window: { startMs, endMs }, context: { nowMs }, projectId }: Selection,
): ServerState[] {
  const servers: ServerState[] = [];
  for (let place = first; place < candidates.length && servers.length < limit; place++) {
    const life = candidates[place] as ServerLife;
    if (projectId !== undefined && life.projectId !== projectId) continue;
    const server = serverAt(life, nowMs);
    if (server === undefined) continue;
    // Nova's query to its database has whole seconds.
    if (server.launchedMs >= wholeSecond(endMs)) continue;
    if (server.deletedMs === undefined || server.deletedMs > wholeSecond(startMs)) servers.push(server);
  }
  return servers;
}

function wholeSecond(instantMs: number): number {
  return Math.floor(instantMs / 1000) * 1000;
}

/** The position after the marker. A marker outside the window is fine; undefined if it is not in the tables of the cell. */
function firstAfter(
  candidates: readonly ServerLife[],
  marker: string,
  { model, nowMs }: ApiContext,
  cell: string | undefined,
): number | undefined {
  const index = candidates.findIndex(({ id }) => id === marker);
  const life =
    candidates[index] ??
    model.livesTouching(nowMs - model.keepsDeletedMs, nowMs).find(({ id }) => id === marker);
  if (life === undefined || serverAt(life, nowMs) === undefined) return undefined;
  if (cell !== undefined && (life.cell ?? '') !== cell) return undefined;
  if (index >= 0) return index + 1;
  const after = candidates.findIndex(
    (other) => (compareText(other.projectId, life.projectId) || compareText(other.id, life.id)) > 0,
  );
  return after < 0 ? candidates.length : after;
}

function nextLink(request: ApiRequest, servers: ServerState[], limit: number, path: string) {
  const last = servers.at(-1);
  if (last === undefined || servers.length < limit) return undefined;
  const query = nextPageQuery(request.query, last.life.id);
  return [{ rel: 'next', href: `${request.origin}${NOVA_PATH}${path}?${query}` }];
}
