import { addUsage, NO_USAGE, sameAmounts, type Amounts, type Usage } from './amounts.ts';
import type { MeterState, RememberedServer, ServerLife } from './meter-state.ts';

/**
 * How long a server is remembered that no answer has any more. Nova leaves out a server that was relaunched between a
 * window's end and the request, though it lives; only one that is archived stays away. Longer is harmless: a server
 * that comes back has been there all the time.
 */
export const ABSENCE_MS = 24 * 3_600_000;

export interface FoldInput {
  /** Every server that ran within `[state.untilMs, endMs)`; the answer may go beyond `endMs`. */
  servers: readonly ServerLife[];
  /** Whole seconds, after `state.untilMs`. */
  endMs: number;
  /** Nova's time of the answer. */
  novaNowMs: number;
}

export interface Folded {
  state: MeterState;
  /** Servers given up: their usage since they were last seen is lost. */
  dropped: number;
}

/** Adds the usage of one window, of which the answer is complete, to the totals (rules M1 and M3). */
export function foldWindow(state: MeterState, { servers, endMs, novaNowMs }: FoldInput): Folded {
  const totals = new Map(state.totals);
  const remembered = new Map<string, RememberedServer>();
  const answered = new Set<string>();
  for (const life of servers) {
    const known = state.servers.get(life.id);
    answered.add(life.id);
    for (const piece of piecesOf(life, known, state.untilMs, endMs)) addPiece(totals, piece);
    const next = rememberLife(life, known, endMs);
    if (next !== undefined) remembered.set(life.id, next);
  }
  const dropped = keepAbsent(state.servers, answered, remembered, { endMs, novaNowMs });
  return { state: { ...state, untilMs: endMs, totals, servers: remembered }, dropped };
}

/** A time with the same amounts, for which nothing has been counted yet. */
interface Piece {
  projectId: string;
  amounts: Amounts;
  fromMs: number;
  toMs: number;
}

function piecesOf(
  life: ServerLife,
  known: RememberedServer | undefined,
  startMs: number,
  endMs: number,
): Piece[] {
  const toMs = Math.min(life.endedMs ?? endMs, endMs);
  if (known === undefined) return [{ ...life, fromMs: Math.max(life.launchedMs, startMs), toMs }];
  if (life.launchedMs > known.countedUntilMs)
    return [
      { ...known, fromMs: known.countedUntilMs, toMs: Math.min(life.launchedMs, toMs) },
      { ...life, fromMs: life.launchedMs, toMs },
    ];
  return [{ ...life, amounts: countedAmounts(life, known), fromMs: known.countedUntilMs, toMs }];
}

/**
 * Nova writes a new flavor some time before the launch time that goes with it. Until the launch follows, or the next
 * answer still says the same, a server counts with what it had.
 */
function countedAmounts(life: ServerLife, known: RememberedServer): Amounts {
  if (life.launchedMs !== known.launchedMs) return life.amounts;
  const confirmed = known.announced !== undefined && sameAmounts(known.announced, life.amounts);
  return confirmed ? life.amounts : known.amounts;
}

function addPiece(totals: Map<string, Usage>, { projectId, amounts, fromMs, toMs }: Piece): void {
  if (toMs > fromMs)
    totals.set(projectId, addUsage(totals.get(projectId) ?? NO_USAGE, amounts, toMs - fromMs));
}

function rememberLife(
  life: ServerLife,
  known: RememberedServer | undefined,
  endMs: number,
): RememberedServer | undefined {
  if (life.endedMs !== undefined && life.endedMs <= endMs) return undefined;
  if (life.launchedMs >= endMs) return known && stillAsBefore(known, endMs);
  const { projectId, launchedMs } = life;
  const relaunched = known === undefined || launchedMs > known.countedUntilMs;
  const amounts = relaunched ? life.amounts : countedAmounts(life, known);
  const announced = sameAmounts(amounts, life.amounts) ? {} : { announced: life.amounts };
  return { projectId, launchedMs, amounts, countedUntilMs: endMs, ...announced };
}

/** A server whose next launch lies beyond the window: what it had until then is counted. */
function stillAsBefore(
  { projectId, launchedMs, amounts }: RememberedServer,
  countedUntilMs: number,
): RememberedServer {
  return { projectId, launchedMs, amounts, countedUntilMs };
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
