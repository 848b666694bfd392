import type { Flavor, Launch, ServerLife } from '../model/server-life.ts';
import { formatUuid } from '../model/stable-ids.ts';
import { Draws } from './draws.ts';
import { serverName } from './names.ts';
import { drawRests } from './rests.ts';

/**
 * A place in a project that holds one server after another: the n-th one lives within
 * [offsetMs + n × periodMs, offsetMs + (n + 1) × periodMs). So the servers of any instant can be computed directly.
 */
export interface Place {
  /** A unique key, so that each place has servers of its own. */
  key: string;
  projectId: string;
  kind: string;
  periodMs: number;
  offsetMs: number;
  /** The longest life of a server; less than `periodMs`. */
  longestLifeMs: number;
  flavors: readonly [Flavor, ...Flavor[]];
  metadata: Readonly<Record<string, string>>;
}

const REMEMBERED_LIVES = 16;
const HOUR_MS = 3_600_000;
/** Servers with shorter lives are not resized or rebuilt, so that the launches of a server are hours apart. */
const SHORTEST_RESIZED_MS = 24 * HOUR_MS;
/** Time from the deletion of a server until Nova archives and forgets it. */
export const KEEPS_DELETED_MS = 7 * 24 * HOUR_MS;

/** Returns the servers of a place that live at some instant of [fromMs, toMs]. */
export type PlaceLives = (fromMs: number, toMs: number) => ServerLife[];

/** The lives of a place. It remembers some of them, because all pages of an answer need the same hours. */
export function livesOfPlace(place: Place): PlaceLives {
  const remembered = new Map<number, ServerLife>();
  const lifeOf = (turn: number): ServerLife => {
    const life = remembered.get(turn) ?? lifeOfTurn(place, turn);
    if (remembered.size >= REMEMBERED_LIVES) remembered.clear();
    remembered.set(turn, life);
    return life;
  };
  return (fromMs, toMs) => {
    const last = Math.floor((toMs - place.offsetMs) / place.periodMs);
    const lives: ServerLife[] = [];
    for (let turn = Math.floor((fromMs - place.offsetMs) / place.periodMs); turn <= last; turn++) {
      const life = lifeOf(turn);
      if (life.launches[0].atMs <= toMs && (life.deletedMs ?? Infinity) >= fromMs) lives.push(life);
    }
    return lives;
  };
}

/** The `turn`th server of a place. */
function lifeOfTurn(place: Place, turn: number): ServerLife {
  const draws = new Draws(`${place.key}/${turn}`);
  const lifeMs = wholeSeconds(place.longestLifeMs * draws.between(0.6, 1));
  const slackMs = place.periodMs - place.longestLifeMs;
  const launchedMs = wholeSeconds(place.offsetMs + turn * place.periodMs + slackMs * draws.between(0, 0.5));
  const deletedMs = launchedMs + lifeMs;
  const [id, name] = [drawUuid(draws), serverName(place.kind, draws)];
  const launches = drawLaunches(place, draws, launchedMs, lifeMs);
  return {
    id,
    name,
    projectId: place.projectId,
    metadata: place.metadata,
    launches,
    ...drawRests(launches, deletedMs, new Draws(`${place.key}/${turn}/rests`)),
    deletedMs,
    archivedMs: deletedMs + KEEPS_DELETED_MS,
  };
}

/** The launches of a server. Some servers are resized, rebuilt or unshelved once or twice. */
function drawLaunches(
  place: Place,
  draws: Draws,
  launchedMs: number,
  lifeMs: number,
): ServerLife['launches'] {
  const first: Launch = { atMs: launchedMs, flavor: draws.pick(place.flavors) };
  if (lifeMs < SHORTEST_RESIZED_MS || draws.chance(0.5)) return [first];
  const again = (share: number): Launch => ({
    atMs: launchedMs + wholeSeconds(lifeMs * share),
    flavor: draws.pick(place.flavors),
  });
  const second = again(draws.between(0.2, 0.5));
  return draws.chance(0.3) ? [first, second, again(draws.between(0.7, 0.9))] : [first, second];
}

function drawUuid(draws: Draws): string {
  const words = [draws.next(), draws.next(), draws.next(), draws.next()];
  return formatUuid(
    words
      .map((word) =>
        Math.floor(word * 2 ** 32)
          .toString(16)
          .padStart(8, '0'),
      )
      .join(''),
  );
}

function wholeSeconds(durationMs: number): number {
  return Math.floor(durationMs / 1000) * 1000;
}
