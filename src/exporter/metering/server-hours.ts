import { flavorOf, type Flavor } from './flavor.ts';
import type { Amounts } from './amounts.ts';

/** The state of servers whose state is not known: rights or history are missing. It is never guessed. */
export const UNKNOWN_STATE = 'unknown';

/**
 * At most so many totals of server hours by project, flavor and state have the flavor's name (rule S5). A cloud whose
 * users make flavors could otherwise fill the memory of everyone downstream.
 */
export const MOST_NAMED_TOTALS = 200_000;

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

/** The number of totals by project, flavor and state. */
export function countTotals({ totals }: ServerHours): number {
  let count = 0;
  for (const ofProject of totals.values()) count += ofProject.length;
  return count;
}

/** Collects the server time of one window. */
export class ServerHoursSum {
  readonly #before: ServerHours;
  readonly #mostNamed: number;
  readonly #totals: Map<string, readonly StateTotal[]>;
  /** The totals that are of this window, and may change. */
  readonly #own = new Map<string, StateTotal[]>();
  #count: number;

  constructor(before: ServerHours, mostNamed = MOST_NAMED_TOTALS) {
    this.#before = before;
    this.#mostNamed = mostNamed;
    this.#totals = new Map(before.totals);
    this.#count = countTotals(before);
  }

  /**
   * Where there are too many totals, a new one has no name of a flavor: names are merged, but never facts.
   */
  add(projectId: string, amounts: Amounts, pieces: readonly { state: string; durationMs: number }[]): void {
    const flavor = amounts.flavor ?? sizesOf(amounts);
    const ofProject = this.#ownTotals(projectId);
    const before = ofProject.length;
    for (const { state, durationMs } of pieces) {
      const isFull = this.#count + ofProject.length - before >= this.#mostNamed;
      const isNew = isFull && totalOf(ofProject, flavor, state) === undefined;
      addTo(ofProject, isNew ? withoutName(flavor) : flavor, state, durationMs);
    }
    this.#count += ofProject.length - before;
  }

  /** A project's totals, copied once for the window: a project may have many servers. */
  #ownTotals(projectId: string): StateTotal[] {
    const known = this.#own.get(projectId);
    if (known !== undefined) return known;
    const before = this.#before.totals.get(projectId) ?? [];
    const copy = before.map(({ flavor, state, durationMs }) => ({ flavor, state, durationMs }));
    this.#own.set(projectId, copy);
    this.#totals.set(projectId, copy);
    return copy;
  }

  /** The totals of before with the window's time. */
  totals(): ServerHours {
    return { ...this.#before, totals: this.#totals };
  }
}

function addTo(totals: StateTotal[], flavor: Flavor, state: string, durationMs: number): void {
  const total = totalOf(totals, flavor, state);
  if (total === undefined) totals.push({ flavor, state, durationMs: BigInt(durationMs) });
  else total.durationMs += BigInt(durationMs);
}

function totalOf(totals: readonly StateTotal[], flavor: Flavor, state: string): StateTotal | undefined {
  for (const total of totals) if (total.state === state && total.flavor.key === flavor.key) return total;
  return undefined;
}

function withoutName(flavor: Flavor): Flavor {
  const { name: _, ...facts } = flavor;
  return flavorOf(facts);
}

function sizesOf({ vcpu, mb, disk_gb }: Amounts): Flavor {
  return flavorOf({ vcpu, mb, disk_gb });
}
