import { serverAt, type ServerLife, type ServerState } from '../../model/server-life.ts';
import { changedMs } from '../../model/server-record.ts';
import type { ApiContext } from '../context/api-context.ts';
import type { Answer, ApiRequest } from '../context/exchange.ts';
import { NOVA_PATH } from '../keystone/keystone-catalog.ts';
import { novaBadRequest, novaCrash, novaForbidden, serverNotFound } from './nova-errors.ts';
import { nextPageQuery, parsePage } from './nova-paging.ts';
import { serverPage, type PagedServers } from './nova-server-pages.ts';
import { describeServer, describeUnknown } from './nova-server-view.ts';
import type { Token } from '../context/tokens.ts';

/**
 * `GET /servers/detail`, newest first, in pages. Parameters: `all_tenants` for administrators; `deleted=true` for deleted
 * servers that are not yet archived; `changes-since` for both kinds; `project_id` for one project. Since 2.69 the list has
 * only the ids of servers whose cell is down. Below 2.69, and with paging or filters, it omits them without an error.
 */
export function answerServers(request: ApiRequest, context: ApiContext, token: Token, minor: number): Answer {
  const { query, origin } = request;
  const { limit, marker } = parsePage(query, context.maxLimit);
  const servers = serverPage(context, { ...selection(query, context, token), limit, marker });
  const unknown = minor >= 69 && !isRefined(query) ? unknownServers(context, token, query) : [];
  const last = servers.length === limit ? servers.at(-1) : undefined;
  const href = `${origin}${NOVA_PATH}/servers/detail?${nextPageQuery(query, last?.life.id ?? '')}`;
  return {
    status: 200,
    body: {
      servers: [
        ...unknown.slice(0, limit - servers.length).map((server) => describeUnknown(server, origin)),
        ...servers.map((server) => describeServer(server, origin, minor)),
      ],
      ...(last && { servers_links: [{ rel: 'next', href }] }),
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
  if (isDown(server.life, context)) {
    if (minor < 69) throw novaCrash('nova.exception.NovaException');
    return { status: 200, body: { server: describeUnknown(server, request.origin) } };
  }
  const groups = minor >= 71 ? { server_groups: [] } : {};
  return { status: 200, body: { server: { ...describeServer(server, request.origin, minor), ...groups } } };
}

/** True for parameters that Nova can apply only by asking the cells. */
function isRefined(query: URLSearchParams): boolean {
  return [...query.keys()].some((key) => key !== 'all_tenants');
}

function unknownServers(context: ApiContext, token: Token, query: URLSearchParams): ServerState[] {
  if (context.downCells.size === 0) return [];
  const projectId = projectFilter(query, token);
  return livingServers(context).filter(
    ({ life }) => isDown(life, context) && (projectId === undefined || life.projectId === projectId),
  );
}

function selection(query: URLSearchParams, context: ApiContext, token: Token): Omit<PagedServers, 'limit'> {
  const projectId = projectFilter(query, token);
  const { deletedToo, isWanted } = stateFilter(query);
  return {
    marker: undefined,
    deletedToo,
    isWanted: (server) =>
      (projectId === undefined || server.life.projectId === projectId) &&
      isWanted(server) &&
      !isDown(server.life, context),
  };
}

function isDown({ cell = '' }: ServerLife, { downCells }: ApiContext): boolean {
  return downCells.has(cell);
}

function projectFilter(query: URLSearchParams, { user }: Token): string | undefined {
  const allTenants =
    /^(1|true|t|yes|y|on)$/i.test(query.get('all_tenants') ?? '0') || query.get('all_tenants') === '';
  if (!allTenants) return user.project.id;
  if (user.role !== 'admin') throw novaForbidden('os_compute_api:servers:detail:get_all_tenants');
  return query.get('project_id') ?? query.get('tenant_id') ?? undefined;
}

function stateFilter(query: URLSearchParams): Pick<PagedServers, 'deletedToo' | 'isWanted'> {
  const since = query.get('changes-since');
  if (since !== null) {
    const sinceMs = parseSince(since);
    return { deletedToo: true, isWanted: (server) => changedMs(server) >= sinceMs };
  }
  const deleted = /^(1|true|t|yes|y|on)$/i.test(query.get('deleted') ?? '');
  return { deletedToo: deleted, isWanted: ({ deletedMs }) => (deletedMs !== undefined) === deleted };
}

/** The instant of a `changes-since`. */
export function parseSince(text: string): number {
  const zoned = /(Z|[-+]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
  const instantMs = Date.parse(zoned);
  if (Number.isNaN(instantMs))
    throw novaBadRequest(
      `Invalid input for query parameters changes-since. Value: ${text}. '${text}' is not a 'date-time'`,
    );
  return instantMs;
}

function livingServers({ model, nowMs }: ApiContext): ServerState[] {
  const states = model.livesTouching(nowMs, nowMs).map((life) => serverAt(life, nowMs));
  return states.filter((server) => server !== undefined && server.deletedMs === undefined) as ServerState[];
}

function maySee({ user }: Token, { life }: ServerState): boolean {
  return user.role === 'admin' || life.projectId === user.project.id;
}
