import { addUsage, NO_USAGE, sameAmounts, type Amounts, type Usage } from './amounts.ts';
import type { MeterState, RememberedServer, ServerLife } from './meter-state.ts';
import { owing } from './unread-flavors.ts';

/**
 * How long a server is remembered that no answer has any more. Nova leaves out a server that was relaunched between the
 * end it was asked for and its answer, though it lives; only one that is archived stays away. Longer is harmless: a
 * server that comes back has been there all the time.
 */
export const ABSENCE_MS = 24 * 3_600_000;

/** How long after a new flavor its launch may follow: a resize writes the one before and the other after it copies disks. */
export const ANNOUNCEMENT_MS = 15 * 60_000;

export interface FoldInput {
  /** Every server that ran within `[state.untilMs, endMs)`; the answer may go beyond `endMs`. */
  servers: readonly ServerLife[];
  /** Whole seconds, after `state.untilMs`. */
  endMs: number;
  /** Nova's time of the answer. */
  novaNowMs: number;
}

export interface FoldResult {
  state: MeterState;
  /** Servers given up: their usage since they were last seen is lost. */
  dropped: number;
}

/** Adds the usage of one window, of which the answer is complete, to the totals (rules M1 and M3). */
export function foldWindow(state: MeterState, { servers, endMs, novaNowMs }: FoldInput): FoldResult {
  const sums: Sums = { totals: new Map(state.totals), owed: owing(state.unreadFlavors) };
  const remembered = new Map<string, RememberedServer>();
  const answered = new Set<string>();
  for (const life of servers) {
    const server = recognize(life, state.servers.get(life.id), { untilMs: state.untilMs, novaNowMs });
    const stopMs = Math.min(life.endedMs ?? endMs, endMs);
    answered.add(life.id);
    count(sums, server, stopMs);
    if (life.endedMs === undefined || life.endedMs > endMs)
      remembered.set(life.id, countedUpTo(server, endMs));
  }
  const dropped = keepAbsent(state.servers, answered, remembered, { endMs, novaNowMs });
  const { totals, owed } = sums;
  const { unreadFlavors: _, ...rest } = state;
  return {
    state: { ...rest, untilMs: endMs, totals, servers: remembered, ...owed.left() },
    dropped,
  };
}

interface Sums {
  totals: Map<string, Usage>;
  owed: ReturnType<typeof owing>;
}

/** A server with what was known of it before, and what the answer adds. */
function recognize(
  life: ServerLife,
  known: RememberedServer | undefined,
  { untilMs, novaNowMs }: { untilMs: number; novaNowMs: number },
): RememberedServer {
  const launch = { atMs: life.launchedMs, amounts: life.amounts };
  const { projectId } = life;
  if (known === undefined) return { projectId, launches: [launch], countedUntilMs: untilMs };
  const { countedUntilMs, launches } = known;
  const last = launches.at(-1) ?? launches[0];
  if (launch.atMs > last.atMs) return { projectId, launches: [...launches, launch], countedUntilMs };
  if (sameAmounts(launch.amounts, last.amounts)) return { projectId, launches, countedUntilMs };
  return withNewFlavor(known, life.amounts, novaNowMs);
}

/**
 * Nova writes a new flavor some time before the launch time that goes with it. Until the launch follows, or has been due
 * for long, a server counts with what it had.
 */
function withNewFlavor(known: RememberedServer, amounts: Amounts, novaNowMs: number): RememberedServer {
  const { projectId, launches, countedUntilMs, announced } = known;
  const isNew = announced === undefined || !sameAmounts(announced.amounts, amounts);
  const since = isNew ? { atMs: novaNowMs, amounts } : announced;
  if (novaNowMs - since.atMs < ANNOUNCEMENT_MS)
    return { projectId, launches, countedUntilMs, announced: since };
  return { projectId, launches: [...launches, { atMs: countedUntilMs, amounts }], countedUntilMs };
}

/** Adds what a server used from `countedUntilMs` to `stopMs`, each launch up to the next. */
function count({ totals, owed }: Sums, server: RememberedServer, stopMs: number): void {
  const { projectId, launches, countedUntilMs } = server;
  for (const [index, { atMs, amounts }] of launches.entries()) {
    const fromMs = Math.max(atMs, countedUntilMs);
    const toMs = Math.min(launches[index + 1]?.atMs ?? stopMs, stopMs);
    if (toMs <= fromMs) continue;
    totals.set(projectId, addUsage(totals.get(projectId) ?? NO_USAGE, amounts, toMs - fromMs));
    if (amounts.unreadFlavor !== undefined) owed.add(amounts.unreadFlavor, projectId, toMs - fromMs);
  }
}

/** Launches that another one had followed by then are no longer needed. */
function countedUpTo(server: RememberedServer, untilMs: number): RememberedServer {
  const [first, ...rest] = server.launches.filter(
    (_, index) => (server.launches[index + 1]?.atMs ?? Infinity) > untilMs,
  );
  const launches: RememberedServer['launches'] = first === undefined ? server.launches : [first, ...rest];
  return { ...server, launches, countedUntilMs: untilMs };
}

/** Carries over the servers that the answer lacks; returns how many are given up. */
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
