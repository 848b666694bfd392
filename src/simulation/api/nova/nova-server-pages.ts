import { compareText, type CloudModel } from '../../model/cloud-model.ts';
import { serverAt, type ServerLife, type ServerState } from '../../model/server-life.ts';
import type { ApiContext } from '../context/api-context.ts';
import { markerNotFound } from './nova-paging.ts';

export interface PagedServers {
  isWanted(server: ServerState): boolean;
  /** Whether the list includes deleted servers. */
  deletedToo: boolean;
  limit: number;
  marker: string | undefined;
}

/** A page of the wanted servers in their current state, newest first. Throws an `ApiError` for another marker. */
export function serverPage(context: ApiContext, asked: PagedServers): ServerState[] {
  const { nowMs } = context;
  const order = orderOf(context, asked);
  const first = asked.marker === undefined ? 0 : placeOf(asked.marker) + 1;
  const page: ServerState[] = [];
  for (let place = first; place < order.lives.length && page.length < asked.limit; place++) {
    const server = wanted(order.lives[place]);
    if (server !== undefined) page.push(server);
  }
  return page;

  function placeOf(marker: string): number {
    const place = order.places.get(marker);
    if (place === undefined || wanted(order.lives[place]) === undefined) throw markerNotFound(marker);
    return place;
  }

  function wanted(life: ServerLife | undefined): ServerState | undefined {
    const server = life === undefined ? undefined : serverAt(life, nowMs);
    return server !== undefined && asked.isWanted(server) ? server : undefined;
  }
}

interface Order {
  lives: readonly ServerLife[];
  places: ReadonlyMap<string, number>;
}

const remembered = new WeakMap<CloudModel, { living?: Order; known?: Order }>();

/**
 * The order of a list. The first page sorts the servers, and the later pages use the same order: servers created since
 * then are newer, so they belong before these pages.
 */
function orderOf({ model, nowMs }: ApiContext, { deletedToo, marker }: PagedServers): Order {
  const orders = remembered.get(model) ?? {};
  remembered.set(model, orders);
  const kind = deletedToo ? 'known' : 'living';
  const order = marker === undefined ? undefined : orders[kind];
  if (order !== undefined && marker !== undefined && order.places.has(marker)) return order;
  const fromMs = deletedToo ? nowMs - model.keepsDeletedMs : nowMs;
  return (orders[kind] = newestFirst(model.livesTouching(fromMs, nowMs)));
}

function newestFirst(found: readonly ServerLife[]): Order {
  const lives = [...found].sort((a, b) => b.launches[0].atMs - a.launches[0].atMs || compareText(b.id, a.id));
  return { lives, places: new Map(lives.map(({ id }, place) => [id, place])) };
}
