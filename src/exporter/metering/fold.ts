import { sameAmounts, sameSizes, UsageSum, type Amounts } from './amounts.ts';
import type { Launch, MeterState, RememberedServer, ServerLife } from './meter-state.ts';
import { tellsMore } from './flavor.ts';
import { ServerHoursSum, splitByState, stateAt, type StateChange } from './server-hours.ts';
import { owing } from './unread-flavors.ts';

/**
 * How long a server is remembered that is missing in the answers. Nova leaves out a living server that was relaunched between
 * the requested end and the answer; only an archived server stays missing. A longer time does no harm: a server that comes
 * back has existed all the time.
 */
export const ABSENCE_MS = 24 * 3_600_000;

/**
 * How long after a new flavor its launch may follow: a resize writes the flavor before it copies disks, and the launch
 * after.
 */
export const ANNOUNCEMENT_MS = 15 * 60_000;

export interface FoldInput {
  /** Every server that ran within `[state.untilMs, endMs)`. The answer may have later servers, too. */
  servers: Iterable<ServerLife>;
  /** Whole seconds, after `state.untilMs`. */
  endMs: number;
  /** Nova's time of the answer. */
  novaNowMs: number;
}

export interface FoldResult {
  state: MeterState;
  /** Number of servers given up. Their usage since the last answer that had them is lost. */
  dropped: number;
}

/** Adds the usage of one window to the totals (rules M1 and M3). The answer has to be complete. */
export function foldWindow(state: MeterState, { servers, endMs, novaNowMs }: FoldInput): FoldResult {
  const sums: Sums = {
    usage: new UsageSum(state.totals),
    owed: owing(state.unreadFlavors),
    hours: state.hours && new ServerHoursSum(state.hours),
  };
  const remembered = new Map(state.servers);
  const answered = new Set<string>();
  for (const life of servers) {
    const known = state.servers.get(life.id);
    const fromMs = known?.countedUntilMs ?? state.untilMs;
    const server = recognize(life, known, { fromMs, novaNowMs });
    answered.add(life.id);
    count(sums, server, life.states ?? [], { fromMs, stopMs: Math.min(life.endedMs ?? endMs, endMs) });
    if (life.endedMs !== undefined && life.endedMs <= endMs) remembered.delete(life.id);
    else if (!isSteady(server, known, life.states, endMs))
      remembered.set(life.id, countedUpTo(server, life.states, endMs));
  }
  const dropped = keepAbsent(state, answered, remembered, { endMs, novaNowMs });
  const { usage, owed } = sums;
  const { unreadFlavors: _, ...rest } = state;
  const hours = sums.hours === undefined ? {} : { hours: sums.hours.totals() };
  return {
    state: { ...rest, untilMs: endMs, totals: usage.totals(), servers: remembered, ...owed.left(), ...hours },
    dropped,
  };
}

interface Sums {
  usage: UsageSum;
  owed: ReturnType<typeof owing>;
  /** Undefined if server hours are not metered. */
  hours: ServerHoursSum | undefined;
}

/** The launches of a server, and its new amounts if their launch is still to come. */
type LaunchHistory = Pick<RememberedServer, 'projectId' | 'launches' | 'announced'>;

interface Recognition {
  /** When the server was last counted. */
  fromMs: number;
  novaNowMs: number;
}

/** Joins the remembered launches of a server with the launch of the answer. */
function recognize(
  life: ServerLife,
  known: RememberedServer | undefined,
  { fromMs, novaNowMs }: Recognition,
): LaunchHistory {
  const { projectId, launchedMs: atMs, amounts, earlierLaunches = [] } = life;
  if (known === undefined) return { projectId, launches: inOrder([...earlierLaunches, { atMs, amounts }]) };
  const { launches } = known;
  const last = launches.at(-1) ?? launches[0];
  if (atMs > last.atMs) {
    const between = earlierLaunches.filter((launch) => launch.atMs > last.atMs);
    return { projectId, launches: [...launches, ...between, { atMs, amounts }] };
  }
  if (sameAmounts(amounts, last.amounts)) return { projectId, launches };
  const { flavor } = amounts;
  if (flavor !== undefined && tellsMore(last.amounts.flavor, flavor) && sameSizes(amounts, last.amounts)) {
    const told = { atMs: last.atMs, amounts: { ...last.amounts, flavor } };
    return { projectId, launches: inOrder([...launches.slice(0, -1), told]) };
  }
  return withNewFlavor(known, amounts, { fromMs, novaNowMs });
}

/**
 * Nova writes a new flavor some time before the new launch time. A server counts with its old amounts until the launch follows,
 * or until it is too late for the launch to follow.
 */
function withNewFlavor(
  { projectId, launches, announced }: RememberedServer,
  amounts: Amounts,
  { fromMs, novaNowMs }: Recognition,
): LaunchHistory {
  const isNew = announced === undefined || !sameAmounts(announced.amounts, amounts);
  const since = isNew ? { atMs: novaNowMs, amounts } : announced;
  if (novaNowMs - since.atMs < ANNOUNCEMENT_MS) return { projectId, launches, announced: since };
  return { projectId, launches: [...launches, { atMs: fromMs, amounts }] };
}

/** The launches, of which there is at least one. */
function inOrder(launches: readonly Launch[]): RememberedServer['launches'] {
  const [first, ...others] = launches;
  return [first as Launch, ...others];
}

/** Adds the usage of a server from `fromMs` to `stopMs`. Each launch counts up to the next one. */
function count(
  { usage, owed, hours }: Sums,
  { projectId, launches }: LaunchHistory,
  states: readonly StateChange[],
  { fromMs, stopMs }: { fromMs: number; stopMs: number },
): void {
  for (let index = 0; index < launches.length; index += 1) {
    const { atMs, amounts } = launches[index] as Launch;
    const startMs = Math.max(atMs, fromMs);
    const endMs = Math.min(launches[index + 1]?.atMs ?? stopMs, stopMs);
    if (endMs <= startMs) continue;
    usage.add(projectId, amounts, endMs - startMs);
    hours?.add(projectId, amounts, splitByState(states, startMs, endMs));
    if (amounts.unreadFlavor !== undefined) owed.add(amounts.unreadFlavor, projectId, endMs - startMs);
  }
}

/** Whether the server is remembered as it is. */
function isSteady(
  { projectId, launches, announced }: LaunchHistory,
  known: RememberedServer | undefined,
  states: readonly StateChange[] | undefined,
  untilMs: number,
): boolean {
  if (known === undefined || known.countedUntilMs !== undefined || known.absentSinceMs !== undefined)
    return false;
  const isSame = known.launches === launchesAfter(launches, untilMs) && known.projectId === projectId;
  return isSame && known.announced === announced && known.state === (states && stateAt(states, untilMs));
}

/** Forgets the launches that ended before `untilMs`. */
function countedUpTo(
  { projectId, launches, announced }: LaunchHistory,
  states: readonly StateChange[] | undefined,
  untilMs: number,
): RememberedServer {
  const state = states && stateAt(states, untilMs);
  const counted: RememberedServer = { projectId, launches: launchesAfter(launches, untilMs) };
  if (announced !== undefined) counted.announced = announced;
  if (state !== undefined) counted.state = state;
  return counted;
}

function launchesAfter(
  launches: RememberedServer['launches'],
  untilMs: number,
): RememberedServer['launches'] {
  if (launches.length === 1) return launches;
  return inOrder(launches.filter((_, index) => (launches[index + 1]?.atMs ?? Infinity) > untilMs));
}

/** Keeps the servers that the answer lacks. Returns how many are given up. */
function keepAbsent(
  { servers, untilMs }: MeterState,
  answered: ReadonlySet<string>,
  remembered: Map<string, RememberedServer>,
  { endMs, novaNowMs }: { endMs: number; novaNowMs: number },
): number {
  let dropped = 0;
  for (const [id, server] of servers) {
    if (answered.has(id)) continue;
    const { countedUntilMs = untilMs, absentSinceMs = novaNowMs } = server;
    if (endMs > absentSinceMs + ABSENCE_MS) {
      dropped += 1;
      remembered.delete(id);
    } else remembered.set(id, { ...server, countedUntilMs, absentSinceMs });
  }
  return dropped;
}
