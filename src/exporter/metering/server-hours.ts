import { flavorOf, type Flavor } from './flavor.ts';
import type { Amounts } from './amounts.ts';

/** The state of servers whose state is not known: rights or history are missing. It is never guessed. */
export const UNKNOWN_STATE = 'unknown';

/** A server has this state from then on. */
export interface StateChange {
  atMs: number;
  /** Nova's `vm_state`, or `unknown`. */
  state: string;
}

/** How long servers of one flavor were in one state. */
export interface StateTotal {
  flavor: Flavor;
  state: string;
  durationMs: bigint;
}

/**
 * Server time by flavor and state. Since `sinceMs` the sum over flavors and states of time × vCPUs is what the total of
 * vCPUs has grown by, exactly (rule S5). The same holds for memory, disk and instances.
 */
export interface ServerHours {
  sinceMs: number;
  /** By project id. */
  totals: ReadonlyMap<string, readonly StateTotal[]>;
}

/** The time from `fromMs` to `toMs` in its states. Before the first change the state is unknown. */
export function splitByState(
  changes: readonly StateChange[],
  fromMs: number,
  toMs: number,
): { state: string; durationMs: number }[] {
  const pieces: { state: string; durationMs: number }[] = [];
  let atMs = fromMs;
  let state = UNKNOWN_STATE;
  for (const change of changes) {
    if (change.atMs >= toMs) break;
    if (change.atMs > atMs) pieces.push({ state, durationMs: change.atMs - atMs });
    atMs = Math.max(atMs, change.atMs);
    state = change.state;
  }
  if (toMs > atMs) pieces.push({ state, durationMs: toMs - atMs });
  return pieces;
}

/** The state at an instant; undefined if it is not known. */
export function stateAt(changes: readonly StateChange[], atMs: number): string | undefined {
  const state = changes.findLast((change) => change.atMs <= atMs)?.state;
  return state === UNKNOWN_STATE ? undefined : state;
}

/** Collects the server time of one window. */
export class ServerHoursSum {
  readonly #before: ServerHours;
  readonly #added = new Map<string, Map<string, { flavor: Flavor; states: Map<string, number> }>>();

  constructor(before: ServerHours) {
    this.#before = before;
  }

  add(projectId: string, amounts: Amounts, pieces: readonly { state: string; durationMs: number }[]): void {
    const flavor = amounts.flavor ?? sizesOf(amounts);
    const ofProject = this.#added.get(projectId) ?? new Map<string, never>();
    const ofFlavor = ofProject.get(flavor.key) ?? { flavor, states: new Map<string, number>() };
    for (const { state, durationMs } of pieces)
      ofFlavor.states.set(state, (ofFlavor.states.get(state) ?? 0) + durationMs);
    this.#added.set(projectId, ofProject.set(flavor.key, ofFlavor));
  }

  /** The totals of before with the window's time. */
  totals(): ServerHours {
    const totals = new Map(this.#before.totals);
    for (const [projectId, flavors] of this.#added) {
      const ofProject = [...(totals.get(projectId) ?? [])];
      for (const { flavor, states } of flavors.values())
        for (const [state, durationMs] of states) addTo(ofProject, flavor, state, durationMs);
      totals.set(projectId, ofProject);
    }
    return { ...this.#before, totals };
  }
}

function addTo(totals: StateTotal[], flavor: Flavor, state: string, durationMs: number): void {
  const place = totals.findIndex((total) => total.state === state && total.flavor.key === flavor.key);
  const before = totals[place];
  const duration = (before?.durationMs ?? 0n) + BigInt(durationMs);
  if (before === undefined) totals.push({ flavor, state, durationMs: duration });
  else totals[place] = { ...before, durationMs: duration };
}

function sizesOf({ vcpu, mb, disk_gb }: Amounts): Flavor {
  return flavorOf({ vcpu, mb, disk_gb });
}
