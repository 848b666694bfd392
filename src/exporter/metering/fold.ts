import { addUsage, NO_USAGE, sameAmounts, sameSizes, type Amounts, type Usage } from './amounts.ts';
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
  servers: readonly ServerLife[];
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
    totals: new Map(state.totals),
    owed: owing(state.unreadFlavors),
    hours: state.hours && new ServerHoursSum(state.hours),
  };
  const remembered = new Map<string, RememberedServer>();
  const answered = new Set<string>();
  for (const life of servers) {
    const server = recognize(life, state.servers.get(life.id), { untilMs: state.untilMs, novaNowMs });
    const stopMs = Math.min(life.endedMs ?? endMs, endMs);
    answered.add(life.id);
    count(sums, server, life.states ?? [], stopMs);
    if (life.endedMs === undefined || life.endedMs > endMs)
      remembered.set(life.id, countedUpTo(server, life.states, endMs));
  }
  const dropped = keepAbsent(state.servers, answered, remembered, { endMs, novaNowMs });
  const { totals, owed } = sums;
  const { unreadFlavors: _, ...rest } = state;
  const hours = sums.hours === undefined ? {} : { hours: sums.hours.totals() };
  return {
    state: { ...rest, untilMs: endMs, totals, servers: remembered, ...owed.left(), ...hours },
    dropped,
  };
}

interface Sums {
  totals: Map<string, Usage>;
  owed: ReturnType<typeof owing>;
  /** Undefined if server hours are not metered. */
  hours: ServerHoursSum | undefined;
}

/** Joins the remembered launches of a server with the launch of the answer. */
function recognize(
  life: ServerLife,
  known: RememberedServer | undefined,
  { untilMs, novaNowMs }: { untilMs: number; novaNowMs: number },
): RememberedServer {
  const launch = { atMs: life.launchedMs, amounts: life.amounts };
  const { projectId, earlierLaunches = [] } = life;
  if (known === undefined)
    return { projectId, launches: inOrder([...earlierLaunches, launch]), countedUntilMs: untilMs };
  const { countedUntilMs, launches } = known;
  const last = launches.at(-1) ?? launches[0];
  if (launch.atMs > last.atMs) {
    const between = earlierLaunches.filter(({ atMs }) => atMs > last.atMs);
    return { projectId, launches: [...launches, ...between, launch], countedUntilMs };
  }
  if (sameAmounts(launch.amounts, last.amounts)) return { projectId, launches, countedUntilMs };
  const { flavor } = life.amounts;
  if (
    flavor !== undefined &&
    tellsMore(last.amounts.flavor, flavor) &&
    sameSizes(life.amounts, last.amounts)
  ) {
    const told = { atMs: last.atMs, amounts: { ...last.amounts, flavor } };
    return { projectId, launches: inOrder([...launches.slice(0, -1), told]), countedUntilMs };
  }
  return withNewFlavor(known, life.amounts, novaNowMs);
}

/**
 * Nova writes a new flavor some time before the new launch time. A server counts with its old amounts until the launch follows,
 * or until it is too late for the launch to follow.
 */
function withNewFlavor(known: RememberedServer, amounts: Amounts, novaNowMs: number): RememberedServer {
  const { projectId, launches, countedUntilMs, announced } = known;
  const isNew = announced === undefined || !sameAmounts(announced.amounts, amounts);
  const since = isNew ? { atMs: novaNowMs, amounts } : announced;
  if (novaNowMs - since.atMs < ANNOUNCEMENT_MS)
    return { projectId, launches, countedUntilMs, announced: since };
  return { projectId, launches: [...launches, { atMs: countedUntilMs, amounts }], countedUntilMs };
}

/** The launches, of which there is at least one. */
function inOrder(launches: readonly Launch[]): RememberedServer['launches'] {
  const [first, ...others] = launches;
  return [first as Launch, ...others];
}

/** Adds the usage of a server from `countedUntilMs` to `stopMs`. Each launch counts up to the next one. */
function count(
  { totals, owed, hours }: Sums,
  server: RememberedServer,
  states: readonly StateChange[],
  stopMs: number,
): void {
  const { projectId, launches, countedUntilMs } = server;
  for (let index = 0; index < launches.length; index += 1) {
    const { atMs, amounts } = launches[index] as Launch;
    const fromMs = Math.max(atMs, countedUntilMs);
    const toMs = Math.min(launches[index + 1]?.atMs ?? stopMs, stopMs);
    if (toMs <= fromMs) continue;
    totals.set(projectId, addUsage(totals.get(projectId) ?? NO_USAGE, amounts, toMs - fromMs));
    hours?.add(projectId, amounts, splitByState(states, fromMs, toMs));
    if (amounts.unreadFlavor !== undefined) owed.add(amounts.unreadFlavor, projectId, toMs - fromMs);
  }
}

/** Forgets the launches that ended before `untilMs`. */
function countedUpTo(
  server: RememberedServer,
  states: readonly StateChange[] | undefined,
  untilMs: number,
): RememberedServer {
  const { projectId, announced } = server;
  const launches = launchesAfter(server.launches, untilMs);
  const state = states && stateAt(states, untilMs);
  const counted: RememberedServer = { projectId, launches, countedUntilMs: untilMs };
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
  before: ReadonlyMap<string, RememberedServer>,
  answered: ReadonlySet<string>,
  remembered: Map<string, RememberedServer>,
  { endMs, novaNowMs }: { endMs: number; novaNowMs: number },
): number {
  let dropped = 0;
  for (const [id, server] of before) {
    if (answered.has(id)) continue;
    const absentSinceMs = server.absentSinceMs ?? novaNowMs;
    if (endMs > absentSinceMs + ABSENCE_MS) dropped += 1;
    else remembered.set(id, { ...server, absentSinceMs });
  }
  return dropped;
}
