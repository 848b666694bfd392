import type { RecordedAction, ServerLife, ServerState } from './server-life.ts';

/** A server's state at an instant. */
export function vmStateOf({ life, nowMs }: ServerState): string {
  return life.states?.findLast(({ atMs }) => atMs <= nowMs)?.state ?? 'active';
}

/** The actions that Nova has on record at an instant, in order of time. */
export function actionsAt(life: ServerLife, nowMs: number): RecordedAction[] {
  const actions = life.actions ?? impliedActions(life);
  return actions.filter(({ startMs, purgedMs = Infinity }) => startMs <= nowMs && purgedMs > nowMs);
}

export function isBusy({ life, nowMs }: ServerState): boolean {
  return actionsAt(life, nowMs).some(({ endMs }) => endMs > nowMs);
}

/** When Nova last wrote anything of the server. */
export function changedMs({ life, nowMs }: ServerState): number {
  const instants = [
    ...life.launches.flatMap(({ atMs, flavorShownMs = atMs }) => [atMs, flavorShownMs]),
    ...(life.states ?? []).map(({ atMs }) => atMs),
    ...(life.actions ?? []).flatMap(({ startMs, endMs }) => [startMs, endMs]),
    life.deletedMs ?? -Infinity,
  ];
  return Math.max(...instants.filter((instant) => instant <= nowMs));
}

/** The record of a life that has none of its own: what its launches and its end say. */
function impliedActions({ launches, deletedMs }: ServerLife): RecordedAction[] {
  const actions = launches.flatMap(({ atMs, flavor, flavorShownMs = atMs }, index): RecordedAction[] => {
    const times = { startMs: flavorShownMs, endMs: atMs };
    const before = launches[index - 1];
    if (before === undefined) return [{ name: 'create', ...times }];
    if (before.flavor === flavor) return [{ name: 'rebuild', ...times }];
    return [
      { name: 'resize', ...times },
      { name: 'confirmResize', startMs: atMs, endMs: atMs },
    ];
  });
  if (deletedMs !== undefined) actions.push({ name: 'delete', startMs: deletedMs, endMs: deletedMs });
  return actions;
}
