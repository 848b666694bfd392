import { changedMs, serverAt, type ServerState } from '../model/server-life.ts';
import type { ApiContext } from './api-context.ts';
import type { Answer, ApiRequest } from './exchange.ts';
import { NOVA_PATH } from './keystone-catalog.ts';
import { novaBadRequest, novaForbidden, serverNotFound } from './nova-errors.ts';
import { markerNotFound, nextPageQuery, parsePage } from './nova-paging.ts';
import { describeServer } from './nova-server-view.ts';
import type { Token } from './tokens.ts';

/**
 * `GET /servers/detail`: newest first, in pages; with `all_tenants` for administrators, `deleted=true` those that are
 * deleted and not yet archived, `changes-since` both kinds, `project_id` one project's.
 */
export function answerServers(request: ApiRequest, context: ApiContext, token: Token, minor: number): Answer {
  const { limit, marker } = parsePage(request.query, context.maxLimit);
  const servers = selectServers(request.query, context, token);
  const first = marker === undefined ? 0 : servers.findIndex(({ life }) => life.id === marker) + 1;
  if (marker !== undefined && first === 0) throw markerNotFound(marker);
  const page = servers.slice(first, first + limit);
  const last = page.length === limit ? page.at(-1) : undefined;
  const links = last && [
    {
      rel: 'next',
      href: `${request.origin}${NOVA_PATH}/servers/detail?${nextPageQuery(request.query, last.life.id)}`,
    },
  ];
  return {
    status: 200,
    body: {
      servers: page.map((server) => describeServer(server, request.origin, minor)),
      ...(links && { servers_links: links }),
    },
  };
}

/** `GET /servers/ID` */
export function answerServer(
  id: string,
  request: ApiRequest,
  context: ApiContext,
  token: Token,
  minor: number,
): Answer {
  const server = livingServers(context).find(({ life }) => life.id === id);
  if (server === undefined || !maySee(token, server)) throw serverNotFound(id);
  const groups = minor >= 71 ? { server_groups: [] } : {};
  return { status: 200, body: { server: { ...describeServer(server, request.origin, minor), ...groups } } };
}

function selectServers(query: URLSearchParams, context: ApiContext, token: Token): ServerState[] {
  const projectId = projectFilter(query, token);
  return serversByState(query, context)
    .filter(({ life }) => projectId === undefined || life.projectId === projectId)
    .sort((a, b) => b.createdMs - a.createdMs || (a.life.id < b.life.id ? 1 : -1));
}

function projectFilter(query: URLSearchParams, { user }: Token): string | undefined {
  const allTenants =
    /^(1|true|t|yes|y|on)$/i.test(query.get('all_tenants') ?? '0') || query.get('all_tenants') === '';
  if (!allTenants) return user.project.id;
  if (user.role !== 'admin') throw novaForbidden('os_compute_api:servers:detail:get_all_tenants');
  return query.get('project_id') ?? query.get('tenant_id') ?? undefined;
}

function serversByState(query: URLSearchParams, context: ApiContext): ServerState[] {
  const since = query.get('changes-since');
  if (since !== null) return knownServers(context).filter((server) => changedMs(server) >= parseSince(since));
  if (/^(1|true|t|yes|y|on)$/i.test(query.get('deleted') ?? ''))
    return knownServers(context).filter(({ deletedMs }) => deletedMs !== undefined);
  return livingServers(context);
}

function parseSince(text: string): number {
  const zoned = /(Z|[-+]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
  const instantMs = Date.parse(zoned);
  if (Number.isNaN(instantMs))
    throw novaBadRequest(
      `Invalid input for query parameters changes-since. Value: ${text}. '${text}' is not a 'date-time'`,
    );
  return instantMs;
}

function livingServers({ model, nowMs }: ApiContext): ServerState[] {
  return statesAt(model.livesTouching(nowMs, nowMs), nowMs).filter(
    ({ deletedMs }) => deletedMs === undefined,
  );
}

/** Living servers, and deleted ones that are not archived yet. */
function knownServers({ model, nowMs }: ApiContext): ServerState[] {
  return statesAt(model.livesTouching(nowMs - model.keepsDeletedMs, nowMs), nowMs);
}

function statesAt(lives: ReturnType<ApiContext['model']['livesTouching']>, nowMs: number): ServerState[] {
  return lives.map((life) => serverAt(life, nowMs)).filter((server) => server !== undefined);
}

function maySee({ user }: Token, { life }: ServerState): boolean {
  return user.role === 'admin' || life.projectId === user.project.id;
}
