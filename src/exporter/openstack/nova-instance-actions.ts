import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { microversionHeaders, requireMicroversion } from './session/nova-microversion.ts';
import { novaTime } from './session/nova-time.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import type { Session } from './session/session.ts';

/** From 2.58 on an action says when it was last written, and its events are shown to everyone who may see the action. */
const MICROVERSION = '2.58';

/** An action on a server, as Nova recorded it. */
export interface NovaAction {
  /** The id of the request that asked for the action. */
  requestId: string;
  /** Such as `stop`. */
  name: string;
  startMs: number;
  /** When an event of the action last began or ended. */
  updatedMs: number;
  failed: boolean;
}

export interface NovaActionEvent {
  /** Such as `compute_shelve_instance`. */
  name: string;
  /** Undefined while the event is under way. */
  finishedMs: number | undefined;
}

const actionSchema = z.object({
  action: z.string(),
  request_id: z.string(),
  message: z.string().nullable(),
  start_time: novaTime,
  updated_at: novaTime.nullable(),
});
const pageSchema = z.object({ instanceActions: z.array(actionSchema), links: linksSchema });
const eventSchema = z.object({ event: z.string(), finish_time: novaTime.nullable() });
const eventsSchema = z.object({ instanceAction: z.object({ events: z.array(eventSchema) }) });

/**
 * The actions on a server that Nova has on record, the oldest first. With `sinceMs` only the actions that Nova wrote
 * since then. Nova forgets all of them when it archives the server.
 */
export async function readInstanceActions(
  session: Session,
  serverId: string,
  sinceMs?: number,
): Promise<NovaAction[]> {
  const since = sinceMs === undefined ? {} : { 'changes-since': new Date(sinceMs).toISOString() };
  const newestFirst = await readPages('Nova', async (marker) => {
    const body = await ask(session, serverId, '', { ...since, ...(marker === undefined ? {} : { marker }) });
    const page = parseBody(pageSchema, body, "Nova's list of actions");
    return { items: page.instanceActions.map(describe), nextMarker: nextMarker('Nova', page.links) };
  });
  return newestFirst.toReversed();
}

/** The events of one action. */
export async function readActionEvents(
  session: Session,
  serverId: string,
  requestId: string,
): Promise<NovaActionEvent[]> {
  const body = await ask(session, serverId, `/${encodeURIComponent(requestId)}`, {});
  const { instanceAction } = parseBody(eventsSchema, body, "Nova's description of an action");
  return instanceAction.events.map(({ event, finish_time: finished }) => ({
    name: event,
    finishedMs: finished ?? undefined,
  }));
}

async function ask(
  session: Session,
  serverId: string,
  rest: string,
  query: Record<string, string>,
): Promise<unknown> {
  const path = `/servers/${encodeURIComponent(serverId)}/os-instance-actions${rest}`;
  const answer = await session.get({
    service: 'compute',
    path,
    query,
    headers: microversionHeaders(MICROVERSION),
  });
  requireMicroversion(answer, MICROVERSION, 'record of actions');
  return answer.body;
}

function describe(action: z.output<typeof actionSchema>): NovaAction {
  const { action: name, request_id: requestId, message, start_time: startMs, updated_at: updatedMs } = action;
  return { requestId, name, startMs, updatedMs: updatedMs ?? startMs, failed: message === 'Error' };
}
