import type { Amounts, Usage } from './amounts.ts';
import type { ServerHours, StateChange } from './server-hours.ts';

/** The running totals, and the data needed to continue them. Instants are milliseconds since the Unix epoch. */
export interface MeterState {
  /** The identity of these totals: a new state has a new epoch. */
  epoch: string;
  /** Usage is counted from here. */
  startMs: number;
  /** Usage is folded in up to here; whole seconds. */
  untilMs: number;
  /** Totals by project id, deleted projects included. */
  totals: ReadonlyMap<string, Usage>;
  /** By server id: the servers alive at `untilMs`, and servers that are absent for an unknown reason. */
  servers: ReadonlyMap<string, RememberedServer>;
  /**
   * Milliseconds of servers whose GPUs are still to be counted, by flavor and by project id. Left out where there are
   * none.
   */
  unreadFlavors?: UnreadFlavors;
  /** Undefined if server hours have never been metered. */
  hours?: ServerHours;
}

export type UnreadFlavors = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

export interface RememberedServer {
  projectId: string;
  /** The launches in order of time: the one in force when it was last counted, and later ones. */
  launches: readonly [Launch, ...Launch[]];
  /**
   * The server's usage is in the totals up to this instant. Left out for `untilMs`, which is all but absent servers, so
   * that a server that does not change stays the same object.
   */
  countedUntilMs?: number;
  /** New amounts that answers show with the old launch time, and Nova's time of the first such answer. */
  announced?: Launch;
  /** Nova's time of the first answer without the server. */
  absentSinceMs?: number;
  /** Its state when it was last counted. Undefined if it is not known, or server hours are not metered. */
  state?: string;
}

/** A server has these amounts from a launch on. Resize, rebuild, rescue, unshelve and evacuation are launches, too. */
export interface Launch {
  atMs: number;
  amounts: Amounts;
}

/** A server as an answer shows it: with its amounts since its last launch. */
export interface ServerLife {
  id: string;
  projectId: string;
  launchedMs: number;
  endedMs: number | undefined;
  amounts: Amounts;
  /** Launches before the last, which only the record of its actions tells. In order of time. */
  earlierLaunches?: readonly Launch[];
  /** Its states, in order of time, from when it was last counted. Unknown states if undefined. */
  states?: readonly StateChange[];
}

export function newMeterState(epoch: string, startMs: number): MeterState {
  return { epoch, startMs, untilMs: startMs, totals: new Map(), servers: new Map() };
}
