import type { Launch, RecordedAction, RecordedEvent, ServerLife, StateChange } from '../model/server-life.ts';
import type { Draws } from './draws.ts';

const HOUR_MS = 3_600_000;
/** A server with less time between two launches does not rest. */
const SHORTEST_MS = 6 * HOUR_MS;

/**
 * The states of a server and the record of its actions. Some servers are stopped or shelved for a while, or until they
 * are deleted. If it never rests, the record is what its launches imply.
 */
export function drawRests(
  launches: ServerLife['launches'],
  deletedMs: number,
  draws: Draws,
): Pick<ServerLife, 'states' | 'actions'> {
  const states: StateChange[] = [];
  const actions: RecordedAction[] = [];
  const note = (name: string, atMs: number, state?: string) => {
    actions.push({ name, startMs: atMs, endMs: atMs, events: eventsOf(name, atMs) });
    if (state !== undefined) states.push({ atMs, state });
  };
  for (const [index, launch] of launches.entries()) {
    const next = launches[index + 1];
    const isShelved = states.at(-1)?.state === 'shelved_offloaded';
    noteLaunch(launch, launches[index - 1], isShelved, note);
    rest(launch, next, deletedMs, draws, note);
  }
  // Nova deletes an offloaded server without an action.
  if (states.at(-1)?.state !== 'shelved_offloaded') note('delete', deletedMs);
  return states.length === 0 ? {} : { states, actions };
}

type Note = (name: string, atMs: number, state?: string) => void;

function noteLaunch(
  { atMs, flavor }: Launch,
  before: Launch | undefined,
  isShelved: boolean,
  note: Note,
): void {
  if (before === undefined) note('create', atMs);
  else if (isShelved) note('unshelve', atMs, 'active');
  else if (before.flavor === flavor) note('rebuild', atMs);
  else {
    note('resize', atMs);
    note('confirmResize', atMs);
  }
}

/** Draws the rest between a launch and the next one, or the end. The server is active again before a resize. */
function rest(launch: Launch, next: Launch | undefined, deletedMs: number, draws: Draws, note: Note): void {
  const lastsMs = (next?.atMs ?? deletedMs) - launch.atMs;
  if (lastsMs < SHORTEST_MS) return;
  const at = (from: number, to: number) =>
    launch.atMs + Math.floor((lastsMs * draws.between(from, to)) / 1000) * 1000;
  if (next?.flavor === launch.flavor && draws.chance(0.7)) note('shelve', at(0.3, 0.8), 'shelved_offloaded');
  else if (next === undefined && draws.chance(0.3)) {
    const [action, state] = draws.pick([
      ['shelve', 'shelved_offloaded'],
      ['stop', 'stopped'],
    ] as const);
    note(action, at(0.5, 0.9), state);
  } else if (draws.chance(0.4)) {
    note('stop', at(0.2, 0.4), 'stopped');
    note('start', at(0.5, 0.8), 'active');
  }
}

function eventsOf(name: string, atMs: number): readonly RecordedEvent[] {
  const event = (of: string) => ({ name: `compute_${of}_instance`, startMs: atMs, finishMs: atMs });
  if (name === 'unshelve') return [event('unshelve')];
  return name === 'shelve' ? [event('shelve'), event('shelve_offload')] : [];
}
