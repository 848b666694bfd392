import {
  serverAt,
  type RecordedAction,
  type RecordedEvent,
  type ServerLife,
} from '../../model/server-life.ts';
import { actionsAt } from '../../model/server-record.ts';
import { stableUuid } from '../../model/stable-ids.ts';
import type { ApiContext } from '../context/api-context.ts';
import { formatMicroseconds, type Answer, type ApiRequest } from '../context/exchange.ts';
import type { Token } from '../context/tokens.ts';
import { NOVA_PATH } from '../keystone/keystone-catalog.ts';
import { parseSince } from './nova-servers.ts';
import { novaCrash, novaForbidden, novaNotFound, serverNotFound } from './nova-errors.ts';
import { markerNotFound, nextPageQuery, parsePage } from './nova-paging.ts';

/** `GET /servers/ID/os-instance-actions`: newest first, from 2.21 on of deleted servers too, in pages from 2.58 on,
 * with `changes-since`. */
export function answerActions(
  id: string,
  request: ApiRequest,
  context: ApiContext,
  token: Token,
  minor: number,
): Answer {
  const life = findLife(id, context, token, minor);
  const since = minor < 58 ? null : request.query.get('changes-since');
  const sinceMs = since === null ? -Infinity : parseSince(since);
  const newestFirst = actionsAt(life, context.nowMs)
    .filter((one) => updatedMs(one, context.nowMs) >= sinceMs)
    .toReversed();
  if (minor < 58)
    return {
      status: 200,
      body: { instanceActions: newestFirst.map((one) => describe(life, one, context.nowMs, minor)) },
    };
  const { limit, marker } = parsePage(request.query, context.maxLimit);
  const first =
    marker === undefined ? 0 : newestFirst.findIndex((one) => requestId(life, one) === marker) + 1;
  if (marker !== undefined && first === 0) throw markerNotFound(marker);
  const page = newestFirst.slice(first, first + limit);
  const last = page.length === limit ? page.at(-1) : undefined;
  const query = last && nextPageQuery(request.query, requestId(life, last));
  const href = `${request.origin}${NOVA_PATH}/servers/${id}/os-instance-actions?${query}`;
  return {
    status: 200,
    body: {
      instanceActions: page.map((one) => describe(life, one, context.nowMs, minor)),
      ...(last && { links: [{ rel: 'next', href }] }),
    },
  };
}

/** `GET /servers/ID/os-instance-actions/REQUEST`: the action with its events. */
export function answerAction(
  id: string,
  request: string,
  context: ApiContext,
  token: Token,
  minor: number,
): Answer {
  const life = findLife(id, context, token, minor);
  const action = actionsAt(life, context.nowMs).find((one) => requestId(life, one) === request);
  if (action === undefined) throw novaNotFound(`Action ${request} not found`);
  const events = (action.events ?? []).filter(({ startMs }) => startMs <= context.nowMs);
  const described = events.map((event) => describeEvent(event, context.nowMs));
  return {
    status: 200,
    body: { instanceAction: { ...describe(life, action, context.nowMs, minor), events: described } },
  };
}

function findLife(id: string, context: ApiContext, { user }: Token, minor: number): ServerLife {
  const { model, nowMs, downCells } = context;
  const known = model.livesTouching(nowMs - model.keepsDeletedMs, nowMs).find((life) => life.id === id);
  const server = known === undefined ? undefined : serverAt(known, nowMs);
  if (server === undefined || (minor < 21 && server.deletedMs !== undefined)) throw serverNotFound(id);
  if (downCells.has(server.life.cell ?? '')) throw novaCrash('nova.exception.NovaException');
  if (user.role !== 'admin' && server.life.projectId !== user.project.id)
    throw novaForbidden('os_compute_api:os-instance-actions:list');
  return server.life;
}

function requestId({ id }: ServerLife, { name, startMs }: RecordedAction): string {
  return `req-${stableUuid(`action ${id} ${name} ${startMs}`)}`;
}

function updatedMs({ startMs, endMs }: RecordedAction, nowMs: number): number {
  return endMs <= nowMs ? endMs : startMs;
}

function describe(
  life: ServerLife,
  action: RecordedAction,
  nowMs: number,
  minor: number,
): Record<string, unknown> {
  const { name, startMs, endMs, failed = false } = action;
  return {
    action: name,
    instance_uuid: life.id,
    request_id: requestId(life, action),
    user_id: life.projectId,
    project_id: life.projectId,
    start_time: formatMicroseconds(startMs),
    message: failed && endMs <= nowMs ? 'Error' : null,
    ...(minor >= 58 && { updated_at: formatMicroseconds(updatedMs(action, nowMs)) }),
  };
}

function describeEvent({ name, startMs, finishMs }: RecordedEvent, nowMs: number): Record<string, unknown> {
  const hasFinished = finishMs <= nowMs;
  return {
    event: name,
    start_time: formatMicroseconds(startMs),
    finish_time: hasFinished ? formatMicroseconds(finishMs) : null,
    result: hasFinished ? 'Success' : null,
    traceback: null,
  };
}
